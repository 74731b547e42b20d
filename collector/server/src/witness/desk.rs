//! The witness: what is submitted comes in, a cosignature or the reason for none goes out. Checking the size and keeping the new
//! one are one step, under the lock of the log: of two requests at once the second is judged by what the first left behind.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::cosignature::{WitnessKey, cosign};
use ledger::key::{KeyFault, KeyName, SignError, SigningKey, VerifierKey};
use ledger::note::Note;
use ledger::witness::{AddCheckpoint, HeadFault, Refusal, RequestFault, TreeHead, judge};
use parking_lot::Mutex;

use super::key;
use super::memory::{Memory, MemoryError};
use crate::clock::Clock;
use crate::serve::Host;

/// A witness over its folder.
pub struct Witness {
    /// By origin.
    logs: BTreeMap<String, Log>,
    signing: SigningKey,
    key: WitnessKey,
    clock: Arc<dyn Clock>,
    /// Held as long as this lives: two witnesses over one folder would cosign past each other.
    _folder: File,
}

/// A log that it witnesses.
struct Log {
    keys: Vec<VerifierKey>,
    memory: Mutex<Memory>,
}

/// Why a witness can't start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A file of its folder can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another process holds the folder.
    #[error("another witness works in {0}: stop it, or name another folder")]
    Held(PathBuf),
    /// There is no key yet, and no name for one.
    #[error("a witness has a name: give it one at its first start, such as --name witness.example.org/1")]
    Unnamed,
    /// The key is another name's.
    #[error("the key in {path} is {is}'s: leave --name out, or start over in another folder")]
    Renamed {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        is: KeyName,
    },
    /// Others than its owner may read the key.
    #[error(
        "{path} can be read by others (mode {mode:o}): run `chmod 600` on it, and begin with another key if they may have"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key's file holds none.
    #[error("{path} holds no key ({fault}): restore it from its copy")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: KeyFault,
    },
    /// What it knows of a log can't be read.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Why nothing was cosigned, by C2SP's answers.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// 400.
    #[error(transparent)]
    Malformed(#[from] RequestFault),
    /// 404.
    #[error("the log {0} is not witnessed here")]
    Unknown(Box<str>),
    /// 403.
    #[error("the checkpoint is not signed by its log: {0}")]
    Unsigned(#[from] HeadFault),
    /// 400, 409 or 422.
    #[error(transparent)]
    Judged(#[from] Refusal),
    /// 500: the witness's own trouble.
    #[error("the witness can't answer at the moment")]
    Memory(#[from] MemoryError),
    /// 500, too.
    #[error("the witness can't sign at the moment")]
    Sign(#[from] SignError),
}

impl Witness {
    /// Opens a witness over `folder`, which is made where it is missing, for the logs with these keys: a key's name is its log's
    /// origin, and a log may have several. `name` is needed where there is no key yet.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn open(
        folder: &Path,
        name: Option<&KeyName>,
        keys: &[VerifierKey],
        host: &Host,
    ) -> Result<Self, WitnessError> {
        let failed = |error| WitnessError::File { path: folder.to_owned(), error };
        store::make_durable(folder).map_err(failed)?;
        let lock = File::options().create(true).append(true).open(folder.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|_| WitnessError::Held(folder.to_owned()))?;
        let signing = key::load(folder, name, host.random.as_ref())?;
        let own = WitnessKey::of(signing.verifier());
        let mut logs: BTreeMap<String, Log> = BTreeMap::new();
        for key in keys {
            let origin = key.name().as_str();
            let fresh = || Log { keys: Vec::new(), memory: Mutex::new(Memory::new(folder, origin)) };
            logs.entry(origin.to_owned()).or_insert_with(fresh).keys.push(key.clone());
        }
        for log in logs.values() {
            log.memory.lock().newest(&own)?;
        }
        Ok(Self { logs, signing, key: own, clock: Arc::clone(&host.clock), _folder: lock })
    }

    /// What others check its cosignatures with.
    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// Judges a request and gives the signature lines that answer it. What they cosign is durable by then. May block.
    ///
    /// # Errors
    /// [`Refused`]; nothing was cosigned then, or nobody will see that it was.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let request = AddCheckpoint::from_bytes(body)?;
        let note = &request.checkpoint;
        let origin = TreeHead::from_text(note.text())?.origin;
        let log = self.logs.get(&*origin).ok_or(Refused::Unknown(origin))?;
        let head = TreeHead::verify(note, &log.keys)?;
        let mut memory = log.memory.lock();
        let known = memory.newest(&self.key)?;
        let judged = judge(known.as_ref().map(|known| &known.head), request.old_size, &request.proof, &head);
        if let Err(refusal) = judged {
            if let Refusal::Forked(size) = refusal {
                tracing::error!(log = %head.origin, size, "the log has signed two trees of one size; both are kept");
                memory.keep_fork(note)?;
            }
            return Err(refusal.into());
        }
        let now_s = u64::try_from(self.clock.now_ns() / 1_000_000_000).unwrap_or(0);
        // A clock that was set back does not set the witness back.
        let time_s = known.map_or(now_s, |known| known.time_s.max(now_s));
        let line = cosign(&self.signing, &self.key, note.text(), time_s)?;
        let mut kept = Note::new(note.text().to_owned()).map_err(HeadFault::from)?;
        let of_log = |line: &&ledger::note::NoteSignature| {
            log.keys.iter().any(|key| (key.name(), key.id()) == (line.name(), line.id()))
        };
        note.signatures().iter().filter(of_log).for_each(|line| kept.add(line.clone()));
        kept.add(line.clone());
        memory.keep(&kept)?;
        // Durable from here: whatever comes next is judged by this tree, also after a crash.
        Ok(line.to_line())
    }
}
