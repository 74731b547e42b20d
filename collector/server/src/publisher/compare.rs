//! The store's trees against the newest checkpoints that were published: what a new owner does before it serves or signs.
//! A store that is behind signs nothing and waits for the log; one that the log can't bring there, or whose tree has another
//! root, is not the ledger that was signed, and its partition halts. Believes only notes that our own key has signed.

use std::sync::Arc;

use ledger::checkpoint::{Checkpoint, Verified};
use ledger::leaf::Hex;
use ledger::{LedgerName, Origin, Tenant};
use store::Durability;
use store::tables::{self, CheckpointRow, Meta, TenantRow, Tree};

use super::{PublishError, Publisher, advance};
use crate::log::{Record, Start};
use crate::recorder::Halt;

/// What a comparison has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Every tree has the root that was published of it.
    Agrees,
    /// This tenant's tree is smaller than what was published of it.
    Behind(String),
}

impl Publisher {
    /// Finds the newest published checkpoints of this partition's tenants: those that the store remembers, and those beyond
    /// what it was compared with last. A new store reads all there are, as it reads all of the log.
    pub(super) fn look_for_checkpoints(&mut self, meta: &Meta) -> Result<(), PublishError> {
        let Ok(ledger) = LedgerName::parse(&meta.ledger_name) else { return Ok(()) };
        let tenants = tables::tenants(&self.store).map_err(|error| self.broken(error))?;
        self.unproved.clear();
        for (tenant, _) in &tenants {
            let row = tables::get::<CheckpointRow>(&self.store, tenant.as_bytes());
            if let Some(row) = row.map_err(|error| self.broken(error))? {
                let found = self.believed(&ledger, tenant, row.note.as_bytes());
                self.unproved.extend(found.map(|published| (tenant.clone(), published)));
            }
        }
        let topic = Arc::clone(&self.settings.checkpoints);
        for partition in 0..self.log.partitions(&topic).map_err(|error| self.reading(error))? {
            let range = self.log.range(&topic, partition).map_err(|error| self.reading(error))?;
            let known = self.published.compared.iter().find(|(known, _)| *known == partition);
            let mut next = known.map_or(range.start, |(_, next)| *next).clamp(range.start, range.end);
            // One for each tenant, however many there are.
            let mut newest = std::mem::take(&mut self.unproved);
            let mut found = Vec::new();
            self.read(&topic, partition, Start::At(next), |record| {
                next = record.offset + 1;
                found.extend(self.position_of(record, meta));
                let Some((tenant, published)) = self.published_for(&ledger, meta, record) else { return };
                let size = published.checkpoint.size;
                if newest.get(&tenant).is_none_or(|known| known.checkpoint.size <= size) {
                    newest.insert(tenant, published);
                }
            })?;
            self.find(found);
            self.unproved = newest;
            advance(&mut self.published.compared, partition, next);
        }
        Ok(())
    }

    /// A checkpoint of a tenant that lives here, from a record of the topic. Its key is `tenant/size`.
    fn published_for(&self, ledger: &LedgerName, meta: &Meta, record: &Record) -> Option<(String, Verified)> {
        let key = std::str::from_utf8(record.key.as_deref()?).ok()?;
        let (tenant, _) = key.rsplit_once('/')?;
        let home = match Tenant::parse_recorded(tenant).ok()?.as_partition() {
            Some(own) => own,
            None => crate::tenancy::partition_of_tenant(tenant, meta.partition_count),
        };
        let published = (home == self.partition).then(|| self.believed(ledger, tenant, record.value.as_deref()?))??;
        Some((tenant.to_owned(), published))
    }

    /// The checkpoint in a note that our key has signed for this tenant.
    fn believed(&self, ledger: &LedgerName, tenant: &str, note: &[u8]) -> Option<Verified> {
        let origin = Origin::new(ledger, &Tenant::parse_recorded(tenant).ok()?);
        let verifier = self.keyring.signer(&origin).verifier().clone();
        let verified = Checkpoint::verify(note, &[verifier]).ok()?;
        (verified.checkpoint.origin == origin).then_some(verified)
    }

    /// Compares the trees with what was published of them. `at_end` says that the recorder has applied all that the log held
    /// when it was assigned: what is missing then will not come.
    ///
    /// # Errors
    /// [`PublishError::Halt`] where a tree differs, or the log can't make it large enough.
    pub fn compare(&mut self, at_end: bool) -> Result<Compared, PublishError> {
        while let Some((tenant, Verified { checkpoint: published, note, .. })) = self.unproved.first_key_value() {
            let row = tables::get::<TenantRow>(&self.store, tenant.as_bytes()).map_err(|error| self.broken(error))?;
            let (number, size) = row.map_or((0, 0), |row| (row.number, row.size));
            if size < published.size {
                return if at_end {
                    Err(self.rolled_back(published, size))
                } else {
                    Ok(Compared::Behind(tenant.clone()))
                };
            }
            let tree = Tree::load(&self.store, number, published.size).map_err(|error| self.broken(error))?;
            if tree.root() != published.root {
                return Err(self.forked(published, tree.root()));
            }
            // What a former owner has published is this store's newest checkpoint, too: it never signs that size again.
            let note = String::from_utf8(note.to_bytes()).expect("a note is text");
            let mut batch = self.store.batch();
            tables::put(&mut batch, tenant.as_bytes(), &CheckpointRow { size: published.size, note });
            batch.commit(Durability::Written).map_err(|error| self.broken(error))?;
            self.unproved.pop_first();
        }
        Ok(Compared::Agrees)
    }

    fn rolled_back(&self, published: &Checkpoint, size: u64) -> PublishError {
        let reason = format!(
            "rollback: a checkpoint of {} leaves of {} is published, and the log gives only {size}",
            published.size, published.origin
        );
        let remedy = "The log was cut off or restored from an old copy: restore all of it, or run \
                      `ledgerline recover --new-origin` once you know what was lost.";
        PublishError::Halt(Halt::new(self.partition, reason, remedy))
    }

    fn forked(&self, published: &Checkpoint, root: [u8; 32]) -> PublishError {
        let reason = format!(
            "the tree of {} has root {} at {} leaves, and root {} was published and signed",
            published.origin,
            Hex(root),
            published.size,
            Hex(published.root)
        );
        let remedy = "This store is not the one that was signed. Move its folder away and start again: it is rebuilt from the \
                      log. If the rebuilt one differs too, the log was changed: keep both, and run \
                      `ledgerline recover --new-origin` once you know why.";
        PublishError::Halt(Halt::new(self.partition, reason, remedy))
    }
}
