//! Proof files: the leaves behind a subject, each with its path to the newest published checkpoint, and what opens it where the
//! caller may read bodies.

use ledger::leaf::{self, Detail};
use ledger::proof::{ENTRIES_MAX, Entry, ProofFile, Subject, SubjectKind, TlogProof, Withheld, commitment};
use ledger::tree::{self, ProveError};
use lineage::id::RunId;
use store::tables::{self, LeafKey};

use super::alerts::{self, Message};
use super::scope::{Scope, broken};
use super::tail::Tail;
use super::tree::{Published, hashes, uncovered};
use super::{events, evidence};
use crate::http::ReadError;
use crate::http::model::query::ProofQuery;

/// What a subject comes to.
pub(super) struct Found {
    pub subject: Subject,
    /// Rising.
    pub leaves: Vec<u64>,
    /// Whether these are all.
    pub complete: bool,
}

impl Found {
    pub fn new(kind: SubjectKind, key: impl Into<String>, leaves: Vec<u64>) -> Self {
        Self { subject: Subject { kind, key: key.into() }, leaves, complete: true }
    }
}

pub(super) fn proof(
    scope: &Scope,
    tail: &Tail<Message>,
    tenant: &str,
    query: &ProofQuery,
    may_read_bodies: bool,
) -> Result<ProofFile, ReadError> {
    let published = Published::of(scope, tenant)?;
    let size = published.checkpoint.size;
    let mut found = find(scope, tail, tenant, query.subject.trim(), size)?;
    found.leaves.sort_unstable();
    found.leaves.dedup();
    if found.leaves.iter().any(|leaf| *leaf >= size) {
        return Err(uncovered(&query.subject, size));
    }
    let complete = found.complete && found.leaves.len() <= ENTRIES_MAX;
    found.leaves.truncate(ENTRIES_MAX);
    let maker = Maker { scope, published: &published, shows: shows(query.bodies, may_read_bodies) };
    let leaves = found.leaves.iter().map(|leaf| maker.entry(*leaf)).collect::<Result<_, _>>()?;
    // Who may read the ledger may read its key operations: without them nobody could tell which keys count.
    let keys = Maker { shows: Ok(()), ..maker };
    let keys = evidence::keys(scope, size)?.into_iter().map(|leaf| keys.entry(leaf)).collect::<Result<_, _>>()?;
    Ok(ProofFile::new(published.checkpoint.origin.clone(), found.subject, leaves, complete, keys))
}

fn shows(asked: bool, may: bool) -> Result<(), Withheld> {
    match (asked, may) {
        (false, _) => Err(Withheld::LeftOut),
        (true, false) => Err(Withheld::NotPermitted),
        (true, true) => Ok(()),
    }
}

/// Makes entries under one checkpoint.
struct Maker<'a> {
    scope: &'a Scope,
    published: &'a Published,
    /// Whether bodies are shown, or why not.
    shows: Result<(), Withheld>,
}

impl Maker<'_> {
    fn entry(&self, index: u64) -> Result<Entry, ReadError> {
        let leaf = events::read(self.scope, index)?;
        let text = String::from_utf8(leaf::encode(&leaf)).map_err(|error| ReadError::Internal(error.to_string()))?;
        let hashes = tree::prove_inclusion(self.published.checkpoint.size, index, &hashes(self.scope));
        let hashes = hashes.map_err(|error| match error {
            ProveError::Fault(fault) => ReadError::Internal(fault.to_string()),
            ProveError::Read(error) => broken(error),
        })?;
        let proof = TlogProof { index, hashes, checkpoint: self.published.note.clone().into_bytes() };
        let proof = String::from_utf8(proof.to_bytes()).map_err(|error| ReadError::Internal(error.to_string()))?;
        if commitment(&leaf.detail).is_none() {
            return Ok(Entry::closed(text, proof, Withheld::None));
        }
        if let Err(why) = self.shows {
            return Ok(Entry::closed(text, proof, why));
        }
        let key = LeafKey { tenant: self.scope.number, index };
        let opening = tables::opening(self.scope.store(), key).map_err(broken)?;
        let body = tables::body(self.scope.store(), key).map_err(broken)?;
        match (opening.and_then(|opening| <[u8; 32]>::try_from(opening).ok()), body) {
            (Some(opening), Some(body)) => Ok(Entry::open(text, proof, &opening, &body)),
            _ => Ok(Entry::closed(text, proof, Withheld::Erased)),
        }
    }
}

/// The leaves of what was asked for.
fn find(scope: &Scope, tail: &Tail<Message>, tenant: &str, text: &str, size: u64) -> Result<Found, ReadError> {
    let missing = || ReadError::NotFound { what: text.to_owned() };
    if text == "keys" {
        return Ok(Found::new(SubjectKind::Key, "keys", evidence::keys(scope, size)?));
    }
    if let Some((from, to)) = text.split_once(" -> ") {
        return evidence::edge(scope, from, to);
    }
    if let Some(id) = text.strip_prefix("alert:") {
        let alert = alerts::show(tail, scope, tenant, id)?;
        return Ok(Found::new(SubjectKind::Alert, alert.summary.alert_id, alert.evidence));
    }
    if let Some(id) = text.strip_prefix("run:") {
        let run: RunId = id.parse().map_err(|_| missing())?;
        return evidence::run(scope, run, size);
    }
    if text.starts_with("dataset:") {
        return evidence::dataset(scope, text);
    }
    let index = events::index(scope, text)?;
    let event = match events::read(scope, index)?.detail {
        Detail::Event(event) if text.len() == 64 => Some(event.event_id.to_string()),
        _ => None,
    };
    Ok(match event {
        Some(id) => Found::new(SubjectKind::Event, id, vec![index]),
        None => Found::new(SubjectKind::Leaf, index.to_string(), vec![index]),
    })
}
