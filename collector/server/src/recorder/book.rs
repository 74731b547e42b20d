//! One tenant's ledger as the recorder grows it: its row, the edge of its tree, the key that makes its digests.
//! Never signs: what is signed, and when, is the publisher's.

use ledger::leaf::{self, Detail, Genesis, Leaf, Position};
use ledger::tree::leaf_hash;
use ledger::{Origin, Tenant, key::IdentityKey};
use lineage::query::Known;
use store::tables::{self, Beside, LeafKey, TenantRow, Tree};
use store::{Batch, Read, StoreError, Table};

use super::coverage::Taken;
use super::tree_keys::TreeKeys;

/// A tenant's ledger.
pub(super) struct Book {
    /// The tenant.
    pub tenant: Tenant,
    /// Its row, as of the last leaf.
    pub row: TenantRow,
    /// Its identity key.
    pub identity: IdentityKey,
    /// What walks learned of its graph.
    pub known: Known,
    /// The keys that sign its checkpoints.
    pub keys: TreeKeys,
    tree: Tree,
    changed: bool,
}

impl Book {
    /// A ledger with no leaf yet, to be begun with this one at that time.
    pub fn new(
        tenant: Tenant,
        number: u32,
        identity: IdentityKey,
        root_key: &str,
        (genesis, time_ns): (&Genesis, i64),
    ) -> Self {
        let row = TenantRow {
            number,
            size: 0,
            recorded: 0,
            duplicates: 0,
            rejected: 0,
            checkpoint_size: 0,
            checkpoint_ns: 0,
            grown_ns: 0,
            root_key: root_key.to_owned(),
        };
        let keys = TreeKeys::begin(genesis, time_ns);
        Book { tenant, row, identity, known: Known::default(), keys, tree: Tree::default(), changed: false }
    }

    /// Reads a stored ledger's edge.
    pub fn load(state: &impl Read, origin: Origin, row: TenantRow, identity: IdentityKey) -> Result<Self, StoreError> {
        let tree = Tree::load(state, row.number, row.size)?;
        let tenant = origin.tenant().clone();
        let keys = TreeKeys::load(origin, &row.root_key, tables::keys(state, row.number)?)?;
        Ok(Book { tenant, row, identity, known: Known::default(), keys, tree, changed: false })
    }

    /// Appends a leaf; gives its index.
    pub fn append(
        &mut self,
        batch: &mut Batch<'_>,
        position: Position,
        time_ns: i64,
        detail: Detail,
        beside: Option<Beside<'_>>,
    ) -> u64 {
        let bytes = leaf::encode(&Leaf { position, tenant: self.tenant.clone(), detail });
        let index = self.row.size;
        self.tree.push(batch, self.row.number, leaf_hash(&bytes));
        tables::put_leaf(batch, LeafKey { tenant: self.row.number, index }, bytes, beside);
        self.row.size = self.tree.size();
        self.row.grown_ns = time_ns;
        self.changed = true;
        index
    }

    /// Stores an event without its leaf: deduplicated, and not recorded. Never outside a measurement.
    pub fn without_leaf(&mut self, batch: &mut Batch<'_>, event_id: &[u8; 32], body: &[u8]) -> u64 {
        let index = self.row.size;
        let key = LeafKey { tenant: self.row.number, index };
        batch.put(Table::Bodies, &key.bytes(), body);
        tables::put_dedup(batch, key, event_id);
        self.row.size += 1;
        self.changed = true;
        index
    }

    /// Counts what became of an event of this tenant.
    pub fn count(&mut self, taken: Taken) {
        match taken {
            Taken::Recorded => self.row.recorded += 1,
            Taken::Duplicate => self.row.duplicates += 1,
            Taken::Rejected => self.row.rejected += 1,
        }
        self.changed = true;
    }

    /// The root, and with it the note that the ledger has this checkpoint.
    pub fn checkpoint(&mut self, time_ns: i64) -> [u8; 32] {
        self.row.checkpoint_size = self.row.size;
        self.row.checkpoint_ns = time_ns;
        self.changed = true;
        let root = self.tree.root();
        self.keys.sign(self.row.size, &root, &self.identity);
        root
    }

    /// Writes what the batch changed: once, before its commit.
    pub fn store(&mut self, batch: &mut Batch<'_>) {
        self.keys.store(batch, self.row.number);
        if std::mem::take(&mut self.changed) {
            self.tree.store(batch, self.row.number);
            tables::put(batch, self.tenant.as_str().as_bytes(), &self.row);
        }
    }
}
