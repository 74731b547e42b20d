//! The newest checkpoint of each tree that somebody has seen: what a log's own signature can't show, and a reader's memory can.
//! Never forgets a larger tree for a smaller one. Whoever owns the disk keeps the text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::consistency::{ConsistencyFile, unsigned};
use super::verdict::{Fault, Verdict};
use crate::checkpoint::{Checkpoint, Verified};
use crate::origin::Origin;

const FORMAT: &str = "ledgerline-state-1";

/// Trees remembered at most.
const TREES_MAX: usize = 100_000;

/// The newest checkpoint of each tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    format: String,
    /// Notes by origin.
    newest: BTreeMap<Origin, String>,
}

/// How a checkpoint stands to what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is the first of its tree.
    First,
    /// It is the one that is remembered.
    Same,
    /// It goes on from it, and is remembered from now on.
    Newer,
    /// It is of an earlier size, and the one that is remembered goes on from it.
    Older,
}

impl Default for Memory {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), newest: BTreeMap::new() }
    }
}

impl Memory {
    /// Reads what [`Memory::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Verdict::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = |what: String| Fault::new(Verdict::Malformed, what);
        let memory: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(format!("not a file of this kind: {error}")))?;
        if memory.format != FORMAT || memory.newest.len() > TREES_MAX {
            return Err(malformed(format!("not a file of the form {FORMAT}")));
        }
        for (origin, note) in &memory.newest {
            unsigned(note, origin)?;
        }
        Ok(memory)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("its members are texts");
        bytes.push(b'\n');
        bytes
    }

    /// The newest checkpoint seen of a tree.
    #[must_use]
    pub fn newest(&self, origin: &Origin) -> Option<Checkpoint> {
        unsigned(self.newest.get(origin)?, origin).ok()
    }

    /// Compares a checkpoint with the newest that was seen, and remembers it where it is newer. `links` were checked before.
    ///
    /// # Errors
    /// [`Verdict::Fork`], [`Verdict::Rollback`], or [`Verdict::Unlinked`] where nothing shows that it goes on from what was seen.
    pub fn see(&mut self, verified: &Verified, links: &[ConsistencyFile]) -> Result<Seen, Fault> {
        let found = &verified.checkpoint;
        let origin = &found.origin;
        let Some(known) = self.newest(origin) else {
            self.remember(verified);
            return Ok(Seen::First);
        };
        if known.size == found.size {
            return if known.root == found.root { Ok(Seen::Same) } else { Err(forked(&known, found)) };
        }
        let (older, newer) = if known.size < found.size { (&known, found) } else { (found, &known) };
        let mut linked = false;
        for link in links.iter().filter(|link| link.origin == *origin) {
            let (old, new) = (link.old()?, link.new_checkpoint()?);
            for (theirs, ours) in [(&old, older), (&old, newer), (&new, older), (&new, newer)] {
                if theirs.size == ours.size && theirs.root != ours.root {
                    return Err(forked(theirs, ours));
                }
            }
            linked |= old == *older && new == *newer;
        }
        match (linked, known.size < found.size) {
            (true, true) => {
                self.remember(verified);
                Ok(Seen::Newer)
            }
            (true, false) => Ok(Seen::Older),
            (false, true) => {
                let what = format!(
                    "{} leaves of {origin}, and {} were seen before: a consistency file from {} to {} shows that they belong together",
                    found.size, known.size, known.size, found.size
                );
                Err(Fault::new(Verdict::Unlinked, what))
            }
            (false, false) => {
                let what = format!(
                    "{} leaves of {origin}, and {} were seen before; an older proof is fine with a consistency file from {} to {}",
                    found.size, known.size, found.size, known.size
                );
                Err(Fault::new(Verdict::Rollback, what))
            }
        }
    }

    /// Takes a checkpoint as the newest, whatever was seen before.
    pub fn anchor(&mut self, verified: &Verified) {
        let Verified { checkpoint, .. } = verified;
        self.newest.insert(checkpoint.origin.clone(), checkpoint.body());
    }

    fn remember(&mut self, verified: &Verified) {
        let note = String::from_utf8(verified.note.to_bytes()).expect("a note is text");
        self.newest.insert(verified.checkpoint.origin.clone(), note);
    }
}

fn forked(one: &Checkpoint, other: &Checkpoint) -> Fault {
    let root = |checkpoint: &Checkpoint| hex::encode(checkpoint.root);
    let what =
        format!("two trees of {} leaves of {}: root {} and root {}", one.size, one.origin, root(one), root(other));
    Fault::new(Verdict::Fork, what)
}
