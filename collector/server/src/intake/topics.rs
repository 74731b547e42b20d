//! Intake from topics: a member of the intake group that reads, decides, appends, and only then stores offsets.
//! Owns the order of acknowledgements: an offset is stored once everything before it is durable or refused durably.
//! Never skips: what the log takes back is sent again; what a source has dropped is named as a gap.

mod flight;
mod sources;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::Tenant;
use ledger::leaf::Hex;
use lineage::envelope::{Envelope, Gap, Kind, Mode, Progress, Source};

use self::flight::{Batch, Flight, Head, Landed, Origin};
use self::sources::{Changed, Sources};
use super::desk::{Channel, Desk, Prepared, Preparer, blank};
use super::rejected::{self, Refused};
use crate::clock::Clock;
use crate::config::{self, TopicPattern};
use crate::log::{
    Appender, GroupOffset, GroupReader, Inputs, Join, Log, LogError, Names, NewRecord, ReadBound, Record,
    TopicPartition,
};
use crate::metrics::{CodeLabel, Metrics, OutcomeLabel, SourceLabel};
use crate::random::Random;
use crate::telemetry::{TRACEPARENT, TraceParent};

const POLL_WAIT: Duration = Duration::from_millis(100);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// What intake from topics is made from.
pub struct TopicIntakeParts {
    /// What every channel shares.
    pub desk: Arc<Desk>,
    /// Where topics are.
    pub log: Arc<dyn Log>,
    /// Our topics.
    pub names: Names,
    /// `intake.*`
    pub settings: config::Intake,
    /// The member's name across restarts.
    pub instance_id: Option<String>,
    /// How often progress is written, ms.
    pub progress_interval_ms: u64,
    /// When events are received.
    pub clock: Arc<dyn Clock>,
    /// Openings and keys.
    pub random: Arc<dyn Random>,
    /// Where to count.
    pub metrics: Arc<Metrics>,
}

/// Intake from topics, run by one thread.
pub struct TopicIntake {
    parts: TopicIntakeParts,
    appender: Arc<dyn Appender>,
    preparer: Preparer,
    flight: Flight,
    paused: bool,
    progress_at: Duration,
    /// How far each source is dealt with, durably.
    heads: BTreeMap<TopicPartition, Head>,
}

/// Why intake from topics stopped before it was told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("intake from topics stopped: {0}")]
pub struct Stopped(pub String);

impl TopicIntake {
    /// Makes it ready; nothing is read yet.
    ///
    /// # Errors
    /// When the log gives no appender.
    pub fn new(parts: TopicIntakeParts) -> Result<Self, LogError> {
        let appender = parts.log.appender()?;
        let preparer = Preparer::new(Arc::clone(&parts.desk));
        let (heads, progress_at) = (BTreeMap::new(), Duration::ZERO);
        Ok(Self { parts, appender, preparer, flight: Flight::default(), paused: false, progress_at, heads })
    }

    /// Reads until `stop` is set; then waits for what is in flight, stores its offsets and leaves.
    ///
    /// # Errors
    /// When it can't go on: fenced, or the log is closed.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), Stopped> {
        let sources = Arc::new(Sources::default());
        let mut group = self.join(&sources, stop)?;
        while !stop.load(Ordering::Relaxed) {
            match self.step(group.as_mut(), &sources) {
                Ok(()) => {}
                Err(error) if error.is_retry() => {
                    tracing::warn!(%error, "intake from topics waits for the log");
                    std::thread::sleep(RETRY_PAUSE);
                }
                Err(error) => return Err(Stopped(error.to_string())),
            }
        }
        self.drain(group.as_mut(), &sources).map_err(|error| Stopped(error.to_string()))?;
        group.close().map_err(|error| Stopped(error.to_string()))
    }

    fn join(&self, sources: &Arc<Sources>, stop: &AtomicBool) -> Result<Box<dyn GroupReader>, Stopped> {
        loop {
            let join = Join {
                group: self.parts.names.group("intake"),
                instance_id: self.parts.instance_id.clone(),
                inputs: inputs(&self.parts.settings.topics),
                session_timeout: SESSION_TIMEOUT,
                assignment_only: false,
            };
            match self.parts.log.group_reader(join, Arc::<Sources>::clone(sources)) {
                Ok(reader) => return Ok(reader),
                Err(error) if error.is_retry() && !stop.load(Ordering::Relaxed) => {
                    tracing::warn!(%error, "intake from topics can't join its group yet");
                    std::thread::sleep(RETRY_PAUSE);
                }
                Err(error) => return Err(Stopped(error.to_string())),
            }
        }
    }

    /// One round: read, decide, append, store what landed.
    fn step(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        self.press(group, sources)?;
        let bound = ReadBound {
            records_max: self.parts.settings.batch_records_max,
            bytes_max: self.parts.settings.batch_bytes_max,
            wait: if self.flight.is_empty() { POLL_WAIT } else { Duration::from_millis(1) },
        };
        let records = group.poll(bound)?;
        self.changed(sources.take_changed())?;
        if !records.is_empty() {
            self.decide(records);
        }
        self.land(group, sources)?;
        self.tell_progress(sources);
        Ok(())
    }

    /// Pauses every source while too much is in flight, and resumes at half of it.
    fn press(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        let (bytes, max) = (self.flight.bytes(), self.parts.settings.queue_bytes_max);
        self.parts.metrics.intake.queue_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let held: Vec<TopicPartition> = sources.held();
        if bytes >= max {
            // Also those that came since: whoever is paused already stays so.
            group.pause(&held)?;
            self.paused = true;
        } else if self.paused && bytes <= max / 2 {
            group.resume(&held)?;
            self.paused = false;
        }
        for source in &held {
            self.parts.metrics.intake.paused.get_or_create(&label(source)).set(i64::from(self.paused));
        }
        Ok(())
    }

    /// Decides a batch and hands it to the log.
    fn decide(&mut self, records: Vec<Record>) {
        let received_at_ns = self.parts.clock.now_ns();
        self.parts.metrics.intake.batch_records.observe(records.len() as f64);
        let mut batch = Batch::default();
        let mut refused: Vec<Refused> = Vec::new();
        for record in &records {
            self.one(record, received_at_ns, &mut batch, &mut refused);
            batch.read(record);
        }
        self.refuse(&refused, &mut batch);
        self.flight.begin(self.appender.as_ref(), batch);
    }

    fn one(&mut self, record: &Record, received_at_ns: i64, batch: &mut Batch, refused: &mut Vec<Refused>) {
        let name = self.parts.settings.tenant_of_topic(&record.topic);
        let tenant = Tenant::parse(name).expect("configuration has checked the names of tenants");
        let payload = record.value.clone().unwrap_or_default();
        self.parts.metrics.intake.payload_bytes.inc_by(payload.len() as u64);
        let mut opening = [0; 32];
        self.parts.random.fill(&mut opening);
        let source = Source {
            topic: &record.topic,
            partition: i32::try_from(record.partition).unwrap_or(i32::MAX),
            offset: i64::try_from(record.offset).unwrap_or(i64::MAX),
            timestamp_ms: record.timestamp_ms,
        };
        let channel = Channel {
            tenant: &tenant,
            principal: None,
            source: Some(source),
            mode: Mode::Live,
            received_at_ns,
            opening,
        };
        let headers = record.headers.iter().map(|header| (&*header.name, &*header.value));
        let traceparent = TraceParent::find(headers);
        let finding = match self.preparer.prepare(&payload, &channel) {
            Prepared::Sealed(sealed) => {
                for finding in &sealed.findings {
                    self.parts.metrics.intake.findings.get_or_create(&CodeLabel::of(&finding.code)).inc();
                }
                let mut envelope = NewRecord::new(&self.parts.names.events, sealed.envelope)
                    .partition(sealed.partition)
                    .key(tenant.as_str().to_owned());
                if let Some(parent) = traceparent {
                    envelope = envelope.header(TRACEPARENT, parent.to_string());
                }
                batch.push(envelope, Origin::Event(Box::new(record.clone())));
                self.count("accepted");
                return;
            }
            Prepared::Rejected(rejection) => rejection.finding,
            Prepared::UnknownTenant => unreachable_tenant(&tenant),
        };
        self.count("rejected");
        self.parts.metrics.intake.rejected.get_or_create(&CodeLabel::of(&finding.code)).inc();
        refused.push(self.refusal(record, tenant, finding, received_at_ns, traceparent));
    }

    fn refusal(
        &self,
        record: &Record,
        tenant: Tenant,
        finding: lineage::finding::Finding,
        received_at_ns: i64,
        traceparent: Option<TraceParent>,
    ) -> Refused {
        Refused {
            tenant,
            topic: Arc::clone(&record.topic),
            partition: i32::try_from(record.partition).unwrap_or(i32::MAX),
            offset: i64::try_from(record.offset).unwrap_or(i64::MAX),
            timestamp_ms: Some(record.timestamp_ms),
            received_at_ns,
            principal: None,
            key: record.key.clone(),
            payload: record.value.clone().unwrap_or_default(),
            finding,
            traceparent,
        }
    }

    /// Adds the originals of refused events, and one report per tenant and source partition.
    fn refuse(&self, refused: &[Refused], batch: &mut Batch) {
        let (desk, names) = (&self.parts.desk, &self.parts.names);
        let mut groups: BTreeMap<(&Tenant, &str, i32), Vec<&Refused>> = BTreeMap::new();
        for one in refused {
            batch.push(one.record(desk, &names.rejected), Origin::Ours);
            groups.entry((&one.tenant, &one.topic, one.partition)).or_default().push(one);
        }
        for rows in groups.values() {
            let mut key = [0; 16];
            self.parts.random.fill(&mut key);
            for report in rejected::report(desk, &names.events, rows, key) {
                batch.push(report, Origin::Ours);
            }
        }
    }

    /// Stores the offsets of what has become durable, in the order in which it was read.
    fn land(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        loop {
            match self.flight.poll(self.appender.as_ref()) {
                Landed::Nothing => return Ok(()),
                Landed::Durable(heads) => {
                    let held = heads.into_iter().filter(|(source, _)| sources.holds(source)).collect::<Vec<_>>();
                    let offset = |(source, head): &(TopicPartition, Head)| GroupOffset {
                        topic: Arc::clone(&source.topic),
                        partition: source.partition,
                        next: head.next,
                    };
                    group.store(&held.iter().map(offset).collect::<Vec<_>>())?;
                    self.heads.extend(held);
                }
                Landed::TooLarge(records) => self.too_large(&records),
                Landed::Retry(what) => {
                    tracing::warn!(what, "the log takes nothing more at the moment; it is tried again");
                    std::thread::sleep(RETRY_PAUSE);
                    return Ok(());
                }
                Landed::Halt(what) => return Err(LogError::Halt { what }),
            }
        }
    }

    /// Envelopes that the log will never take: their events are refused instead.
    fn too_large(&mut self, records: &[Record]) {
        let received_at_ns = self.parts.clock.now_ns();
        let refusal = |record: &Record| {
            let name = self.parts.settings.tenant_of_topic(&record.topic);
            let tenant = Tenant::parse(name).expect("configuration has checked the names of tenants");
            self.refusal(record, tenant, over_sized(), received_at_ns, None)
        };
        let refused: Vec<Refused> = records.iter().map(refusal).collect();
        let mut batch = Batch::default();
        self.refuse(&refused, &mut batch);
        self.flight.amend(self.appender.as_ref(), batch);
    }

    /// Names the gap where a source no longer holds what the group has not read.
    fn changed(&mut self, changed: Changed) -> Result<(), LogError> {
        for source in changed.lost {
            self.heads.remove(&source);
        }
        let group = self.parts.names.group("intake");
        for source in changed.gained {
            let stored = self.parts.log.group_offset(&group, &source.topic, source.partition)?;
            let range = self.parts.log.range(&source.topic, source.partition)?;
            let expected = stored.unwrap_or(0);
            if expected < range.start {
                tracing::warn!(topic = %source.topic, partition = source.partition, first = expected,
                    last = range.start - 1, "the source has dropped offsets that were never read");
                let gap = Gap { first: signed(expected), last: signed(range.start - 1) };
                self.progress(&source, range.start, 0, Some(gap));
            }
        }
        Ok(())
    }

    /// Writes how far each source is, at the interval of ticks.
    fn tell_progress(&mut self, sources: &Sources) {
        let now = self.parts.clock.monotonic();
        if now < self.progress_at {
            return;
        }
        self.progress_at = now + Duration::from_millis(self.parts.progress_interval_ms);
        let heads: Vec<_> = self.heads.iter().map(|(source, head)| (source.clone(), *head)).collect();
        for (source, head) in heads.into_iter().filter(|(source, _)| sources.holds(source)) {
            // Asked before the end is: what is produced in between is later than this.
            let now_ns = self.parts.clock.now_ns();
            let end = self.parts.log.range(&source.topic, source.partition).map_or(head.next, |range| range.end);
            let lag = end.saturating_sub(head.next);
            self.parts.metrics.intake.lag_records.get_or_create(&label(&source)).set(signed(lag));
            let caught_up_to_ns = if lag == 0 { now_ns } else { head.newest_ms.saturating_mul(1_000_000) };
            self.progress(&source, head.next, caught_up_to_ns, None);
        }
    }

    /// Appends a progress record. It speaks of what is durable already, so that it stands behind all that it speaks of.
    fn progress(&mut self, source: &TopicPartition, next_offset: u64, caught_up_to_ns: i64, gap: Option<Gap>) {
        let home = self.parts.desk.homes.of(self.parts.settings.tenant_of_topic(&source.topic));
        let own = Tenant::partition(home.partition);
        let envelope = Envelope {
            progress: Some(Progress {
                topic: &source.topic,
                partition: i32::try_from(source.partition).unwrap_or(i32::MAX),
                next_offset: signed(next_offset),
                caught_up_to_ns,
                gap,
            }),
            ..blank(Kind::Progress, own.as_str(), home.incarnation, self.parts.clock.now_ns())
        };
        match self.parts.desk.seal(&envelope) {
            Ok(sealed) => {
                let record = NewRecord::new(&self.parts.names.events, sealed)
                    .partition(home.partition)
                    .key(own.as_str().to_owned());
                let mut batch = Batch::default();
                batch.push(record, Origin::Ours);
                self.flight.begin(self.appender.as_ref(), batch);
            }
            Err(error) => tracing::error!(%error, incarnation = %Hex(home.incarnation), "progress can't be sealed"),
        }
    }

    /// Waits for what is in flight, within the bound of the session.
    fn drain(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        let until = self.parts.clock.monotonic() + SESSION_TIMEOUT / 2;
        while !self.flight.is_empty() && self.parts.clock.monotonic() < until {
            self.land(group, sources)?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn count(&self, outcome: &'static str) {
        self.parts.metrics.intake.events.get_or_create(&OutcomeLabel::of("kafka", outcome)).inc();
    }
}

fn label(source: &TopicPartition) -> SourceLabel {
    SourceLabel { topic: source.topic.to_string(), partition: i32::try_from(source.partition).unwrap_or(i32::MAX) }
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

fn finding(code: &str, message: String) -> lineage::finding::Finding {
    let grade = lineage::finding::Grade::Reject;
    lineage::finding::Finding { grade, code: code.to_owned(), path: "$".to_owned(), message }
}

fn over_sized() -> lineage::finding::Finding {
    let message = "The log does not take an envelope of this size; send less in one event.";
    finding("envelope-too-large", message.to_owned())
}

fn unreachable_tenant(tenant: &Tenant) -> lineage::finding::Finding {
    finding("unknown-tenant", format!("Tenant {tenant} has no identity key; run `ledgerline keys init`, then replay."))
}

/// Topics and patterns as one subscription.
fn inputs(topics: &[TopicPattern]) -> Inputs {
    let plain = |topic: &TopicPattern| match topic {
        TopicPattern::Name(name) => Some(name.clone()),
        TopicPattern::Pattern(_) => None,
    };
    if let Some(names) = topics.iter().map(plain).collect::<Option<Vec<_>>>() {
        return Inputs::Topics(names);
    }
    let part = |topic: &TopicPattern| match topic {
        TopicPattern::Name(name) => format!("{}$", name.replace('.', "\\.")),
        TopicPattern::Pattern(pattern) => pattern.trim_start_matches('^').to_owned(),
    };
    Inputs::Pattern(format!("^({})", topics.iter().map(part).collect::<Vec<_>>().join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_become_one_subscription() {
        let check = |topics: &[&str], wanted: Inputs| {
            let topics: Vec<_> = topics.iter().map(|topic| TopicPattern::from((*topic).to_owned())).collect();
            assert_eq!(inputs(&topics), wanted);
        };
        check(&["a.b", "c"], Inputs::Topics(vec!["a.b".to_owned(), "c".to_owned()]));
        check(&["^x-.*"], Inputs::Pattern("^(x-.*)".to_owned()));
        check(&["a.b", "^x-.*"], Inputs::Pattern("^(a\\.b$|x-.*)".to_owned()));
    }
}
