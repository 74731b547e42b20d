//! The store's trees against the newest checkpoints that were published: what a new owner does before it serves or signs.
//! A store that is behind signs nothing and waits for the log; one that the log can't bring there, or whose tree has another
//! root, is not the ledger that was signed, and its partition halts. Believes only notes
//! that keys of the tree have signed; what revoked ones alone have signed must agree with this tree, and is passed over where not.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::checkpoint::{Checkpoint, Verified};
use ledger::key::{KeyId, KeyName, KeyStatus, VerifierKey};
use ledger::leaf::Hex;
use ledger::note::Note;
use ledger::{LedgerName, Origin, Tenant};
use store::Durability;
use store::tables::{self, CheckpointRow, Meta, TenantRow, Tree};

use super::{PublishError, Publisher, Unproved, advance};
use crate::log::{Record, Start};
use crate::recorder::Halt;

/// Keys that are not known and whose checkpoints are kept until the log has told of them. A tree has few; junk has many.
const UNKNOWN_MAX: usize = 256;

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
        let (mut unproved, mut unknown) = (Unproved::new(), BTreeMap::new());
        let mut keys: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for (tenant, _) in &tenants {
            let row = tables::get::<CheckpointRow>(&self.store, tenant.as_bytes());
            if let Some(row) = row.map_err(|error| self.broken(error))? {
                let name = Tenant::parse_recorded(tenant).map_err(|error| self.stop(error))?;
                let known = self.known_keys(&ledger, &name)?;
                let found = believed(&Origin::new(&ledger, &name), &known, row.note.as_bytes());
                found.into_iter().for_each(|published| newest(&mut unproved, tenant, published));
            }
        }
        let topic = Arc::clone(&self.settings.checkpoints);
        for partition in 0..self.log.partitions(&topic).map_err(|error| self.reading(error))? {
            let range = self.log.range(&topic, partition).map_err(|error| self.reading(error))?;
            let known = self.published.compared.iter().find(|(known, _)| *known == partition);
            let mut next = known.map_or(range.start, |(_, next)| *next).clamp(range.start, range.end);
            let mut found = Vec::new();
            let mut failed = None;
            self.read(&topic, partition, Start::At(next), |record| {
                next = record.offset + 1;
                found.extend(self.position_of(record, meta));
                let Some(tenant) = self.home_of(meta, record) else { return };
                let origin = Origin::new(&ledger, &tenant);
                if !keys.contains_key(tenant.as_str()) {
                    match self.known_keys(&ledger, &tenant) {
                        Ok(known) => drop(keys.insert(tenant.as_str().to_owned(), known)),
                        Err(error) => failed = Some(error),
                    }
                }
                let known = keys.get(tenant.as_str()).map_or(&[][..], Vec::as_slice);
                let value = record.value.as_deref().unwrap_or_default();
                match believed(&origin, known, value) {
                    Some(published) => newest(&mut unproved, tenant.as_str(), published),
                    None => keep_unknown(&mut unknown, &origin, value),
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            self.find(found);
            advance(&mut self.published.compared, partition, next);
        }
        (self.unproved, self.unknown) = (unproved, unknown);
        Ok(())
    }

    /// Every key that a note of a tree may be signed with: those that the store knows of, and those that are here. A store that
    /// is behind may not have read of the latter's enrolment yet.
    fn known_keys(&self, ledger: &LedgerName, tenant: &Tenant) -> Result<Vec<VerifierKey>, PublishError> {
        let mut known = self.book(ledger, tenant)?.map(|book| book.verifiers()).unwrap_or_default();
        let here = self.keyring.verifiers(&Origin::new(ledger, tenant));
        known.extend(here.into_iter().filter(|key| !known.contains(key)).collect::<Vec<_>>());
        Ok(known)
    }

    /// The tenant that a record of the topic is about, where it lives here. Its key is `tenant/size`.
    fn home_of(&self, meta: &Meta, record: &Record) -> Option<Tenant> {
        let key = std::str::from_utf8(record.key.as_deref()?).ok()?;
        let tenant = Tenant::parse_recorded(key.rsplit_once('/')?.0).ok()?;
        let home = match tenant.as_partition() {
            Some(own) => own,
            None => crate::tenancy::partition_of_tenant(tenant.as_str(), meta.partition_count),
        };
        (home == self.partition).then_some(tenant)
    }

    /// Compares the trees with what was published of them. `at_end` says that the recorder has applied all that the log held
    /// when it was assigned: what is missing then will not come.
    ///
    /// # Errors
    /// [`PublishError::Halt`] where a tree differs, or the log can't make it large enough.
    pub fn compare(&mut self, at_end: bool) -> Result<Compared, PublishError> {
        if let Some(((tenant, _), _)) = self.unknown.first_key_value().filter(|_| !at_end) {
            return Ok(Compared::Behind(tenant.clone()));
        }
        // All keys that the log tells of are known now.
        for ((tenant, key), note) in std::mem::take(&mut self.unknown) {
            let name = Tenant::parse_recorded(&tenant).map_err(|error| self.stop(error))?;
            let meta = tables::get::<Meta>(&self.store, &[]).map_err(|error| self.broken(error))?;
            let ledger = meta.and_then(|meta| LedgerName::parse(&meta.ledger_name).ok());
            let Some(ledger) = ledger else { continue };
            match believed(&Origin::new(&ledger, &name), &self.known_keys(&ledger, &name)?, &note.to_bytes()) {
                Some(published) => newest(&mut self.unproved, &tenant, published),
                None => {
                    tracing::warn!(tenant, %key, "a checkpoint is published that no key of its ledger has signed: it counts for nothing")
                }
            }
        }
        while let Some(((tenant, _), Verified { checkpoint: published, note, signed_by })) =
            self.unproved.first_key_value()
        {
            let row = tables::get::<TenantRow>(&self.store, tenant.as_bytes()).map_err(|error| self.broken(error))?;
            let (number, size) = row.map_or((0, 0), |row| (row.number, row.size));
            if size < published.size && !at_end {
                return Ok(Compared::Behind(tenant.clone()));
            }
            let root = match size < published.size {
                true => None,
                false => {
                    let tree = Tree::load(&self.store, number, published.size);
                    Some(tree.map_err(|error| self.broken(error))?.root())
                }
            };
            if root != Some(published.root) {
                // Whoever holds a stolen key can sign any tree: what revoked keys alone have signed has to be in this one.
                let book = self.book(&published.origin.ledger(), published.origin.tenant())?;
                if matches!(book.map(|book| book.status(signed_by)), Some(KeyStatus::Revoked { .. })) {
                    tracing::error!(
                        origin = %published.origin,
                        size = published.size,
                        "a checkpoint of another tree is published that revoked keys alone have signed: it counts for nothing"
                    );
                    self.unproved.pop_first();
                    continue;
                }
                return Err(match root {
                    Some(root) => self.forked(published, root),
                    None => self.rolled_back(published, size),
                });
            }
            // What a former owner has published is this store's newest checkpoint, too: it never signs that size again.
            let newest =
                tables::get::<CheckpointRow>(&self.store, tenant.as_bytes()).map_err(|error| self.broken(error))?;
            if newest.is_none_or(|row| row.size <= published.size) {
                let note = String::from_utf8(note.to_bytes()).expect("a note is text");
                let mut batch = self.store.batch();
                tables::put(&mut batch, tenant.as_bytes(), &CheckpointRow { size: published.size, note });
                batch.commit(Durability::Written).map_err(|error| self.broken(error))?;
            }
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

/// The checkpoint in a note that one of these keys has signed for this tree.
fn believed(origin: &Origin, known: &[VerifierKey], note: &[u8]) -> Option<Verified> {
    Checkpoint::verify(note, known).ok().filter(|verified| verified.checkpoint.origin == *origin)
}

/// Keeps a note that claims to be of this tree by a key that is not known: the largest of each such key, and of the first
/// [`UNKNOWN_MAX`] of them.
fn keep_unknown(unknown: &mut BTreeMap<(String, KeyId), Note>, origin: &Origin, note: &[u8]) {
    let size = |note: &Note| {
        Checkpoint::from_body(note.text()).ok().filter(|found| found.origin == *origin).map(|found| found.size)
    };
    let Ok(note) = Note::from_bytes(note) else { return };
    let own = KeyName::of_checkpoints(origin);
    for line in note.signatures().iter().filter(|line| *line.name() == own) {
        let at = (origin.tenant().as_str().to_owned(), line.id());
        let larger = unknown.get(&at).is_none_or(|kept| size(kept) < size(&note));
        if larger && size(&note).is_some() && (unknown.len() < UNKNOWN_MAX || unknown.contains_key(&at)) {
            unknown.insert(at, note.clone());
        }
    }
}

/// Keeps the newest of each tenant and key: a stolen key's can't hide those of the others.
fn newest(unproved: &mut Unproved, tenant: &str, published: Verified) {
    for key in &published.signed_by {
        let at = (tenant.to_owned(), key.id());
        if unproved.get(&at).is_none_or(|known| known.checkpoint.size <= published.checkpoint.size) {
            unproved.insert(at, published.clone());
        }
    }
}
