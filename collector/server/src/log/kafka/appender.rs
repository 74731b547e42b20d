//! Plain appends to Kafka: one idempotent producer, shared by all who append.

use std::sync::Arc;

use parking_lot::Mutex;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer, ThreadedProducer};

use super::convert;
use super::delivery::{Deliveries, Delivery, Gate, Sent, Undelivered};
use super::fault;
use super::settings::Settings;
use crate::log::{AppendAction, AppendError, Appender, LogError, NewRecord, Outcome, Pending};

type AppendProducer = ThreadedProducer<Deliveries>;

pub(super) struct KafkaAppender {
    settings: Settings,
    producer: Mutex<Arc<AppendProducer>>,
    gate: Arc<Gate>,
}

impl KafkaAppender {
    pub(super) fn new(settings: &Settings) -> Result<Self, LogError> {
        Ok(Self {
            producer: Mutex::new(make(settings)?),
            gate: Arc::new(Gate::new(settings.append_bytes_max)),
            settings: settings.clone(),
        })
    }

    /// The producer; a new one where the last has failed for good, as an idempotent one does that lost its sequence.
    fn producer(&self) -> Result<Arc<AppendProducer>, LogError> {
        let mut producer = self.producer.lock();
        if let Some((code, reason)) = producer.client().fatal_error() {
            tracing::warn!(%code, reason, "the producer failed and is made anew");
            *producer = make(&self.settings)?;
        }
        Ok(Arc::clone(&producer))
    }
}

fn make(settings: &Settings) -> Result<Arc<AppendProducer>, LogError> {
    let made = settings.appender().create_with_context(Deliveries);
    made.map(Arc::new).map_err(|error| fault::log_error("cannot make a producer", &error))
}

impl Appender for KafkaAppender {
    fn begin(&self, records: Vec<NewRecord>) -> Pending {
        let count = records.len();
        let refuse =
            |action, what: String| Pending::ready(count, Err(AppendError::all(action, what, Outcome::NotSent, count)));
        if count == 0 {
            return Pending::ready(0, Ok(Vec::new()));
        }
        let producer = match self.producer() {
            Ok(producer) => producer,
            Err(error) => return refuse(AppendAction::Halt, error.to_string()),
        };
        let bytes = records.iter().map(NewRecord::size_bytes).sum();
        if !self.gate.enter(bytes) {
            return refuse(AppendAction::Retry, "as many bytes are on their way to Kafka as may be".to_owned());
        }
        let (answer, pending) = Pending::new(count);
        let sent = Sent::new(count, Some(answer), Some((Arc::clone(&self.gate), bytes)));
        for (place, record) in records.iter().enumerate() {
            let delivery = Box::new(Delivery { sent: Arc::clone(&sent), place });
            if let Err((error, _)) = producer.send(convert::to_send(record, delivery)) {
                let partition = record.partition.map(convert::partition_number);
                sent.report(
                    place,
                    Err(Undelivered { code: code(&error), sent: false, topic: &record.topic, partition }),
                );
            }
        }
        pending
    }
}

/// The code of an error that came before anything was sent.
pub(super) fn code(error: &KafkaError) -> RDKafkaErrorCode {
    error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)
}
