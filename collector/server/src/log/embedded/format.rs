//! The bytes of the embedded log on disk, named once and never reused. Never reads or writes a database.
//!
//! The default column family holds the catalogue, keyed by a tag; each partition has a column family of its own, so that
//! its keys only ever grow at the end: compaction moves files instead of rewriting them, and trimming drops whole ones.

use bytes::{Buf, BufMut, Bytes};

use crate::log::{Cleanup, Header, NewRecord, Record, TopicPartition};

/// The version of everything below.
pub(super) const FORMAT: u32 = 1;

/// Tags of catalogue keys. Retired ones stay reserved.
pub(super) mod tag {
    /// The format version.
    pub(in super::super) const FORMAT: u8 = 0;
    /// Topic by name.
    pub(in super::super) const TOPIC: u8 = 1;
    /// Group offset by group, topic and partition.
    pub(in super::super) const GROUP: u8 = 2;
    /// Epoch by transactional id.
    pub(in super::super) const EPOCH: u8 = 3;
    /// Trimmed start by topic id and partition.
    pub(in super::super) const START: u8 = 4;
}

pub(super) fn format_key() -> Vec<u8> {
    vec![tag::FORMAT]
}

pub(super) fn topic_key(name: &str) -> Vec<u8> {
    [&[tag::TOPIC], name.as_bytes()].concat()
}

pub(super) fn group_key(group: &str, topic: &str, partition: u32) -> Vec<u8> {
    let mut key = vec![tag::GROUP];
    for text in [group, topic] {
        key.put_u32(text.len() as u32);
        key.extend_from_slice(text.as_bytes());
    }
    key.put_u32(partition);
    key
}

pub(super) fn epoch_key(transactional_id: &str) -> Vec<u8> {
    [&[tag::EPOCH], transactional_id.as_bytes()].concat()
}

pub(super) fn start_key(topic: u32, partition: u32) -> Vec<u8> {
    let mut key = vec![tag::START];
    key.put_u32(topic);
    key.put_u32(partition);
    key
}

/// The column family of a partition.
pub(super) fn column(topic: u32, partition: u32) -> String {
    format!("records-{topic}-{partition}")
}

/// The key of a record in its column family.
pub(super) fn record_key(offset: u64) -> [u8; 8] {
    offset.to_be_bytes()
}

/// The offset a record's key stands for; `None` where it is not such a key.
pub(super) fn record_offset(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// A number as catalogue values hold it.
pub(super) fn number(value: u64) -> [u8; 8] {
    value.to_be_bytes()
}

/// The number in a catalogue value.
pub(super) fn read_number(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_be_bytes)
}

/// A topic as the catalogue holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TopicRow {
    pub id: u32,
    pub partitions: u32,
    pub message_bytes_max: u32,
    pub cleanup: Cleanup,
}

impl TopicRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, ms) = match self.cleanup {
            Cleanup::Keep => (0, 0),
            Cleanup::After(ms) => (1, ms),
            Cleanup::Compact { lag_ms } => (2, lag_ms),
        };
        let mut row = Vec::with_capacity(21);
        row.put_u32(self.id);
        row.put_u32(self.partitions);
        row.put_u32(self.message_bytes_max);
        row.put_u8(kind);
        row.put_u64(ms);
        row
    }

    pub(super) fn decode(mut row: &[u8]) -> Option<Self> {
        let id = row.try_get_u32().ok()?;
        let partitions = row.try_get_u32().ok()?;
        let message_bytes_max = row.try_get_u32().ok()?;
        let cleanup = match (row.try_get_u8().ok()?, row.try_get_u64().ok()?) {
            (0, _) => Cleanup::Keep,
            (1, ms) => Cleanup::After(ms),
            (2, lag_ms) => Cleanup::Compact { lag_ms },
            _ => return None,
        };
        row.is_empty().then_some(Self { id, partitions, message_bytes_max, cleanup })
    }
}

/// Set in a record's flags where it has a key, or a value.
const HAS_KEY: u8 = 1;
const HAS_VALUE: u8 = 2;

/// A record without its place: flags, time, key, headers, and the value as the rest.
pub(super) fn encode_record(record: &NewRecord, timestamp_ms: i64) -> Vec<u8> {
    let headers = record.headers.iter().map(|header| 6 + header.name.len() + header.value.len()).sum::<usize>();
    let lengths = record.key.as_ref().map_or(0, |key| 4 + key.len()) + record.value.as_ref().map_or(0, Bytes::len);
    let mut row = Vec::with_capacity(11 + headers + lengths);
    let flags = record.key.as_ref().map_or(0, |_| HAS_KEY) | record.value.as_ref().map_or(0, |_| HAS_VALUE);
    row.put_u8(flags);
    row.put_i64(timestamp_ms);
    if let Some(key) = &record.key {
        row.put_u32(key.len() as u32);
        row.extend_from_slice(key);
    }
    row.put_u16(record.headers.len() as u16);
    for header in &record.headers {
        row.put_u16(header.name.len() as u16);
        row.extend_from_slice(header.name.as_bytes());
        row.put_u32(header.value.len() as u32);
        row.extend_from_slice(&header.value);
    }
    if let Some(value) = &record.value {
        row.extend_from_slice(value);
    }
    row
}

/// True where every length of the record fits its field.
pub(super) fn fits(record: &NewRecord) -> bool {
    let long = |bytes: &Bytes| u32::try_from(bytes.len()).is_err();
    let wide =
        |header: &Header| u16::try_from(header.name.len()).is_err() || u32::try_from(header.value.len()).is_err();
    !(record.key.as_ref().is_some_and(long)
        || record.value.as_ref().is_some_and(long)
        || u16::try_from(record.headers.len()).is_err()
        || record.headers.iter().any(wide))
}

/// The record in a row; `None` where the row is damaged. Key, headers and value share one allocation.
pub(super) fn decode_record(place: &TopicPartition, offset: u64, row: &[u8]) -> Option<Record> {
    let mut row = Bytes::copy_from_slice(row);
    let flags = row.try_get_u8().ok()?;
    let timestamp_ms = row.try_get_i64().ok()?;
    let key = if flags & HAS_KEY == 0 { None } else { Some(take_u32(&mut row)?) };
    let count = row.try_get_u16().ok()?;
    let mut headers = Vec::with_capacity(usize::from(count).min(64));
    for _ in 0..count {
        let length = usize::from(row.try_get_u16().ok()?);
        let name = take(&mut row, length)?;
        let name = std::str::from_utf8(&name).ok()?.to_owned().into();
        headers.push(Header { name, value: take_u32(&mut row)? });
    }
    let value = (flags & HAS_VALUE != 0).then_some(row);
    let topic = place.topic.clone();
    Some(Record { topic, partition: place.partition, offset, timestamp_ms, key, value, headers })
}

fn take_u32(row: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(row.try_get_u32().ok()?).ok()?;
    take(row, length)
}

fn take(row: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= row.len()).then(|| row.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn check(name: &str, bytes: &[u8], expected: &str) {
        assert_eq!(hex::encode(bytes), expected, "{name}: a layout that has shipped never changes");
    }

    #[test]
    fn layouts_are_pinned() {
        check("format", &format_key(), "00");
        check("topic", &topic_key("ab"), "016162");
        check("group", &group_key("g", "ab", 3), "02000000016700000002616200000003");
        check("epoch", &epoch_key("ab"), "036162");
        check("start", &start_key(1, 2), "040000000100000002");
        check("record", &record_key(258), "0000000000000102");
        assert_eq!(column(7, 3), "records-7-3");
        let row = TopicRow { id: 1, partitions: 2, message_bytes_max: 3, cleanup: Cleanup::Compact { lag_ms: 4 } };
        check("topic row", &row.encode(), "000000010000000200000003020000000000000004");
        let record = NewRecord::new(&Arc::from("t"), "v").key("k").header("h", "w");
        check("record row", &encode_record(&record, 5), "030000000000000005000000016b0001000168000000017776");
    }

    #[test]
    fn a_damaged_row_is_none_at_every_length() {
        let record = NewRecord::new(&Arc::from("t"), "").key("key").header("name", "value");
        let row = encode_record(&record, 5);
        let place = TopicPartition { topic: Arc::from("t"), partition: 0 };
        for length in 0..row.len() {
            assert_eq!(decode_record(&place, 0, &row[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(
            key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
            value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
            header in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
            timestamp in any::<i64>(),
        ) {
            let topic: Arc<str> = Arc::from("t");
            let mut record = NewRecord::new(&topic, "");
            record.key = key.map(Bytes::from);
            record.value = value.map(Bytes::from);
            record.headers = header.map(|value| Header::new("name", value)).into_iter().collect();
            let place = TopicPartition { topic: topic.clone(), partition: 9 };
            let read = decode_record(&place, 4, &encode_record(&record, timestamp)).unwrap();
            prop_assert_eq!((read.partition, read.offset, read.timestamp_ms), (9, 4, timestamp));
            prop_assert_eq!((read.key, read.value, read.headers), (record.key, record.value, record.headers));
        }

        #[test]
        fn no_row_panics(row in proptest::collection::vec(any::<u8>(), 0..60)) {
            let place = TopicPartition { topic: Arc::from("t"), partition: 0 };
            decode_record(&place, 0, &row);
            TopicRow::decode(&row);
        }
    }
}
