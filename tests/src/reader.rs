//! What a log holds, read to its end by somebody who is no part of the server: Kafka by the Python client that sees committed
//! records only, the embedded log from its folder once nobody has it open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use server::clock::SystemClock;
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, LogError, ReadBound, Record, Start};

use crate::{Kafka, client};

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its partition.
    pub partition: u32,
    /// Its offset.
    pub offset: u64,
    /// Its key; empty without one.
    pub key: Vec<u8>,
    /// Its value; empty without one.
    pub value: Vec<u8>,
    /// The header `ce_id`: alert, state and sequence.
    pub ce_id: Option<String>,
}

/// A topic of the embedded log of a stopped deployment.
///
/// # Errors
/// When it can't be opened or read.
pub fn on_disk(data: &Path, topic: &str) -> Result<Vec<Found>> {
    let log = Embedded::open(&data.join("log"), Arc::new(SystemClock::new()), Bounds::default())?;
    let mut reader = match log.reader(topic) {
        Ok(reader) => reader,
        Err(LogError::NoTopic { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let partitions: Vec<_> = (0..log.partitions(topic)?).map(|partition| (partition, Start::Earliest)).collect();
    reader.assign(&partitions)?;
    let bound = ReadBound { records_max: 10_000, bytes_max: 64 << 20, wait: Duration::from_millis(20) };
    let mut found = Vec::new();
    loop {
        let batch = reader.read(bound)?;
        found.extend(batch.records.into_iter().map(Found::from));
        if batch.at_end {
            return Ok(found);
        }
    }
}

impl From<Record> for Found {
    fn from(record: Record) -> Self {
        let ce_id = record.header("ce_id").map(|value| String::from_utf8_lossy(value).into_owned());
        let Record { partition, offset, key, value, .. } = record;
        let (key, value) = (key.unwrap_or_default().to_vec(), value.unwrap_or_default().to_vec());
        Self { partition, offset, key, value, ce_id }
    }
}

/// A topic of a cluster.
///
/// # Errors
/// When it can't be read to its end.
pub fn on_kafka(kafka: &Kafka, topic: &str) -> Result<Vec<Found>> {
    let text = client("consume.py", &[kafka.bootstrap_servers(), topic, "hex"], "")?;
    text.lines().map(found).collect()
}

fn found(line: &str) -> Result<Found> {
    let row: Value = serde_json::from_str(line)?;
    let number = |name: &str| row[name].as_u64().with_context(|| format!("{name} of {line}"));
    let bytes =
        |name: &str| hex::decode(row[name].as_str().unwrap_or_default()).with_context(|| format!("{name} of {line}"));
    Ok(Found {
        partition: u32::try_from(number("partition")?)?,
        offset: number("offset")?,
        key: bytes("key")?,
        value: bytes("value")?,
        ce_id: row["headers"]["ce_id"].as_str().map(str::to_owned),
    })
}
