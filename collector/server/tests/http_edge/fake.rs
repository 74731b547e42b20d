//! What stands behind the seams here: an intake that a payload's text tells what to do, and a store of examples.

use bytes::Bytes;
use ledger::Origin;
use ledger::proof::{Entry, ProofFile, Subject, SubjectKind, Withheld};
use ledger::tile::TilePath;
use lineage::finding::{Finding, Grade};
use server::http::model::query::*;
use server::http::model::*;
use server::http::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Behind all three seams.
pub struct Fake {
    /// Every submission taken, in order.
    pub submitted: Mutex<Vec<Submission>>,
    /// Every order taken.
    pub ordered: Mutex<Vec<Control>>,
    /// Leaves; also the number of events listed.
    pub size: AtomicU64,
    /// Opens the intake for payloads that hold `"wait"`.
    pub gate: watch::Sender<bool>,
    progress: watch::Sender<u64>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            submitted: Mutex::default(),
            ordered: Mutex::default(),
            size: AtomicU64::new(3),
            gate: watch::channel(false).0,
            progress: watch::channel(0).0,
        }
    }
}

impl Fake {
    /// One more leaf, seen by whoever waits.
    pub fn grow(&self) {
        self.size.fetch_add(1, Ordering::SeqCst);
        self.progress.send_modify(|version| *version += 1);
    }

    /// Until that many submissions have come.
    pub fn await_submitted(&self, count: usize) {
        while self.submitted.lock().unwrap().len() < count {
            std::thread::yield_now();
        }
    }

    /// How many wait for news.
    pub fn watchers(&self) -> usize {
        self.progress.receiver_count()
    }

    fn now(&self) -> Known {
        let size = self.size.load(Ordering::SeqCst);
        Known { size, position: Some(Position { offset: size, ..Position::example() }) }
    }

    fn answer<T>(&self, body: T) -> Read<T> {
        Ok(Answer { body, known: self.now() })
    }

    fn one<T: Example>(&self) -> Found<T> {
        self.answer(Listed::new(vec![T::example()], None))
    }
}

fn finding(grade: Grade, code: &str) -> Finding {
    Finding { grade, code: code.into(), path: "$.run.runId".into(), message: format!("change {code}") }
}

fn outcome(payload: &[u8], offset: u64) -> Result<Accepted, Refused> {
    let text = String::from_utf8_lossy(payload);
    let says = |word: &str| text.contains(&format!("\"{word}\""));
    let rejected =
        |code: &str| Err(Refused::Rejected(vec![finding(Grade::Warn, "naive-time"), finding(Grade::Reject, code)]));
    match () {
        () if says("bad") => rejected("run-id-invalid"),
        () if says("garbled") => rejected("not-json"),
        () if says("huge") => rejected("too-large"),
        () if says("busy") => Err(Refused::Busy { retry_after: Duration::from_millis(1_500) }),
        () if says("down") => {
            Err(Refused::Unavailable { reason: "partition 0 is halted; run ledgerline doctor".into() })
        }
        () if says("panic") => panic!("asked to"),
        () => Ok(Accepted {
            event_id: *blake3::hash(payload).as_bytes(),
            position: Position { offset, ..Position::example() },
            findings: if says("naive") { vec![finding(Grade::Warn, "naive-time")] } else { Vec::new() },
        }),
    }
}

impl Intake for Fake {
    fn submit(&self, submissions: Vec<Submission>) -> Answering<Vec<Result<Accepted, Refused>>> {
        let mut taken = self.submitted.lock().unwrap();
        let first = taken.len() as u64;
        taken.extend(submissions.iter().cloned());
        let waits = submissions.iter().any(|s| s.payload.windows(6).any(|w| w == b"\"wait\""));
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            if waits {
                let _ = gate.wait_for(|open| *open).await;
            }
            (first..).zip(&submissions).map(|(offset, s)| outcome(&s.payload, offset)).collect()
        })
    }
}

impl Controls for Fake {
    fn order(&self, control: Control) -> Answering<Result<Position, Refused>> {
        self.ordered.lock().unwrap().push(control);
        Box::pin(async { Ok(Position::example()) })
    }
}

impl Snapshots for Fake {
    /// A key that opens with `slow` waits for the gate.
    fn order(&self, key: String) -> Answering<Result<SnapshotOrdered, NoSnapshots>> {
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            if key.starts_with("slow") {
                let _ = gate.wait_for(|open| *open).await;
            }
            if key.starts_with("none") { Err(NoSnapshots::Off) } else { Ok(SnapshotOrdered::example()) }
        })
    }

    fn list(&self) -> Answering<Result<(Vec<SnapshotSummary>, bool), NoSnapshots>> {
        Box::pin(async { Ok((vec![SnapshotSummary::example()], false)) })
    }
}

impl Keys for Fake {
    fn next(&self, tenant: String, _: bool, _: bool) -> Answering<Result<NextKey, NoKey>> {
        let known = tenant != "nobody";
        let reason = "the file can't be written".to_owned();
        Box::pin(async move { if known { Ok(NextKey::example()) } else { Err(NoKey::Unavailable { reason }) } })
    }

    fn sign(&self, _: String, note: String) -> Answering<Result<String, NoKey>> {
        let reason = "this is not a key operation".to_owned();
        let known = !note.is_empty();
        Box::pin(async move { if known { Ok(note) } else { Err(NoKey::Malformed { reason }) } })
    }
}

impl Reads for Fake {
    fn keys(&self, _: &str) -> Read<Vec<TreeKeys>> {
        self.answer(vec![TreeKeys::example()])
    }
    fn key_order(&self, _: &str, _: &[u8; 16]) -> Read<KeyOrderOutcome> {
        self.answer(KeyOrderOutcome::example())
    }
    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
    fn take_over(&self) -> bool {
        true
    }
    fn readiness(&self) -> Readiness {
        Readiness { ready: *self.gate.borrow(), reasons: Readiness::example().reasons }
    }
    fn known(&self, _: &str) -> Result<Known, ReadError> {
        Ok(self.now())
    }
    fn status(&self, tenant: &str) -> Read<Status> {
        self.answer(Status { tenant: tenant.into(), ..Status::example() })
    }
    fn lineage(&self, _: &str, direction: Direction, query: &LineageQuery) -> Read<Lineage> {
        match query.node.as_str() {
            "nothing" => Err(ReadError::NotFound { what: "nothing".into() }),
            "two" => Err(ReadError::Ambiguous { candidates: vec!["dataset:a:two".into(), "job:a:two".into()] }),
            "broken" => Err(ReadError::Internal("a secret place on disk".into())),
            "panic" => panic!("asked to"),
            "away" => Err(ReadError::Unavailable { reason: "partition 0 is catching up".into() }),
            _ => self.answer(Lineage { direction, ..Lineage::example() }),
        }
    }
    fn runs(&self, _: &str, _: &RunsQuery, _: &Span) -> Found<RunSummary> {
        self.one()
    }
    fn run(&self, _: &str, _: &str) -> Read<Run> {
        self.answer(Run::example())
    }
    /// Names as long as a page can be, so that pages have ends: seven jobs.
    fn jobs(&self, _: &str, _: &NodesQuery, span: &Span) -> Found<JobSummary> {
        let from = match &span.after {
            After::Key(key) => u32::from(key[0]) + 1,
            _ => 0,
        };
        let to = 7.min(from + span.rows_max);
        let job = |n| JobSummary { node: Node::job("etl", &format!("job-{n}")), ..JobSummary::example() };
        self.answer(Listed::new((from..to).map(job).collect(), (to < 7).then(|| vec![to as u8 - 1])))
    }
    fn job(&self, _: &str, _: &str) -> Read<Job> {
        self.answer(Job::example())
    }
    fn datasets(&self, _: &str, _: &NodesQuery, _: &Span) -> Found<DatasetSummary> {
        self.one()
    }
    fn dataset(&self, _: &str, _: &str) -> Read<Dataset> {
        self.answer(Dataset::example())
    }
    fn search(&self, _: &str, _: &SearchQuery, _: &Span) -> Found<SearchHit> {
        self.one()
    }
    fn events(&self, _: &str, _: &EventsQuery, span: &Span) -> Found<EventSummary> {
        let known = self.now();
        let from = match &span.after {
            After::Start => 0,
            After::End => known.size,
            After::Key(key) => u64::from(key[0]) + 1,
        };
        let to = known.size.min(from + u64::from(span.rows_max));
        let items = (from..to).map(|leaf| EventSummary { leaf, ..EventSummary::example() }).collect();
        Ok(Answer { body: Listed::new(items, to.checked_sub(1).map(|leaf| vec![leaf as u8])), known })
    }
    fn event(&self, _: &str, key: &str) -> Read<Event> {
        if key == "erased" {
            Err(ReadError::Gone { reason: "under order 7".into() })
        } else {
            self.answer(Event::example())
        }
    }
    fn event_body(&self, _: &str, _: &str) -> Read<Payload> {
        self.answer(Payload { bytes: Bytes::from_static(b"{\"a\":1}"), is_whole: true })
    }
    fn alerts(&self, _: &str, _: &AlertsQuery, _: &Span) -> Found<AlertSummary> {
        self.one()
    }
    fn alert(&self, _: &str, _: &str) -> Read<Alert> {
        self.answer(Alert::example())
    }
    fn rejected(&self, _: &str, _: &RejectedQuery, _: &Span) -> Found<RejectedSummary> {
        self.one()
    }
    fn rejection(&self, _: &str, _: &str) -> Read<Rejected> {
        self.answer(Rejected::example())
    }
    fn rejected_payload(&self, _: &str, _: &str) -> Read<Payload> {
        self.answer(Payload { bytes: Bytes::from_static(b"\xff<script>"), is_whole: false })
    }
    fn checkpoint(&self, _: &str) -> Read<Checkpoint> {
        self.answer(Checkpoint::example())
    }
    fn tile(&self, _: &str, path: &TilePath) -> Read<Vec<u8>> {
        match path.number() {
            0 => self.answer(vec![7; 32]),
            _ => Err(ReadError::NotFound { what: path.to_string() }),
        }
    }
    fn bodies(&self, tenant: &str, path: &TilePath) -> Read<Vec<u8>> {
        self.tile(tenant, path)
    }
    fn proof(&self, _: &str, _: &ProofQuery, may_read_bodies: bool) -> Read<ProofFile> {
        let withheld = if may_read_bodies { Withheld::None } else { Withheld::NotPermitted };
        let entry = Entry::closed("{}".to_owned(), String::new(), withheld);
        let subject = Subject { kind: SubjectKind::Leaf, key: "0".to_owned() };
        let origin = Origin::parse("ledgerline/default").unwrap();
        self.answer(ProofFile::new(origin, subject, vec![entry], true, Vec::new()))
    }
    fn consistency(&self, _: &str, _: &ConsistencyQuery) -> Read<Consistency> {
        self.answer(Consistency::example())
    }
}
