//! Kafka transactions under one transactional id. Blocks its caller; give it a thread of its own.
//!
//! A producer whose transaction did not end clearly is dropped: `init` makes a new one with the same id, which fences the
//! old one and settles what it left open.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};

use super::appender::code;
use super::context::Quiet;
use super::convert;
use super::delivery::{Deliveries, Delivery, Sent};
use super::fault;
use super::settings::Settings;
use crate::clock::Clock;
use crate::log::torn;
use crate::log::{CommitError, GroupOffset, NewRecord, Position, Transactor};

/// How long one look for delivery reports takes at most: `poll` waits it out even when reports have come.
const LOOK: Duration = Duration::from_millis(1);

pub(super) struct KafkaTransactor {
    settings: Settings,
    clock: Arc<dyn Clock>,
    id: String,
    producer: Option<BaseProducer<Deliveries>>,
    /// Consumers that never consume: a transaction names its group through one.
    groups: HashMap<String, BaseConsumer<Quiet>>,
    /// Another has the id; only `init` takes it back.
    fenced: bool,
}

impl KafkaTransactor {
    pub(super) fn new(settings: &Settings, clock: Arc<dyn Clock>, id: &str) -> Self {
        let (settings, id) = (settings.clone(), id.to_owned());
        Self { settings, clock, id, producer: None, groups: HashMap::new(), fenced: false }
    }

    /// Sends all records and waits until each has been reported.
    fn send(&self, producer: &BaseProducer<Deliveries>, records: &[NewRecord]) -> Result<Vec<Position>, Failure> {
        let sent = Sent::new(records.len(), None, None);
        let deadline = self.clock.monotonic().saturating_add(self.settings.transaction_timeout);
        for (place, record) in records.iter().enumerate() {
            let mut message = convert::to_send(record, Box::new(Delivery { sent: Arc::clone(&sent), place }));
            while let Err((error, unsent)) = producer.send(message) {
                let full = code(&error) == RDKafkaErrorCode::QueueFull;
                if !full || self.clock.monotonic() > deadline {
                    return Err(Failure::of(&format!("cannot send to {}", record.topic), &error));
                }
                message = unsent;
                producer.poll(LOOK);
            }
        }
        // Also those reports that are counted and not yet heard: `commit_transaction` would wait for them by the 100 ms.
        while !sent.is_done() || producer.in_flight_count() > 0 {
            if self.clock.monotonic() > deadline {
                return Err(Failure::Passing(format!("not every record was acknowledged in time ({})", self.id)));
            }
            producer.poll(LOOK);
        }
        sent.appended().map_err(|(error, code)| Failure::of_code(&error.what, code))
    }

    fn send_offsets(
        &mut self,
        producer: &BaseProducer<Deliveries>,
        group: &str,
        offsets: &[GroupOffset],
    ) -> Result<(), Failure> {
        if !self.groups.contains_key(group) {
            let made = self.settings.offsets(group).create_with_context(Quiet);
            let consumer = made.map_err(|error| Failure::of("cannot make a consumer", &error))?;
            self.groups.insert(group.to_owned(), consumer);
        }
        let metadata = self.groups[group].group_metadata();
        let metadata = metadata.ok_or_else(|| Failure::Passing(format!("the group {group} has no metadata")))?;
        let offsets = convert::offsets(offsets).map_err(|error| Failure::Passing(error.to_string()))?;
        producer
            .send_offsets_to_transaction(&offsets, &metadata, self.settings.request_timeout)
            .map_err(|error| Failure::of("cannot send offsets", &error))
    }

    /// The commit point. Retried while Kafka says that it may be; whatever else it says leaves the outcome open.
    fn end(&self, producer: &BaseProducer<Deliveries>) -> Result<(), CommitError> {
        let deadline = self.clock.monotonic().saturating_add(self.settings.transaction_timeout);
        loop {
            let error = match producer.commit_transaction(self.settings.transaction_timeout) {
                // Committed from here: every reader sees all of it.
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let again = matches!(&error, KafkaError::Transaction(error) if error.is_retriable());
            if again && self.clock.monotonic() < deadline {
                continue;
            }
            let what = format!("committing as {}: {error}", self.id);
            return Err(if is_fenced(producer, &error) {
                CommitError::Fenced { what }
            } else {
                CommitError::Uncertain { what }
            });
        }
    }

    /// Ends a transaction that failed before its commit, and names what the caller must do.
    fn abort(&mut self, producer: BaseProducer<Deliveries>, failure: Failure) -> CommitError {
        let fenced = matches!(failure, Failure::Fenced(_)) || fatal_fence(&producer);
        if fenced {
            self.fenced = true;
            return CommitError::Fenced { what: failure.what() };
        }
        // What still waits fails at once, and its reports must be heard before librdkafka aborts.
        producer.purge(PurgeConfig::default().queue().inflight());
        let aborted = producer
            .flush(self.settings.transaction_timeout)
            .and_then(|()| producer.abort_transaction(self.settings.transaction_timeout));
        match aborted {
            Ok(()) => {
                self.producer = Some(producer);
                match failure {
                    Failure::Refused(what) => CommitError::Refused { what },
                    Failure::Missing(what) => CommitError::Halt { what },
                    other => CommitError::Aborted { what: other.what() },
                }
            }
            // Never committed, but open until the id is taken over anew.
            Err(error) if is_fenced(&producer, &error) => {
                self.fenced = true;
                CommitError::Fenced { what: failure.what() }
            }
            Err(error) => CommitError::Uncertain { what: format!("{}; aborting: {error}", failure.what()) },
        }
    }
}

impl Transactor for KafkaTransactor {
    fn init(&mut self) -> Result<(), CommitError> {
        // The old one goes first: a fresh producer fences it, and what it still held is purged.
        self.producer = None;
        let doing = format!("taking {} over", self.id);
        let halt = |error: &KafkaError| CommitError::Halt { what: format!("{doing}: {error}") };
        let made: Result<BaseProducer<Deliveries>, _> =
            self.settings.transactor(&self.id).create_with_context(Deliveries);
        let producer = made.map_err(|error| halt(&error))?;
        // Long enough for the former owner's open transaction to be ended by its timeout.
        let timeout = self.settings.transaction_timeout.saturating_mul(2);
        producer.init_transactions(timeout).map_err(|error| match fault::log_error(&doing, &error) {
            _ if is_fenced(&producer, &error) => CommitError::Fenced { what: format!("{doing}: {error}") },
            crate::log::LogError::Halt { what } => CommitError::Halt { what },
            other => CommitError::Uncertain { what: other.to_string() },
        })?;
        self.producer = Some(producer);
        self.fenced = false;
        Ok(())
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        let offsets = group.filter(|(_, offsets)| !offsets.is_empty());
        if self.fenced {
            return Err(CommitError::Fenced { what: format!("{} was taken over", self.id) });
        }
        torn::at(torn::BEGIN_BEFORE)?;
        // Taken out: every way out of here that does not put it back drops the producer.
        let Some(producer) = self.producer.take() else {
            return Err(CommitError::Uncertain { what: format!("{} has not been taken over", self.id) });
        };
        if records.is_empty() && offsets.is_none() {
            self.producer = Some(producer);
            return Ok(Vec::new());
        }
        if let Err(error) = producer.begin_transaction() {
            let what = format!("beginning as {}: {error}", self.id);
            self.fenced = is_fenced(&producer, &error);
            return Err(if self.fenced { CommitError::Fenced { what } } else { CommitError::Uncertain { what } });
        }
        torn::at(torn::BEGIN_AFTER)?;
        let prepared = self.send(&producer, records).and_then(|positions| {
            offsets.map_or(Ok(()), |(group, offsets)| self.send_offsets(&producer, group, offsets))?;
            Ok(positions)
        });
        let positions = match prepared {
            Ok(positions) => positions,
            Err(failure) => return Err(self.abort(producer, failure)),
        };
        torn::at(torn::SEND_AFTER)?;
        let ended = self.end(&producer);
        self.fenced = matches!(ended, Err(CommitError::Fenced { .. }));
        ended?;
        torn::at(torn::COMMIT_AFTER)?;
        self.producer = Some(producer);
        Ok(positions)
    }
}

/// Why a transaction cannot be committed as it is.
enum Failure {
    Fenced(String),
    Refused(String),
    /// A topic or partition is not there.
    Missing(String),
    Passing(String),
}

impl Failure {
    fn of(doing: &str, error: &KafkaError) -> Self {
        Self::of_code(&format!("{doing}: {error}"), code(error))
    }

    fn of_code(what: &str, code: RDKafkaErrorCode) -> Self {
        let what = what.to_owned();
        match code {
            code if fault::is_fenced(code) => Self::Fenced(what),
            code if fault::is_unacceptable(code) => Self::Refused(what),
            code if fault::is_missing(code) => Self::Missing(what),
            _ => Self::Passing(what),
        }
    }

    fn what(self) -> String {
        match self {
            Self::Fenced(what) | Self::Refused(what) | Self::Missing(what) | Self::Passing(what) => what,
        }
    }
}

fn is_fenced(producer: &BaseProducer<Deliveries>, error: &KafkaError) -> bool {
    fault::is_fenced(code(error)) || fatal_fence(producer)
}

fn fatal_fence(producer: &BaseProducer<Deliveries>) -> bool {
    producer.client().fatal_error().is_some_and(|(code, _)| fault::is_fenced(code))
}
