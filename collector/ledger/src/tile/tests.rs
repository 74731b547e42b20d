//! Paths, tiles and bundles against the words of `c2sp.org/tlog-tiles`, and the spellings that must not pass.

use proptest::prelude::*;

use super::*;
use crate::tree::{Frontier, Hash, HashReader, leaf_hash, node_hash, prove_consistency, root, verify_consistency};

#[test]
fn paths() {
    let check = |part, number, width, text: &str| {
        let path = TilePath::new(part, number, width).unwrap();
        assert_eq!(path.to_string(), text);
        assert_eq!(TilePath::parse(text), Ok(path));
    };
    check(Part::Level(0), 0, 256, "tile/0/000");
    check(Part::Level(0), 0, 1, "tile/0/000.p/1");
    check(Part::Level(1), 999, 255, "tile/1/999.p/255");
    check(Part::Level(2), 1000, 256, "tile/2/x001/000");
    check(Part::Level(63), 1_234_067, 256, "tile/63/x001/x234/067");
    check(Part::Entries, 1_234_067, 8, "tile/entries/x001/x234/067.p/8");
    check(Part::Entries, u64::MAX, 256, "tile/entries/x018/x446/x744/x073/x709/x551/615");
}

#[test]
fn what_is_no_path() {
    for text in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile//000",
        "tile/0//000",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/256/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/X001/000",
        "tile/0/x01/000",
        "tile/0/+01",
        "tile/0/ 01",
        "tile/0/٠٠١",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.P/1",
        "tile/0/000 ",
        "tile/0/000\n",
        "tile/0/000.p/1%20",
        "tile/0/../000",
        "tile/entries",
        "tile/entries/",
        "tile/Entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x001/x018/x446/x744/x073/x709/x551/615",
    ] {
        assert_eq!(TilePath::parse(text), Err(TilePathFault), "{text:?}");
    }
    assert_eq!(TilePath::new(Part::Level(64), 0, 1), Err(TilePathFault));
    assert_eq!(TilePath::new(Part::Level(0), 0, 0), Err(TilePathFault));
    assert_eq!(TilePath::new(Part::Entries, 0, 257), Err(TilePathFault));
}

#[test]
fn widths() {
    let check =
        |part, number, size, width| assert_eq!(width_at(part, number, size), width, "{part:?} {number} of {size}");
    check(Part::Level(0), 0, 0, 0);
    check(Part::Level(0), 0, 1, 1);
    check(Part::Level(0), 0, 256, 256);
    check(Part::Level(0), 0, 1000, 256);
    check(Part::Level(0), 3, 1000, 232);
    check(Part::Level(0), 4, 1000, 0);
    check(Part::Level(1), 0, 255, 0);
    check(Part::Level(1), 0, 1000, 3);
    check(Part::Level(2), 0, 65_536, 1);
    check(Part::Level(8), 0, u64::MAX, 0);
    check(Part::Level(63), 0, u64::MAX, 0);
    check(Part::Entries, 3, 1000, 232);
    check(Part::Entries, u64::MAX, u64::MAX, 0);
}

struct Stored(Vec<Hash>);

impl HashReader for Stored {
    type Error = u64;
    fn read(&self, index: u64) -> Result<Hash, u64> {
        self.0.get(index as usize).copied().ok_or(index)
    }
}

#[test]
fn tiles_hold_the_hashes_of_their_level() {
    let size = 700_u64;
    let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let (mut frontier, mut stored) = (Frontier::new(), Stored(vec![]));
    for leaf in &leaves {
        frontier.push(*leaf, |_, hash| stored.0.push(*hash));
    }
    let tile = |text: &str| tile_hashes(&TilePath::parse(text).unwrap(), size, &stored).unwrap();
    assert_eq!(tile("tile/0/000"), Some(leaves[..256].concat()));
    assert_eq!(tile("tile/0/001"), Some(leaves[256..512].concat()));
    assert_eq!(tile("tile/0/002.p/188"), Some(leaves[512..].concat()));
    assert_eq!(tile("tile/0/002.p/1"), Some(leaves[512..513].concat()));
    assert_eq!(tile("tile/0/002.p/189"), None);
    assert_eq!(tile("tile/0/002"), None);
    assert_eq!(tile("tile/0/003.p/1"), None);
    assert_eq!(tile("tile/1/000.p/3"), None);
    assert_eq!(tile("tile/entries/000"), None);
    // Level 1: each hash is the root over one full tile of level 0.
    let over = |leaves: &[Hash]| {
        let mut row = leaves.to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        row[0]
    };
    assert_eq!(tile("tile/1/000.p/2"), Some([over(&leaves[..256]), over(&leaves[256..512])].concat()));
}

#[test]
fn hashes_are_read_from_tiles_that_somebody_serves() {
    let (mut frontier, mut stored, mut roots) = (Frontier::new(), Stored(vec![]), vec![]);
    for n in 0..66_000_u64 {
        frontier.push(leaf_hash(&n.to_be_bytes()), |_, hash| stored.0.push(*hash));
        roots.push(frontier.root());
    }
    let root_of = |size: u64| roots[usize::try_from(size).unwrap() - 1];
    // Serves tiles of its whole tree: of partial ones those that were made for `published` alone.
    let check = |size: u64, published: u64| {
        let fetched = std::cell::Cell::new(0);
        let reader = TileHashes::new(size, |path: &TilePath| {
            fetched.set(fetched.get() + 1);
            let whole = path.is_full() || width_at(path.part(), path.number(), published) == path.width();
            tile_hashes(path, 66_000, &stored).map(|tile| tile.filter(|_| whole))
        });
        assert_eq!(root(size, &reader).unwrap(), root_of(size), "{size} of {published}");
        for old in [1, 2, 255, 256, 257, 65_536, size].into_iter().filter(|old| *old <= size) {
            let proof = prove_consistency(old, size, &reader).unwrap();
            verify_consistency(&proof, old, &root_of(old), size, &root_of(size)).unwrap();
        }
        assert!(fetched.get() < 20, "{} tiles for {size}", fetched.get());
        let beyond = reader.read(crate::tree::stored_count(size));
        assert!(size == 66_000 || beyond.is_err(), "a hash that the tree of {size} does not have");
    };
    for size in [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000] {
        check(size, size);
    }
    // What was partial at 300 has become full, and a log may give the partial one up.
    check(300, 66_000);
    let cut = TileHashes::new(300, |path: &TilePath| {
        tile_hashes(path, 300, &stored).map(|tile| tile.map(|tile| tile[1..].to_vec()))
    });
    assert!(matches!(root(300, &cut), Err(TileFault::Missing(_))));
    let down = TileHashes::new(300, |_: &TilePath| Err::<Option<Vec<u8>>, _>("down"));
    assert!(matches!(root(300, &down), Err(TileFault::Fetch(_, "down"))));
    let largest = TileHashes::new(crate::tree::LEAVES_MAX, |path: &TilePath| {
        Ok::<_, ()>(Some(vec![0; usize::from(path.width()) * 32]))
    });
    assert!(root(crate::tree::LEAVES_MAX, &largest).is_ok(), "no size that a log may claim makes it panic");
    assert!(prove_consistency(crate::tree::LEAVES_MAX - 1, crate::tree::LEAVES_MAX, &largest).is_ok());
}

#[test]
fn bundles_are_exact() {
    let leaves: [&[u8]; 3] = [b"one", b"", b"three"];
    let bundle = encode_bundle(leaves).unwrap();
    assert_eq!(bundle, b"\0\x03one\0\0\0\x05three");
    assert_eq!(decode_bundle(&bundle, 3).unwrap(), leaves);
    assert_eq!(decode_bundle(&bundle, 2), Err(BundleFault::Surplus));
    assert_eq!(decode_bundle(&bundle, 4), Err(BundleFault::Truncated));
    for cut in 0..bundle.len() {
        assert_eq!(decode_bundle(&bundle[..cut], 3), Err(BundleFault::Truncated), "cut at {cut}");
    }
    assert_eq!(decode_bundle(&[&bundle[..], b"\0"].concat(), 3), Err(BundleFault::Surplus));
    let longest = vec![0; ENTRY_BYTES_MAX];
    let bundle = encode_bundle([longest.as_slice()]).unwrap();
    assert_eq!(decode_bundle(&bundle, 1).unwrap(), [longest.as_slice()]);
    assert_eq!(encode_bundle([vec![0; ENTRY_BYTES_MAX + 1].as_slice()]), Err(BundleFault::EntryTooLong));
}

proptest! {
    #[test]
    fn every_path_is_read_back(level in 0_u8..64, entries: bool, number: u64, shift in 0_u32..64, width in 1_u16..=256) {
        let part = if entries { Part::Entries } else { Part::Level(level) };
        let path = TilePath::new(part, number >> shift, width).unwrap();
        prop_assert_eq!(TilePath::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn no_text_makes_it_panic(text in "(tile/)?[0-9x/.pe]{0,40}|\\PC{0,40}") {
        if let Ok(path) = TilePath::parse(&text) {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn every_bundle_is_read_back(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let bundle = encode_bundle(leaves.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(decode_bundle(&bundle, leaves.len() as u16).unwrap(), leaves);
    }
}
