//! Intake from channels without offsets: HTTP and files. What is answered as accepted is durable.
//! Owns the bound on what waits for the log. Never waits for room: it says busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ledger::Tenant;
use ledger::leaf::Hex;
use lineage::envelope::Mode;
use lineage::finding::{Finding, Grade};
use parking_lot::Mutex;
use store::failpoint;

use super::append;
use super::desk::{Channel, Desk, Prepared, Preparer, envelope_record};
use super::rejected::{self, Refused as Refusal};
use crate::clock::Clock;
use crate::http;
use crate::http::{Accepted, Answering, Refused, Submission};
use crate::log::{AppendAction, AppendError, Appender, Names, NewRecord, Outcome, Position};
use crate::metrics::{CodeLabel, Metrics, OutcomeLabel, StageLabel, stage};
use crate::random::Random;
use crate::telemetry::TRACEPARENT;

/// Payload up to which events are decided on the caller's own thread; more goes to a thread of its own.
const INLINE_BYTES_MAX: usize = 64 << 10;
/// Preparers kept for the next request.
const PREPARERS_KEPT: usize = 16;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What direct intake is made from.
pub struct DirectParts {
    /// What every channel shares.
    pub desk: Arc<Desk>,
    /// Where envelopes go.
    pub appender: Arc<dyn Appender>,
    /// Our topics.
    pub names: Names,
    /// When events are received.
    pub clock: Arc<dyn Clock>,
    /// Openings and keys.
    pub random: Arc<dyn Random>,
    /// Where to count.
    pub metrics: Arc<Metrics>,
    /// `intake.queue_bytes_max`
    pub queue_bytes_max: usize,
    /// `http` or `file`.
    pub source: &'static str,
}

/// Intake of a channel without offsets. Clones share their bound.
#[derive(Clone)]
pub struct DirectIntake(Arc<Shared>);

struct Shared {
    parts: DirectParts,
    source: Arc<str>,
    waiting_bytes: AtomicUsize,
    preparers: Mutex<Vec<Preparer>>,
}

/// Submissions decided: what to append, and what each will be answered.
struct Decided {
    records: Vec<NewRecord>,
    slots: Vec<Slot>,
}

enum Slot {
    /// Accepted once the record at this place is durable.
    Record { place: usize, event_id: [u8; 32], incarnation: [u8; 16], findings: Vec<Finding> },
    /// Answered already.
    Refused(Refused),
}

/// Room taken in the queue; given back when dropped.
struct Room(Arc<Shared>, usize);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.waiting_bytes.fetch_sub(self.1, Ordering::AcqRel);
        self.0.parts.metrics.intake.queue_bytes.dec_by(i64::try_from(self.1).unwrap_or(i64::MAX));
    }
}

impl DirectIntake {
    /// Puts it together.
    pub fn new(parts: DirectParts) -> Self {
        let (waiting_bytes, preparers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        Self(Arc::new(Shared { source: Arc::from(parts.source), parts, waiting_bytes, preparers }))
    }

    /// Takes events and waits until each is durable or refused. For threads: commands that read files.
    pub fn take(&self, submissions: Vec<Submission>) -> Vec<Result<Accepted, Refused>> {
        let Some(_room) = self.0.room(&submissions) else { return submissions.iter().map(|_| Err(busy())).collect() };
        let Decided { records, slots } = self.0.decide(submissions);
        let began = self.0.parts.clock.monotonic();
        let appended = match records.is_empty() {
            true => Ok(Vec::new()),
            false => append::begin(self.0.parts.appender.as_ref(), records).wait(),
        };
        self.0.settle(slots, appended, began)
    }
}

impl http::Intake for DirectIntake {
    fn submit(&self, submissions: Vec<Submission>) -> Answering<Vec<Result<Accepted, Refused>>> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let count = submissions.len();
            let Some(_room) = shared.room(&submissions) else {
                return submissions.iter().map(|_| Err(busy())).collect();
            };
            let bytes: usize = submissions.iter().map(|submission| submission.payload.len()).sum();
            let decided = if bytes <= INLINE_BYTES_MAX {
                Ok(shared.decide(submissions))
            } else {
                let shared = Arc::clone(&shared);
                tokio::task::spawn_blocking(move || shared.decide(submissions)).await
            };
            let Decided { records, slots } = match decided {
                Ok(decided) => decided,
                Err(_) => {
                    return (0..count).map(|_| Err(unavailable("deciding the events failed; see the log"))).collect();
                }
            };
            let began = shared.parts.clock.monotonic();
            let appended = match records.is_empty() {
                true => Ok(Vec::new()),
                false => append::begin(shared.parts.appender.as_ref(), records).durable().await,
            };
            shared.settle(slots, appended, began)
        })
    }
}

impl Shared {
    /// Room for the payloads, or none. A queue that is empty takes anything.
    fn room(self: &Arc<Self>, submissions: &[Submission]) -> Option<Room> {
        let bytes: usize = submissions.iter().map(|submission| submission.payload.len()).sum();
        let max = self.parts.queue_bytes_max;
        // A broken build, for the tests whose oracle must notice: the queue has no bound.
        let any = failpoint::skipped("intake.bound");
        let fits =
            |waiting: usize| (any || waiting == 0 || waiting.saturating_add(bytes) <= max).then_some(waiting + bytes);
        let taken = self.waiting_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok();
        if !taken {
            self.count("busy", submissions.len());
            return None;
        }
        self.parts.metrics.intake.queue_bytes.inc_by(i64::try_from(bytes).unwrap_or(i64::MAX));
        Some(Room(Arc::clone(self), bytes))
    }

    fn decide(&self, submissions: Vec<Submission>) -> Decided {
        let began = self.parts.clock.monotonic();
        let received_at_ns = self.parts.clock.now_ns();
        let mut preparer = self.preparers.lock().pop().unwrap_or_else(|| Preparer::new(Arc::clone(&self.parts.desk)));
        let (mut records, mut slots, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let first_number = self.numbers(received_at_ns);
        for (number, submission) in (first_number..).zip(submissions) {
            self.parts.metrics.intake.payload_bytes.inc_by(submission.payload.len() as u64);
            let slot = self.one(&mut preparer, submission, received_at_ns, number, &mut records, &mut refusals);
            slots.push(slot);
        }
        let mut kept = self.preparers.lock();
        if kept.len() < PREPARERS_KEPT {
            kept.push(preparer);
        }
        drop(kept);
        self.report(&refusals, &mut records);
        self.took(stage::DECODE, began);
        Decided { records, slots }
    }

    fn one(
        &self,
        preparer: &mut Preparer,
        submission: Submission,
        received_at_ns: i64,
        number: i64,
        records: &mut Vec<NewRecord>,
        refusals: &mut Vec<Refusal>,
    ) -> Slot {
        let Submission { tenant, principal, payload, traceparent, mode } = submission;
        let tenant = match Tenant::parse(&tenant) {
            Ok(tenant) => tenant,
            Err(error) => return Slot::Refused(unavailable(&format!("tenant {tenant:?} can't be used: {error}"))),
        };
        let mut opening = [0; 32];
        self.parts.random.fill(&mut opening);
        let channel = Channel {
            tenant: &tenant,
            principal: (!principal.is_empty()).then_some(&*principal),
            source: None,
            mode: mode_of(mode),
            received_at_ns,
            opening,
        };
        match preparer.prepare(&payload, &channel) {
            Prepared::Sealed(sealed) => {
                sealed.findings.iter().for_each(|finding| self.noticed(finding));
                let topic = &self.parts.names.events;
                let mut record = envelope_record(topic, sealed.partition, tenant.as_str(), sealed.envelope);
                if let Some(parent) = traceparent {
                    record = record.header(TRACEPARENT, parent.to_string());
                }
                records.push(record);
                let incarnation = self.parts.desk.homes.at(sealed.partition).incarnation;
                let place = records.len() - 1;
                Slot::Record { place, event_id: sealed.event_id, incarnation, findings: sealed.findings }
            }
            Prepared::Rejected(rejection) => {
                self.parts.metrics.intake.rejected.get_or_create(&CodeLabel::of(&rejection.finding.code)).inc();
                refusals.push(Refusal {
                    topic: Arc::clone(&self.source),
                    partition: -1,
                    offset: number,
                    timestamp_ms: None,
                    received_at_ns,
                    principal: Some(principal),
                    key: None,
                    payload,
                    finding: rejection.finding.clone(),
                    traceparent,
                    tenant,
                });
                // The finding that rejects comes first: it names the field.
                let others = rejection.findings.into_iter().filter(|finding| *finding != rejection.finding);
                Slot::Refused(Refused::Rejected(std::iter::once(rejection.finding.clone()).chain(others).collect()))
            }
            Prepared::UnknownTenant => Slot::Refused(unavailable(&format!(
                "tenant {tenant} has no identity key here; run `ledgerline keys init`, or name it in the configuration"
            ))),
        }
    }

    /// Adds originals and the reports of them, tenant by tenant.
    fn report(&self, refusals: &[Refusal], records: &mut Vec<NewRecord>) {
        let (desk, names) = (&self.parts.desk, &self.parts.names);
        records.extend(refusals.iter().map(|refused| refused.record(desk, &names.rejected)));
        let mut tenants: Vec<&Tenant> = refusals.iter().map(|refused| &refused.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            let rows: Vec<&Refusal> = refusals.iter().filter(|refused| refused.tenant == *tenant).collect();
            let mut key = [0; 16];
            self.parts.random.fill(&mut key);
            records.extend(rejected::report(desk, &names.events, &rows, key));
        }
    }

    /// What each submission is answered, once the log has answered the append that `began` then.
    fn settle(
        &self,
        slots: Vec<Slot>,
        appended: Result<Vec<Position>, AppendError>,
        began: Duration,
    ) -> Vec<Result<Accepted, Refused>> {
        self.took(stage::PRODUCE, began);
        let outcomes: Vec<Result<Position, Refused>> = match append::answered(appended) {
            Ok(positions) => positions.into_iter().map(Ok).collect(),
            Err(error) => error.outcomes.iter().map(|outcome| undurable(&error, outcome)).collect(),
        };
        let unreported = unreported(&slots, &outcomes);
        let answer = |slot: Slot| match slot {
            // Refused is what its original and its reason are kept of: until they are, it is to be sent again.
            Slot::Refused(Refused::Rejected(findings)) => {
                Err(unreported.clone().unwrap_or(Refused::Rejected(findings)))
            }
            Slot::Refused(refused) => Err(refused),
            Slot::Record { place, event_id, incarnation, findings } => {
                let outcome =
                    outcomes.get(place).cloned().unwrap_or_else(|| Err(unavailable("the log gave no answer")));
                outcome.map(|at| {
                    let incarnation = Hex(incarnation).to_string();
                    let position = http::model::Position {
                        incarnation,
                        partition: at.partition,
                        offset: at.offset,
                        ordinal: None,
                    };
                    Accepted { event_id, position, findings }
                })
            }
        };
        let answers: Vec<_> = slots.into_iter().map(answer).collect();
        for answer in &answers {
            let outcome = match answer {
                Ok(_) => "accepted",
                Err(Refused::Rejected(_)) => "rejected",
                Err(Refused::Busy { .. }) => "busy",
                Err(Refused::Unavailable { .. }) => "unavailable",
            };
            self.count(outcome, 1);
        }
        answers
    }

    /// The first of as many numbers as one request may need: unique within the channel, rising with time.
    fn numbers(&self, now_ns: i64) -> i64 {
        let millis = now_ns.div_euclid(1_000_000).max(0);
        let chance = i64::try_from(self.parts.random.below(1 << 10)).unwrap_or(0);
        // Milliseconds, then 10 bits of chance and 10 for the requests' own rows; more rows run into chance, which repeats
        // no position within one request.
        millis.saturating_mul(1 << 20).saturating_add(chance << 10)
    }

    fn took(&self, stage: &'static str, began: Duration) {
        let took = self.parts.clock.monotonic().saturating_sub(began).as_secs_f64();
        self.parts.metrics.recorder.stage_seconds.get_or_create(&StageLabel { stage }).observe(took);
    }

    fn count(&self, outcome: &'static str, events: usize) {
        let label = OutcomeLabel::of(self.parts.source, outcome);
        self.parts.metrics.intake.events.get_or_create(&label).inc_by(events as u64);
    }

    fn noticed(&self, finding: &Finding) {
        self.parts.metrics.intake.findings.get_or_create(&CodeLabel::of(&finding.code)).inc();
    }
}

/// Why what intake itself appends beside the events (originals of refused ones, and the reports of them) is not durable.
fn unreported(slots: &[Slot], outcomes: &[Result<Position, Refused>]) -> Option<Refused> {
    let of_event = |at: usize| slots.iter().any(|slot| matches!(slot, Slot::Record { place, .. } if *place == at));
    let failed = outcomes.iter().enumerate().filter(|(at, outcome)| outcome.is_err() && !of_event(*at));
    failed.filter_map(|(_, outcome)| outcome.clone().err()).find(|why| !matches!(why, Refused::Rejected(_)))
}

fn mode_of(mode: http::Mode) -> Mode {
    match mode {
        http::Mode::Live => Mode::Live,
        http::Mode::Backfill => Mode::Backfill,
        http::Mode::Drill => Mode::Drill,
    }
}

fn busy() -> Refused {
    Refused::Busy { retry_after: RETRY_AFTER }
}

fn unavailable(reason: &str) -> Refused {
    Refused::Unavailable { reason: reason.to_owned() }
}

/// What a record of a failed append is answered.
fn undurable(error: &AppendError, outcome: &Outcome) -> Result<Position, Refused> {
    match (outcome, error.action) {
        (Outcome::Durable(position), _) => Ok(*position),
        (Outcome::Refused, _) => Err(Refused::Rejected(vec![Finding {
            grade: Grade::Reject,
            code: "envelope-too-large".to_owned(),
            path: "$".to_owned(),
            message: "The log does not take an envelope of this size; send less in one event.".to_owned(),
        }])),
        (Outcome::NotSent | Outcome::Unknown, AppendAction::Halt) => {
            Err(Refused::Unavailable { reason: error.what.clone() })
        }
        (Outcome::NotSent | Outcome::Unknown, AppendAction::Retry | AppendAction::Reject) => Err(busy()),
    }
}

#[cfg(test)]
mod tests;
