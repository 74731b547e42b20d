//! The keys of one tree as the recorder keeps them: the book, and beside each key what only the log's time and the checkpoints
//! of the tree tell. Never signs, and never knows which keys this process holds.

use ledger::Origin;
use ledger::digest::ARTEFACTS;
use ledger::key::{IdentityKey, KeyBook, KeyId, KeyOrder, KeyState};
use ledger::leaf::{Artefacts, Genesis, Hex, KeyAction};
use ledger::note::Note;
use store::tables::{self, KeyRow, SignedRow};
use store::{Batch, StoreError};

use crate::keyring::restored;

const SECOND_NS: i64 = 1_000_000_000;

/// The keys of one tree.
pub(super) struct TreeKeys {
    book: KeyBook,
    /// One for each key of the book.
    kept: Vec<Kept>,
    /// As the store has them.
    stored: Vec<KeyRow>,
    changed: bool,
}

#[derive(Clone, Copy, Default)]
struct Kept {
    enrolled_ns: i64,
    retires_ns: Option<i64>,
    signed: SignedRow,
}

impl TreeKeys {
    /// The keys that leaf 0 names.
    pub fn begin(genesis: &Genesis, time_ns: i64) -> Self {
        // Before the first tick the log has no time of its own: the receipt stands in, a value of the log too.
        let enrolled_ns = if time_ns > 0 { time_ns } else { genesis.received_at_ns };
        let kept = vec![Kept { enrolled_ns, ..Kept::default() }];
        Self { book: KeyBook::begin(genesis), kept, stored: Vec::new(), changed: true }
    }

    /// Those of a store.
    pub fn load(origin: Origin, root: &str, rows: Vec<KeyRow>) -> Result<Self, StoreError> {
        let kept = |row: &KeyRow| Kept { enrolled_ns: row.enrolled_ns, retires_ns: row.retires_ns, signed: row.signed };
        let kept = rows.iter().map(kept).collect();
        Ok(Self { book: restored(origin, root, &rows)?, kept, stored: rows, changed: false })
    }

    /// The book.
    pub fn book(&self) -> &KeyBook {
        &self.book
    }

    /// Whether any key may sign at all.
    pub fn can_sign(&self) -> bool {
        self.book.keys().iter().any(|key| matches!(key.state(), KeyState::Active | KeyState::Overlap))
    }

    /// Counts a checkpoint for the keys that are to sign it.
    pub fn sign(&mut self, size: u64, root: &[u8; 32], identity: &IdentityKey) {
        let signers: Vec<KeyId> = self.book.signers(size).iter().map(|key| key.verifier.id()).collect();
        for (key, kept) in self.book.keys().iter().zip(&mut self.kept) {
            if signers.contains(&key.verifier.id()) {
                let SignedRow { count, first_size, digest, .. } = kept.signed;
                let first_size = if count == 0 { size } else { first_size };
                let digest = identity.digest(ARTEFACTS, &[&digest, &size.to_be_bytes(), root]);
                kept.signed = SignedRow { count: count + 1, first_size, last_size: size, digest };
                self.changed = true;
            }
        }
    }

    /// What the key had signed that an order is about: with a rotation the replaced one. None for a key that signed nothing.
    pub fn artefacts(&self, order: &KeyOrder) -> Option<Artefacts> {
        let id = order.replaces.unwrap_or(order.key.id());
        let at = self.book.keys().iter().position(|key| key.verifier.id() == id)?;
        let SignedRow { count, first_size, last_size, digest } = self.kept[at].signed;
        (count > 0).then_some(Artefacts { count, first_size, last_size, digest: Hex(digest) })
    }

    /// Carries out an order that the book has let pass.
    pub fn carry_out(&mut self, order: &KeyOrder, note: &Note, index: u64, time_ns: i64) {
        self.book.carry_out(order, note, index);
        let enrolled = Kept { enrolled_ns: time_ns, ..Kept::default() };
        self.kept.resize(self.book.keys().len(), enrolled);
        if let (KeyAction::Rotate, Some(overlap), Some(replaced)) =
            (order.action, order.overlap_seconds, order.replaces)
            && let Some(at) = self.book.keys().iter().position(|key| key.verifier.id() == replaced)
        {
            self.kept[at].retires_ns = Some(time_ns.saturating_add(i64::from(overlap).saturating_mul(SECOND_NS)));
        }
        self.changed = true;
    }

    /// At a tick: keys whose overlap is over sign nothing from this size on.
    pub fn lapse(&mut self, time_ns: i64, size: u64) {
        let due = |kept: &Kept| kept.retires_ns.is_some_and(|at| at <= time_ns);
        let over = self.book.keys().iter().zip(&self.kept);
        let over = over.filter(|(key, kept)| key.state() == KeyState::Overlap && due(kept));
        let over: Vec<KeyId> = over.map(|(key, _)| key.verifier.id()).collect();
        // One that is to follow a key which was revoked meanwhile stays: somebody must sign.
        let stays = self.book.keys().iter().any(|key| key.state() == KeyState::Active);
        for id in over.into_iter().filter(|_| stays) {
            self.book.retire(id, size);
            self.changed = true;
        }
    }

    /// Writes what changed: once, before the commit of a batch.
    pub fn store(&mut self, batch: &mut Batch<'_>, tenant: u32) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let row = |(key, kept): (&ledger::key::BookKey, &Kept)| KeyRow {
            verifier: key.verifier.to_text(),
            from_size: key.from_size,
            enrolled_ns: kept.enrolled_ns,
            replaced_at: key.replaced_at,
            retires_ns: kept.retires_ns,
            retired_from: key.retired_from,
            revoked_at: key.revoked_at,
            enrolled_by: key.enrolled_by.iter().map(ledger::key::VerifierKey::to_text).collect(),
            signed: kept.signed,
        };
        let rows: Vec<KeyRow> = self.book.keys().iter().zip(&self.kept).map(row).collect();
        for (number, row) in (0_u32..).zip(&rows) {
            if self.stored.get(number as usize) != Some(row) {
                tables::put_key(batch, tenant, number, row);
            }
        }
        self.stored = rows;
    }
}
