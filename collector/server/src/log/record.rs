//! Records as they are read and as they are handed in, and where they lie.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition, from zero.
    pub partition: u32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

/// Where a durable record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The partition, from zero.
    pub partition: u32,
    /// The offset within the partition.
    pub offset: u64,
}

/// A header of a record. Names may repeat; a null value, which Kafka allows, reads as empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name: at most 65,535 bytes.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: Bytes,
}

impl Header {
    /// A header whose name is known when the program is written.
    pub fn new(name: &'static str, value: impl Into<Bytes>) -> Self {
        Self { name: Cow::Borrowed(name), value: value.into() }
    }
}

/// A record as read: committed, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: u32,
    /// The offset within the partition.
    pub offset: u64,
    /// Milliseconds since 1970, as the producer set it; the log's own time where it set none.
    pub timestamp_ms: i64,
    /// The key, where there is one.
    pub key: Option<Bytes>,
    /// The value; `None` deletes the key in a compacted topic.
    pub value: Option<Bytes>,
    /// Headers, in the order they were given.
    pub headers: Vec<Header>,
}

impl Record {
    /// The value of the last header of that name: later ones override earlier ones, as Kafka clients agree.
    pub fn header(&self, name: &str) -> Option<&Bytes> {
        self.headers.iter().rev().find(|header| header.name == name).map(|header| &header.value)
    }

    /// Bytes of key, value and headers: what bounds count.
    pub fn size_bytes(&self) -> usize {
        size_bytes(self.key.as_ref(), self.value.as_ref(), &self.headers)
    }
}

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition; `None` spreads by key as Java clients do ([`super::partition_of_key`]), or anyhow without one.
    pub partition: Option<u32>,
    /// The key, where there is one.
    pub key: Option<Bytes>,
    /// The value; `None` deletes the key in a compacted topic.
    pub value: Option<Bytes>,
    /// Headers, in order.
    pub headers: Vec<Header>,
    /// Milliseconds since 1970; `None` lets the log stamp it.
    pub timestamp_ms: Option<i64>,
}

impl NewRecord {
    /// A record with a value and nothing else.
    pub fn new(topic: &Arc<str>, value: impl Into<Bytes>) -> Self {
        Self {
            topic: Arc::clone(topic),
            partition: None,
            key: None,
            value: Some(value.into()),
            headers: Vec::new(),
            timestamp_ms: None,
        }
    }

    /// The same, in this partition.
    #[must_use]
    pub fn partition(mut self, partition: u32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// The same, under this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same, with one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Bytes>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The same, stamped.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp_ms: i64) -> Self {
        self.timestamp_ms = Some(timestamp_ms);
        self
    }

    /// Bytes of key, value and headers: what bounds count.
    pub fn size_bytes(&self) -> usize {
        size_bytes(self.key.as_ref(), self.value.as_ref(), &self.headers)
    }
}

fn size_bytes(key: Option<&Bytes>, value: Option<&Bytes>, headers: &[Header]) -> usize {
    let headers = headers.iter().map(|header| header.name.len() + header.value.len()).sum::<usize>();
    key.map_or(0, Bytes::len) + value.map_or(0, Bytes::len) + headers
}
