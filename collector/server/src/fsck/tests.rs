//! A ledger in which one thing was changed, and what the check says of it.

use std::ops::ControlFlow;

use ledger::Tenant;
use lineage::decode::Limits;
use lineage::schema::Schemas;
use proptest::prelude::*;
use store::tables::{self, LeafKey, TenantRow};
use store::{Durability, Read as _, Scan, Store, StoreOptions, Table};

use super::{Fsck, FsckError, Sound};
use crate::recorder::tests::world::{Step, World};

const TENANT: &str = "default";

/// A ledger of some more leaves than one tile has.
struct Ledger {
    _folder: tempfile::TempDir,
    store: Store,
    world: World,
}

impl Ledger {
    fn new() -> Self {
        let world = World::new();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        let mut steps = Vec::new();
        for run in 0..140 {
            for (event, seconds) in [("START", 1), ("COMPLETE", 2)] {
                steps.push(Step::Event { run, job: 1, event, seconds, source: None });
            }
        }
        let mut recorder = world.recorder(&store);
        recorder.apply(&world.history(&steps)).unwrap();
        Self { _folder: folder, store, world }
    }

    fn row(&self) -> TenantRow {
        tables::get(&self.store, TENANT.as_bytes()).unwrap().unwrap()
    }

    fn checked(&self) -> Result<Sound, FsckError> {
        let (row, schemas) = (self.row(), Schemas::built_in().unwrap());
        let identity = self.world.keyring.identity(&Tenant::parse(TENANT).unwrap());
        let limits = Limits::default();
        let fsck = Fsck { store: &self.store, tenant: TENANT, row: &row, identity, schemas: &schemas, limits: &limits };
        fsck.whole(2, &|_| ControlFlow::Continue(()))
    }

    fn change(&self, table: Table, key: &[u8], value: Option<Vec<u8>>) {
        let mut batch = self.store.batch();
        match value {
            Some(value) => batch.put(table, key, value),
            None => batch.delete(table, key),
        }
        batch.commit(Durability::Written).unwrap();
    }

    fn rows(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let number = self.row().number.to_be_bytes();
        let mut rows = Vec::new();
        let scanned = self.store.scan(Scan::prefix(table, &number), &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        });
        scanned.unwrap();
        rows
    }

    fn leaf(&self, index: u64) -> Vec<u8> {
        LeafKey { tenant: self.row().number, index }.bytes().to_vec()
    }

    fn code(&self) -> String {
        match self.checked() {
            Ok(_) => "ok".to_owned(),
            Err(FsckError::Fault(fault)) => format!("{} {}", fault.code, fault.leaf),
            Err(error) => format!("{error}"),
        }
    }
}

#[test]
fn a_ledger_that_nobody_touched_is_sound() {
    let ledger = Ledger::new();
    let sound = ledger.checked().unwrap();
    assert_eq!(sound, Sound { leaves: 281, bodies: 280, erased: 0, dedup: 280 });
}

#[test]
fn what_was_changed_is_named() {
    let ledger = Ledger::new();
    let check = |what: &str, table: Table, key: &[u8], value: Option<Vec<u8>>, expected: &str| {
        let before = ledger.store.get(table, key).unwrap();
        ledger.change(table, key, value);
        assert_eq!(ledger.code(), expected, "{what}");
        ledger.change(table, key, before);
        assert_eq!(ledger.code(), "ok", "{what}: put back");
    };
    let (three, four) = (ledger.leaf(3), ledger.leaf(4));
    let get = |table, key: &[u8]| ledger.store.get(table, key).unwrap().unwrap();
    check("a leaf is gone", Table::Leaves, &three, None, "leaf-missing 3");
    check("another's leaf", Table::Leaves, &three, Some(get(Table::Leaves, &four)), "leaf-mismatch 3");
    check("a leaf too many", Table::Leaves, &ledger.leaf(281), Some(b"{}".to_vec()), "leaf-surplus 281");
    check("a body is gone", Table::Bodies, &three, None, "body-missing 3");
    check("an opening is gone", Table::Openings, &three, None, "body-missing 3");
    check("another's body", Table::Bodies, &three, Some(get(Table::Bodies, &four)), "body-mismatch 3");
    check("another's opening", Table::Openings, &three, Some(get(Table::Openings, &four)), "body-mismatch 3");
    check("a body behind leaf 0", Table::Bodies, &ledger.leaf(0), Some(b"{}".to_vec()), "body-surplus 0");
    let dedup = ledger.rows(Table::Dedup);
    let (key, value) = &dedup[0];
    let index = u64::from_be_bytes(value.as_slice().try_into().unwrap());
    check("a dedup row is gone", Table::Dedup, key, None, &format!("dedup-mismatch {index}"));
    check(
        "a dedup row of nothing",
        Table::Dedup,
        &[&key[..4], &[0xee; 32]].concat(),
        Some(value.clone()),
        "dedup-surplus 0",
    );
    let tiles = ledger.rows(Table::Tiles);
    let short = tiles[0].1[..32].to_vec();
    check("a tile is cut", Table::Tiles, &tiles[0].0, Some(short), "tile-mismatch 0");
    assert!(tiles.len() >= 3, "two tiles of leaves and one above them");
    let above = tiles.iter().find(|(key, _)| key[4] == 1).unwrap();
    check("the tile above", Table::Tiles, &above.0, Some(vec![0; 32]), "tile-mismatch 0");
}

#[test]
fn an_erased_body_is_no_fault() {
    let ledger = Ledger::new();
    for table in [Table::Bodies, Table::Openings] {
        ledger.change(table, &ledger.leaf(7), None);
    }
    assert_eq!(ledger.checked().unwrap(), Sound { leaves: 281, bodies: 279, erased: 1, dedup: 280 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]

    /// Any bit of any row: one ledger, many flips.
    #[test]
    fn any_flipped_bit_is_found(picks in prop::collection::vec((0..5_usize, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 60)) {
        let ledger = Ledger::new();
        let kinds = [Table::Leaves, Table::Openings, Table::Bodies, Table::Dedup, Table::Tiles];
        for (kind, row, bit) in picks {
            let table = kinds[kind];
            let rows = ledger.rows(table);
            let (key, value) = &rows[row.index(rows.len())];
            let mut flipped = value.clone();
            let bit = bit.index(flipped.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            ledger.change(table, key, Some(flipped));
            prop_assert!(matches!(ledger.checked(), Err(FsckError::Fault(_))), "{table:?} {key:?} bit {bit}");
            ledger.change(table, key, Some(value.clone()));
        }
        prop_assert!(ledger.checked().is_ok());
    }
}
