//! Delivery reports: each record's comes by itself, and the last one of an append answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Message};
use tokio::sync::oneshot;

use super::{context, fault};
use crate::log::appender::Appended;
use crate::log::{AppendAction, AppendError, LogError, Outcome, Position};

/// Bytes on their way, against a bound.
pub(super) struct Gate {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl Gate {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), bytes_max }
    }

    /// Lets `bytes` in where there is room, or nothing else is in.
    pub(super) fn enter(&self, bytes: usize) -> bool {
        let room = |inside: usize| {
            let after = inside.saturating_add(bytes);
            (inside == 0 || after <= self.bytes_max).then_some(after)
        };
        self.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).is_ok()
    }

    fn leave(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// Records that were sent together.
pub(super) struct Sent {
    outcomes: Mutex<Outcomes>,
    left: AtomicUsize,
    answer: Mutex<Option<oneshot::Sender<Appended>>>,
    bytes: usize,
    gate: Option<Arc<Gate>>,
}

struct Outcomes {
    outcomes: Vec<Outcome>,
    /// Of the first that failed.
    failure: Option<RDKafkaErrorCode>,
    /// Where the first went whose topic or partition is not there.
    missing: Option<(RDKafkaErrorCode, String)>,
}

/// Why a record was not delivered.
pub(super) struct Undelivered<'a> {
    pub code: RDKafkaErrorCode,
    /// True where it was on its way, and may have arrived.
    pub sent: bool,
    pub topic: &'a str,
    /// Its partition, where it was given one.
    pub partition: Option<i32>,
}

impl Sent {
    /// Records of which `answer` learns once each has been reported.
    pub(super) fn new(
        records: usize,
        answer: Option<oneshot::Sender<Appended>>,
        gated: Option<(Arc<Gate>, usize)>,
    ) -> Arc<Self> {
        let bytes = gated.as_ref().map_or(0, |(_, bytes)| *bytes);
        Arc::new(Self {
            outcomes: Mutex::new(Outcomes { outcomes: vec![Outcome::NotSent; records], failure: None, missing: None }),
            left: AtomicUsize::new(records),
            answer: Mutex::new(answer),
            bytes,
            gate: gated.map(|(gate, _)| gate),
        })
    }

    /// What became of the record at `place`. The last report answers.
    pub(super) fn report(&self, place: usize, result: Result<Position, Undelivered<'_>>) {
        let mut outcomes = self.outcomes.lock();
        outcomes.outcomes[place] = match &result {
            Ok(position) => Outcome::Durable(*position),
            Err(failed) if fault::is_unacceptable(failed.code) => Outcome::Refused,
            Err(failed) if failed.sent && !fault::is_missing(failed.code) => Outcome::Unknown,
            Err(_) => Outcome::NotSent,
        };
        if let Err(failed) = &result {
            outcomes.failure.get_or_insert(failed.code);
            if fault::is_missing(failed.code) {
                let place = || match failed.partition.filter(|partition| *partition >= 0) {
                    Some(partition) => format!("{}/{partition}", failed.topic),
                    None => failed.topic.to_owned(),
                };
                outcomes.missing.get_or_insert_with(|| (failed.code, place()));
            }
        }
        drop(outcomes);
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            if let Some(gate) = &self.gate {
                gate.leave(self.bytes);
            }
            if let Some(answer) = self.answer.lock().take() {
                // Nobody waiting any more is no failure.
                let _ = answer.send(self.appended().map_err(|(error, _)| error));
            }
        }
    }

    /// True once every record has been reported.
    pub(super) fn is_done(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
    }

    /// Positions of all records, or what became of each and the first failure.
    pub(super) fn appended(&self) -> Result<Vec<Position>, (AppendError, RDKafkaErrorCode)> {
        let outcomes = self.outcomes.lock();
        if let Some((code, place)) = &outcomes.missing {
            let what = LogError::NoTopic { topic: place.clone() }.to_string();
            return Err((AppendError { action: AppendAction::Halt, what, outcomes: outcomes.outcomes.clone() }, *code));
        }
        let Some(code) = outcomes.failure else {
            let positions = outcomes.outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Durable(position) => Some(*position),
                _ => None,
            });
            return Ok(positions.collect());
        };
        let refused = outcomes.outcomes.contains(&Outcome::Refused);
        let action = if refused { AppendAction::Reject } else { AppendAction::Retry };
        let what = format!("not every record was appended: {code}");
        Err((AppendError { action, what, outcomes: outcomes.outcomes.clone() }, code))
    }
}

/// One record of those sent together.
pub(super) struct Delivery {
    pub sent: Arc<Sent>,
    pub place: usize,
}

/// Hears delivery reports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deliveries;

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::log_error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Self::DeliveryOpaque) {
        let result = match result {
            Ok(message) => Ok(Position {
                // The broker counts both from zero.
                partition: u32::try_from(message.partition()).unwrap_or(0),
                offset: u64::try_from(message.offset()).unwrap_or(0),
            }),
            Err((error, message)) => Err(Undelivered {
                code: error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown),
                sent: true,
                topic: message.topic(),
                partition: Some(message.partition()),
            }),
        };
        delivery.sent.report(delivery.place, result);
    }
}
