//! The thread that asks: round after round it looks for trees whose newest published checkpoint lacks cosignatures, asks the
//! witnesses that do not rest, all at once, and keeps what they gave. A checkpoint that is being asked about stays the one that is
//! asked about until all have answered or failed: else witnesses of a log that grows would never cosign the same one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use ledger::Tenant;
use ledger::cosignature::WitnessKey;
use ledger::note::{Note, NoteSignature};
use ledger::tree::{Hash, prove_consistency};
use ledger::witness::AddCheckpoint;
use reqwest::Client;
use store::tables::{self, CheckpointRow, CosignedRow, TenantRow, TreeHashes};
use store::{Durability, StoreError};

use super::ask::{self, Answer, ask};
use super::standing::At;
use crate::config::AskedWitness;
use crate::metrics::WitnessOutcomeLabel;
use crate::serve::{Core, StartError};
use crate::worker::{Partition, State};

/// Between two rounds.
const INTERVAL: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(50);
/// Trees that are asked about at once.
const TREES_MAX: usize = 8;

/// The thread's own state.
struct Asker {
    core: Arc<Core>,
    client: Client,
}

/// A checkpoint, and whom to ask about it.
struct Job {
    note: Note,
    size: u64,
    /// Witness, and the leaves that it is taken to know.
    asked: Vec<(AskedWitness, u64)>,
}

/// A question that can't be put.
#[derive(Debug, thiserror::Error)]
enum Unasked {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the partition is another process's now")]
    Elsewhere,
    #[error("what is stored of the tree can't be used: {0}")]
    Damaged(String),
}

impl Core {
    /// Starts to ask witnesses, where some are configured.
    ///
    /// # Errors
    /// When the system gives no thread or no client.
    pub(crate) fn ask_witnesses(self: &Arc<Self>) -> Result<(), StartError> {
        let settings = &self.config.witness;
        if settings.asked.is_empty() {
            return Ok(());
        }
        let failed = |error: std::io::Error| StartError::System { what: "witnesses can't be asked", error };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let client = ask::client(settings.timeout_ms).map_err(|error| failed(std::io::Error::other(error)))?;
        let asker = Asker { core: Arc::clone(self), client };
        self.spawn("witnesses", move || {
            let stop = asker.core.stop_flag();
            let clock = Arc::clone(&asker.core.host.clock);
            let mut next = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                if clock.monotonic() >= next {
                    runtime.block_on(asker.until_stop());
                    next = clock.monotonic() + INTERVAL;
                }
                std::thread::sleep(LOOK);
            }
        })
    }
}

impl Asker {
    async fn until_stop(&self) {
        let stop = self.core.stop_flag();
        let stopped = async {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = self.round() => {}
            () = stopped => {}
        }
    }

    /// Asks about every tree once.
    async fn round(&self) {
        let partitions = self.core.owners().map(|owners| owners.all()).unwrap_or_default();
        let here: Vec<u32> = partitions.iter().map(|partition| partition.number).collect();
        let witnesses: Vec<&str> = self.core.config.witness.asked.iter().map(|one| one.name.as_str()).collect();
        self.core.cosigning.keep(&here, &witnesses, &self.core.metrics.witnesses);
        let mut trees = Vec::new();
        for partition in partitions.iter().filter(|partition| partition.status().state == State::Running) {
            match tables::tenants(&partition.store) {
                Ok(tenants) => trees.extend(tenants.into_iter().map(|(tenant, _)| (partition.number, tenant))),
                Err(error) => tracing::warn!(partition = partition.number, %error, "its trees can't be listed"),
            }
        }
        // Nobody's store is held open by a witness that is slow.
        drop(partitions);
        stream::iter(trees)
            .for_each_concurrent(TREES_MAX, |(partition, tenant)| async move {
                if let Err(error) = self.tree(partition, &tenant).await {
                    tracing::debug!(partition, tenant, %error, "witnesses could not be asked about a tree");
                }
            })
            .await;
    }

    async fn tree(&self, partition: u32, tenant: &str) -> Result<(), Unasked> {
        let Some(job) = self.job(partition, tenant)? else { return Ok(()) };
        let asked = job.asked.iter().map(|(witness, known)| self.one(partition, tenant, &job, witness, *known));
        let lines: Vec<(WitnessKey, NoteSignature)> = join_all(asked).await.into_iter().flatten().collect();
        if lines.is_empty() { Ok(()) } else { self.keep(partition, tenant, job, lines) }
    }

    /// The newest published checkpoint of a tree and the witnesses that have still to cosign it and do not rest; nothing where
    /// there are none.
    fn job(&self, partition: u32, tenant: &str) -> Result<Option<Job>, Unasked> {
        let settings = &self.core.config.witness;
        if !settings.partitions && Tenant::parse_recorded(tenant).is_ok_and(|tenant| tenant.as_partition().is_some()) {
            return Ok(None);
        }
        let store = &self.here(partition)?.store;
        let Some(published) = tables::get::<CheckpointRow>(store, tenant.as_bytes())? else { return Ok(None) };
        let row = tables::get::<CosignedRow>(store, tenant.as_bytes())?;
        let mut note = note(&published)?;
        if let Some(row) = row.as_ref().filter(|row| row.newest.size == published.size) {
            cosignatures(&self::note(&row.newest)?, &note, &settings.keys())
                .into_iter()
                .for_each(|line| note.add(line));
        }
        let (now, tree) = (self.core.host.clock.monotonic(), At::Tree(partition, tenant.to_owned()));
        let missing = settings.asked.iter().filter(|witness| {
            let there =
                note.signatures().iter().any(|line| (line.name(), line.id()) == (witness.key.name(), witness.key.id()));
            !there && !self.core.cosigning.rests(&witness.name, &tree, now)
        });
        let known = |witness: &AskedWitness| {
            let text = witness.key.to_text();
            let known = row.iter().flat_map(|row| &row.known).find(|(key, _)| *key == text);
            known.map_or(0, |(_, size)| *size)
        };
        let asked: Vec<_> = missing.map(|witness| (witness.clone(), known(witness))).collect();
        Ok((!asked.is_empty()).then_some(Job { note, size: published.size, asked }))
    }

    /// Asks one witness; once more where it knows another size than was thought.
    async fn one(
        &self,
        partition: u32,
        tenant: &str,
        job: &Job,
        witness: &AskedWitness,
        known: u64,
    ) -> Option<(WitnessKey, NoteSignature)> {
        let (mut known, mut corrected) = (known, false);
        let answer = loop {
            let request = match self.proof(partition, tenant, known, job.size) {
                Ok(proof) => AddCheckpoint { old_size: known, proof, checkpoint: job.note.clone() },
                Err(error) => {
                    tracing::warn!(partition, tenant, %error, "no proof for a witness can be made");
                    return None;
                }
            };
            match ask(&self.client, witness, &request).await {
                Answer::Knows(size) if size > job.size => {
                    break Answer::Refused(format!(
                        "it has cosigned {size} leaves and {} are published here: compare with docs/witness.md",
                        job.size
                    ));
                }
                Answer::Knows(size) if size == known => {
                    break Answer::Refused(format!(
                        "it has cosigned another tree of {size} leaves: one of the two is a fork"
                    ));
                }
                Answer::Knows(size) if !corrected => (known, corrected) = (size, true),
                Answer::Knows(size) => break Answer::Wrong(format!("it first knows {known} leaves and then {size}")),
                answer => break answer,
            }
        };
        self.judged(partition, tenant, witness, answer)
    }

    /// Counts and tells what came of a question.
    fn judged(
        &self,
        partition: u32,
        tenant: &str,
        witness: &AskedWitness,
        answer: Answer,
    ) -> Option<(WitnessKey, NoteSignature)> {
        let (standing, metrics) = (&self.core.cosigning, &self.core.metrics.witnesses);
        let tree = At::Tree(partition, tenant.to_owned());
        let (outcome, at, why) = match answer {
            Answer::Cosigned(line) => {
                standing.mended(&witness.name, &At::All, metrics);
                standing.mended(&witness.name, &tree, metrics);
                let label = WitnessOutcomeLabel { witness: witness.name.clone(), outcome: "cosigned" };
                metrics.requests.get_or_create(&label).inc();
                return Some((witness.key.clone(), line));
            }
            Answer::Silent(why) => ("silent", At::All, why),
            Answer::Refused(why) => ("refused", tree, why),
            Answer::Wrong(why) => ("wrong", tree, format!("its answer is wrong: {why}")),
            Answer::Knows(size) => ("wrong", tree, format!("it knows {size} leaves")),
        };
        if at != At::All {
            standing.mended(&witness.name, &At::All, metrics);
        }
        metrics.requests.get_or_create(&WitnessOutcomeLabel { witness: witness.name.clone(), outcome }).inc();
        standing.failed(&witness.name, at, why, self.core.host.clock.as_ref(), metrics);
        None
    }

    /// The proof from what a witness knows to the checkpoint: none from nothing, or between equals.
    fn proof(&self, partition: u32, tenant: &str, known: u64, size: u64) -> Result<Vec<Hash>, Unasked> {
        if known == 0 || known >= size {
            return Ok(Vec::new());
        }
        let partition = self.here(partition)?;
        let row = tables::get::<TenantRow>(&partition.store, tenant.as_bytes())?;
        let row = row.ok_or_else(|| Unasked::Damaged("the tenant has no row".to_owned()))?;
        let hashes = TreeHashes { state: &partition.store, tenant: row.number };
        prove_consistency(known, size, &hashes).map_err(|error| Unasked::Damaged(error.to_string()))
    }

    /// Writes down what came. Losing it costs another question.
    fn keep(
        &self,
        partition: u32,
        tenant: &str,
        job: Job,
        lines: Vec<(WitnessKey, NoteSignature)>,
    ) -> Result<(), Unasked> {
        let settings = &self.core.config.witness;
        let store = &self.here(partition)?.store;
        let before = tables::get::<CosignedRow>(store, tenant.as_bytes())?;
        let (quorate, mut known) = before.map_or((None, Vec::new()), |row| (row.quorate, row.known));
        known.retain(|(key, _)| settings.asked.iter().any(|witness| witness.key.to_text() == *key));
        let mut note = job.note;
        for (key, line) in lines {
            let key = key.to_text();
            known.retain(|(other, _)| *other != key);
            known.push((key, job.size));
            note.add(line);
        }
        let count = cosignatures(&note, &note, &settings.keys()).len();
        let text = String::from_utf8(note.to_bytes()).map_err(|error| Unasked::Damaged(error.to_string()))?;
        let newest = CheckpointRow { size: job.size, note: text };
        let quorate = if count >= settings.quorum.max(1) { Some(newest.clone()) } else { quorate };
        let mut batch = store.batch();
        tables::put(&mut batch, tenant.as_bytes(), &CosignedRow { newest, quorate, known });
        batch.commit(Durability::Written)?;
        self.core.progress.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    fn here(&self, partition: u32) -> Result<Arc<Partition>, Unasked> {
        let found = self.core.owners().and_then(|owners| owners.get(partition));
        found.filter(|partition| partition.disowned().is_none()).ok_or(Unasked::Elsewhere)
    }
}

fn note(row: &CheckpointRow) -> Result<Note, Unasked> {
    Note::from_bytes(row.note.as_bytes()).map_err(|fault| Unasked::Damaged(fault.to_string()))
}

/// Lines of these witnesses in `from`, where that is the same checkpoint as `of`.
fn cosignatures(from: &Note, of: &Note, keys: &[WitnessKey]) -> Vec<NoteSignature> {
    let known = |line: &&NoteSignature| keys.iter().any(|key| (key.name(), key.id()) == (line.name(), line.id()));
    let same = from.text() == of.text();
    from.signatures().iter().filter(|line| same && known(line)).cloned().collect()
}
