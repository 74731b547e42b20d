//! Records of librdkafka as ours, and back.

use std::sync::Arc;

use bytes::Bytes;
use rdkafka::Message;
use rdkafka::message::{Header as KafkaHeader, Headers, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::util::IntoOpaque;

use crate::log::{GroupOffset, Header, LogError, NewRecord, Record, TopicPartition};

/// A partition as librdkafka counts them.
pub(super) fn partition_number(partition: u32) -> i32 {
    // Kafka has no partition beyond this one; what is asked of it is not there.
    i32::try_from(partition).unwrap_or(i32::MAX)
}

/// An offset as librdkafka counts them.
pub(super) fn offset_number(offset: u64) -> Offset {
    Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX))
}

/// A message as a record of this topic.
pub(super) fn record(topic: &Arc<str>, message: &impl Message) -> Record {
    let headers = message.headers().map(|headers| headers.iter().map(header).collect()).unwrap_or_default();
    Record {
        topic: Arc::clone(topic),
        // The broker counts both from zero.
        partition: u32::try_from(message.partition()).unwrap_or(0),
        offset: u64::try_from(message.offset()).unwrap_or(0),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().map(Bytes::copy_from_slice),
        value: message.payload().map(Bytes::copy_from_slice),
        headers,
    }
}

fn header(header: KafkaHeader<'_, &[u8]>) -> Header {
    Header { name: header.key.to_owned().into(), value: header.value.map(Bytes::copy_from_slice).unwrap_or_default() }
}

/// A record to send.
pub(super) fn to_send<D: IntoOpaque>(record: &NewRecord, opaque: D) -> BaseRecord<'_, [u8], [u8], D> {
    let mut message = BaseRecord::with_opaque_to(&record.topic, opaque);
    message.partition = record.partition.map(partition_number);
    message.key = record.key.as_deref();
    message.payload = record.value.as_deref();
    message.timestamp = record.timestamp_ms;
    if !record.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(record.headers.len());
        message.headers = Some(record.headers.iter().fold(headers, |headers, header| {
            headers.insert(KafkaHeader { key: &header.name, value: Some(&header.value[..]) })
        }));
    }
    message
}

/// Partitions as librdkafka lists them.
pub(super) fn list(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for place in partitions {
        list.add_partition(&place.topic, partition_number(place.partition));
    }
    list
}

/// Next offsets as librdkafka lists them.
pub(super) fn offsets(offsets: &[GroupOffset]) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for offset in offsets {
        list.add_partition_offset(&offset.topic, partition_number(offset.partition), offset_number(offset.next))
            .map_err(|error| LogError::halt(format!("offset {}: {error}", offset.next)))?;
    }
    Ok(list)
}

/// A list of librdkafka's as partitions.
pub(super) fn partitions(list: &TopicPartitionList) -> Vec<TopicPartition> {
    let place = |(topic, partition): (String, i32)| {
        u32::try_from(partition).ok().map(|partition| TopicPartition { topic: Arc::from(topic), partition })
    };
    list.to_topic_map().into_keys().filter_map(place).collect()
}
