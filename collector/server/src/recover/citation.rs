//! The last checkpoints of the lost ledger: of each tenant the largest that our own key has signed, wherever it was kept.

use std::collections::BTreeMap;

use ledger::Origin;
use ledger::checkpoint::{Checkpoint, Verified};
use ledger::leaf::{Hex, Previous};
use store::tables::{self, CheckpointRow};

use super::survivors::Survivors;
use super::{RecoverError, Recovery};

/// Found so far, by tenant.
#[derive(Default)]
pub(super) struct Citations(BTreeMap<String, Previous>);

impl Citations {
    /// Looks in the topic of checkpoints, in the stores and in the notes that were handed in.
    pub fn find(
        recovery: &Recovery<'_>,
        survivors: &Survivors<'_>,
    ) -> Result<BTreeMap<String, Previous>, RecoverError> {
        let mut found = Self::default();
        let topic = &recovery.lost.checkpoints;
        survivors.each(topic, |record| {
            // One that another key has signed is nobody's we know.
            found.take(recovery, record.value.as_deref().unwrap_or_default());
        })?;
        for (path, store) in survivors.stores() {
            let broken = |error| RecoverError::Store { path: path.to_owned(), error };
            for (tenant, _) in tables::tenants(store).map_err(broken)? {
                let row = tables::get::<CheckpointRow>(store, tenant.as_bytes()).map_err(broken)?;
                if let Some(row) = row {
                    found.take(recovery, row.note.as_bytes());
                }
            }
        }
        for (at, note) in recovery.notes.iter().enumerate() {
            // What was named must count: a typing error here would cite less than was signed.
            if !found.take(recovery, note) {
                return Err(RecoverError::Note { number: at + 1, of: recovery.notes.len() });
            }
        }
        if found.0.is_empty() {
            let (stores, notes) = (survivors.stores().count(), recovery.notes.len());
            return Err(RecoverError::Uncited { checkpoints: topic.to_string(), stores, notes });
        }
        Ok(found.0)
    }

    /// Takes a note that our key has signed, whatever tree it is of; says whether it is one.
    fn take(&mut self, recovery: &Recovery<'_>, note: &[u8]) -> bool {
        let Some(Verified { checkpoint: Checkpoint { origin, size, root }, .. }) = ours(recovery, note) else {
            return false;
        };
        let tenant = origin.tenant().as_str().to_owned();
        if self.0.get(&tenant).is_none_or(|known| known.size < size) {
            self.0.insert(tenant, Previous { origin, size, root: Hex(root) });
        }
        true
    }
}

fn ours(recovery: &Recovery<'_>, note: &[u8]) -> Option<Verified> {
    let first = note.split(|byte| *byte == b'\n').next()?;
    let origin = Origin::parse(std::str::from_utf8(first).ok()?).ok()?;
    Checkpoint::verify(note, &recovery.keyring.verifiers(&origin)).ok()
}
