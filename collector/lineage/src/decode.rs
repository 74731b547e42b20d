//! From the bytes of one event to its typed facts and findings, or to the reason why it is refused: scan, walk, done.
//! Owns the verdict. Never does I/O, never panics whatever it is given, never reads the text a second time.

use bumpalo::Bump;

use crate::facts::Facts;
use crate::finding::{Finding, Grade};
use crate::id::EventId;
use crate::json::{self, FaultKind, Tape, Value};
use crate::schema::Schemas;
use crate::validate::{Code, Walk};
use crate::{c14n, extract};

pub use crate::validate::Limits;

/// What one decoder needs again and again: keep it and use it again, it allocates nothing once it has grown.
#[derive(Debug, Default)]
pub struct Scratch {
    tape: Tape,
    arena: Bump,
}

impl Scratch {
    /// Memory kept from one event to the next, bytes in the arena and nodes on the tape: one huge event must not hold on to
    /// its memory for good.
    const KEPT_MAX: usize = 1 << 20;

    fn reset(&mut self) {
        if self.arena.allocated_bytes() > Self::KEPT_MAX {
            self.arena = Bump::new();
        } else {
            self.arena.reset();
        }
    }
}

/// An accepted event. Borrows from the payload and the scratch.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// What it says.
    pub facts: Facts<'a>,
    /// What was noticed; none of it rejects.
    pub findings: Vec<Finding>,
    /// The whole event on the tape.
    pub root: Value<'a, 'a>,
    /// Tape indices of the run ids in it, ascending: lower-cased before identity is computed.
    pub run_ids: Vec<u32>,
}

impl Decoded<'_> {
    /// The event's id for the tenant with this identity key: over its canonical form, run ids in lower case.
    pub fn event_id(&self, identity_key: &[u8; 32], scratch: &mut c14n::Scratch) -> EventId {
        EventId::of(identity_key, c14n::canonical(self.root, &self.run_ids, scratch))
    }
}

/// A refused event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at {}: {}", .finding.code, .finding.path, .finding.message)]
pub struct Rejection {
    /// The first finding that rejects it.
    pub finding: Finding,
    /// Everything noticed, that one among it.
    pub findings: Vec<Finding>,
}

/// Decodes one event.
///
/// # Errors
/// A [`Rejection`] for what `docs/findings.md` lists with the grade `reject`; everything else is accepted and graded.
pub fn decode<'a>(
    payload: &'a [u8],
    scratch: &'a mut Scratch,
    schemas: &'a Schemas,
    limits: &'a Limits,
) -> Result<Decoded<'a>, Rejection> {
    scratch.reset();
    let Scratch { tape, arena } = scratch;
    let root = json::scan(payload, &scan_limits(limits), tape).map_err(refuse)?;
    let mut walk = Walk::new(root, schemas, limits, arena);
    let facts = extract::event(&mut walk, root);
    let (findings, reject, run_ids) = walk.finish();
    match facts {
        Some(facts) if reject.is_none() => Ok(Decoded { facts, findings, root, run_ids }),
        _ => Err(refused(findings, reject)),
    }
}

/// The id of an event whose run ids are all in lower case already, as nearly all are: no rule is asked, and nothing is
/// validated. `None` where the payload is no JSON within the bounds. An id that is not the one expected says nothing yet: then
/// [`decode`] finds the places of run ids, and [`Decoded::event_id`] is the event's.
pub fn plain_event_id(
    payload: &[u8],
    scratch: &mut Scratch,
    limits: &Limits,
    identity_key: &[u8; 32],
    canonical: &mut c14n::Scratch,
) -> Option<EventId> {
    scratch.reset();
    let root = json::scan(payload, &scan_limits(limits), &mut scratch.tape).ok()?;
    Some(EventId::of(identity_key, c14n::canonical(root, &[], canonical)))
}

fn scan_limits(limits: &Limits) -> json::Limits {
    json::Limits {
        payload_bytes_max: limits.payload_bytes_max.min(Limits::PAYLOAD_BYTES_CAP),
        depth_max: limits.depth_max,
        nodes_max: limits.nodes_max,
    }
}

/// A payload that is no JSON we take.
#[cold]
fn refuse(fault: json::Fault) -> Rejection {
    let code = match fault.kind {
        FaultKind::NotUtf8 => Code::NotUtf8,
        FaultKind::NotJson => Code::NotJson,
        FaultKind::DuplicateKey => Code::DuplicateKey,
        FaultKind::LoneSurrogate => Code::LoneSurrogate,
        FaultKind::TooDeep => Code::TooDeep,
        FaultKind::TooLarge => Code::TooLarge,
        FaultKind::TooManyNodes => Code::TooManyNodes,
    };
    let message = format!("{} (Byte {}.)", fault.message, fault.offset);
    rejection(code, fault.path, message, Vec::new())
}

/// An event that the walk refused, or whose facts lack what identifies them though the schemas in force let it through.
#[cold]
fn refused(findings: Vec<Finding>, reject: Option<usize>) -> Rejection {
    if let Some(first) = reject {
        return Rejection { finding: findings[first].clone(), findings };
    }
    let message =
        "The event lacks what identifies it; send eventTime, runId, and namespace and name of job and datasets.";
    rejection(Code::MissingMember, "$".to_owned(), message.to_owned(), findings)
}

fn rejection(code: Code, path: String, message: String, mut findings: Vec<Finding>) -> Rejection {
    let finding = Finding { grade: Grade::Reject, code: code.text().to_owned(), path, message };
    findings.push(finding.clone());
    Rejection { finding, findings }
}
