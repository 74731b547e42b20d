//! Copies: whole, of one moment, unchanged by reading; formats that this build does not read.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::tables::{self, Meta, Row, StoreFormat, TenantRow};
use crate::{Durability, Read, Scan, Store, StoreFault, StoreOptions, Table, clear_own_logs, copied_files};

fn options() -> StoreOptions {
    StoreOptions::new(8 << 20, 8 << 20)
}

fn open(path: &Path) -> Store {
    Store::open(path, &options()).unwrap()
}

fn tenant(size: u64) -> TenantRow {
    TenantRow {
        number: 0,
        size,
        recorded: 0,
        duplicates: 0,
        rejected: 0,
        checkpoint_size: 0,
        checkpoint_ns: 0,
        grown_ns: 0,
        root_key: String::new(),
    }
}

/// One record: a row in every family, and how far it came.
fn step(store: &Store, offset: u64) {
    let mut batch = store.batch();
    for table in [Table::Graph, Table::Dedup, Table::Leaves, Table::Bodies] {
        batch.put(table, &offset.to_be_bytes(), offset.to_be_bytes());
    }
    tables::put(&mut batch, &[], &Meta { next_offset: offset + 1, ..Meta::new(0, 1) });
    batch.commit(Durability::Written).unwrap();
}

fn rows(store: &Store, table: Table) -> u64 {
    let mut rows = 0;
    store
        .scan(Scan::prefix(table, &[]), &mut |_, _| {
            rows += 1;
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

/// The writer goes on while copies are made: in each, every family ends at the same record.
#[test]
fn a_copy_is_of_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    step(&store, 0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut offset = 1;
            while !stop.load(Ordering::Relaxed) {
                step(&store, offset);
                offset += 1;
            }
        });
        let mut last = 0;
        for number in 0..12 {
            let to = folder.path().join(format!("copy-{number}"));
            store.copy_to(&to).unwrap();
            let copy = Store::open_copy(&to, &options()).unwrap();
            let held = copy.held().unwrap().unwrap();
            for table in [Table::Graph, Table::Dedup, Table::Leaves, Table::Bodies] {
                assert_eq!(rows(&copy, table), held.meta.next_offset, "{table:?} of copy {number}");
            }
            assert!(held.meta.next_offset >= last, "copies never go back");
            last = held.meta.next_offset;
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn reading_changes_no_file_of_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("store"), folder.path().join("copy"));
    let store = open(&from);
    (0..50).for_each(|offset| step(&store, offset));
    store.copy_to(&to).unwrap();
    let bytes = || -> Vec<_> {
        let files = copied_files(&to).unwrap();
        files.into_iter().map(|file| (file.name, std::fs::read(file.path).unwrap())).collect()
    };
    let before = bytes();
    assert!(before.iter().any(|(name, _)| name == "CURRENT") && before.iter().any(|(name, _)| name.ends_with(".sst")));
    let copy = Store::open_copy(&to, &options()).unwrap();
    assert_eq!(copy.held().unwrap().unwrap().meta.next_offset, 50);
    let mut batch = copy.batch();
    batch.put(Table::Graph, b"x", b"y");
    assert!(batch.commit(Durability::Written).is_err(), "a copy can't be written");
    drop(copy);
    clear_own_logs(&to).unwrap();
    assert_eq!(bytes(), before);
    assert_eq!(before.len(), std::fs::read_dir(&to).unwrap().count(), "nothing else is left");
    // And it is a store like any other once it is opened as one.
    let copy = open(&to);
    step(&copy, 50);
    assert_eq!((rows(&copy, Table::Leaves), rows(&store, Table::Leaves)), (51, 50));
}

/// What does not change is not copied anew: a second copy of an idle store shares its files.
#[test]
fn an_idle_store_gives_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    (0..2_000).for_each(|offset| step(&store, offset));
    let files = |to: &str| -> Vec<_> {
        let to = folder.path().join(to);
        store.copy_to(&to).unwrap();
        let files = copied_files(&to).unwrap();
        files.into_iter().map(|file| (file.name, std::fs::read(file.path).unwrap())).collect()
    };
    let first = files("first");
    step(&store, 2_000);
    let second = files("second");
    let new: u64 = second.iter().filter(|file| !first.contains(file)).map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(new <= 64 << 10, "{new} bytes of new files");
}

#[test]
fn another_format_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(store.held().unwrap(), None, "it has applied nothing");
    assert_eq!(Meta::format_of(&store).unwrap(), StoreFormat::None);
    let put = |row: Vec<u8>| {
        let mut batch = store.batch();
        batch.put(Table::Meta, &[], row);
        batch.commit(Durability::Written).unwrap();
        Meta::format_of(&store)
    };
    let check = |row: Vec<u8>, expected: StoreFormat, remedy: &str| {
        let format = put(row).unwrap();
        assert_eq!(format, expected);
        assert!(format.refusal().map_or("", |(_, remedy)| remedy).contains(remedy), "{format:?}");
    };
    check(Meta::new(0, 1).encode(), StoreFormat::Current, "");
    check(Meta { format: Meta::FORMAT + 1, ..Meta::new(0, 1) }.encode(), StoreFormat::Newer, "Upgrade");
    check(Meta { format: 0, ..Meta::new(0, 1) }.encode(), StoreFormat::Older(0), "Move the store's folder away");
    // A row in a later version's spelling, of which only the first bytes can be read.
    check(vec![2, 1, 1, 1], StoreFormat::Newer, "Upgrade");
    assert_eq!(put(vec![]).unwrap_err().fault, StoreFault::Halt);
}

#[test]
fn the_roots_are_those_of_the_trees() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut tree = tables::Tree::default();
    let mut batch = store.batch();
    for leaf in 0..300_u64 {
        tree.push(&mut batch, 0, ledger::tree::leaf_hash(&leaf.to_be_bytes()));
    }
    tree.store(&mut batch, 0);
    tables::put(&mut batch, b"acme", &tenant(300));
    tables::put(&mut batch, &[], &Meta::new(0, 1));
    batch.commit(Durability::Written).unwrap();
    let held = store.held().unwrap().unwrap();
    assert_eq!((held.trees.len(), held.trees[0].size, held.trees[0].root), (1, 300, tree.root()));
}
