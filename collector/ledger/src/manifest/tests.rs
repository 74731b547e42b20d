//! Manifests: the one spelling, every bit of it signed, every rule between members; names as paths and back.

use super::*;
use crate::key::SigningKey;
use crate::origin::LedgerName;

fn origin(partition: u32) -> Origin {
    Origin::new(&LedgerName::parse("ledgerline").unwrap(), &Tenant::partition(partition))
}

fn signer(partition: u32, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::of_checkpoints(&origin(partition)), [seed; 32])
}

fn file(name: &str, byte: u8) -> StoredFile {
    StoredFile { name: FileName::parse(name).unwrap(), digest: Hex([byte; 32]), length_bytes: u64::from(byte) }
}

fn tree(tenant: &str, size: u64) -> TreeHead {
    TreeHead { tenant: Tenant::parse_recorded(tenant).unwrap(), size, root: Hex([7; 32]) }
}

fn sample() -> Manifest {
    Manifest {
        origin: origin(2),
        incarnation: Hex([0xab; 16]),
        partition: 2,
        partition_count: 4,
        made_at_ns: 1_777_798_800_000_000_000,
        store_format: 1,
        generation: 3,
        next_offset: 1_000,
        last_record: Hex([9; 32]),
        published: Published { next_offset: 990, delivered: vec![Place { partition: 0, next_offset: 17 }] },
        trees: vec![tree("acme", 12), tree("p-2", 3)],
        files: vec![file("000012.sst", 1), file("CURRENT", 2), file("MANIFEST-000005", 3)],
    }
}

/// What reading says of a manifest under its own name: `ok`, or the fault.
fn said(bytes: &[u8]) -> String {
    match Manifest::verify(bytes, &sample().name(), &[signer(2, 1).verifier().clone()]) {
        Ok(manifest) => {
            assert_eq!(manifest, sample());
            "ok".to_owned()
        }
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn a_sealed_manifest_is_read_back_and_pinned() {
    let bytes = sample().seal(&[&signer(2, 1)]).unwrap();
    assert_eq!(said(&bytes), "ok");
    let text = String::from_utf8(bytes).unwrap();
    let expected = "ledgerline snapshot v1\n{\"origin\":\"ledgerline/p-2\",\"incarnation\":\"abababababababababababababababab\",\
        \"partition\":2,\"partition_count\":4,\"made_at_ns\":1777798800000000000,\"store_format\":1,\"generation\":3,\
        \"next_offset\":1000,\"last_record\":\"0909090909090909090909090909090909090909090909090909090909090909\",\
        \"published\":{\"next_offset\":990,\"delivered\":[{\"partition\":0,\"next_offset\":17}]},\"trees\":[{\"tenant\":\"acme\",";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(sample().size_bytes(), 6);
}

/// No byte may be another, none may be missing, none too many: the oracle is the signature alone, whatever the fault is called.
#[test]
fn any_flipped_bit_and_any_cut_is_found() {
    let bytes = sample().seal(&[&signer(2, 1)]).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert_ne!(said(&flipped), "ok", "bit {bit} of byte {at}");
        }
        assert_ne!(said(&bytes[..at]), "ok", "cut at {at}");
    }
    assert_ne!(said(&[&bytes[..], b"\n"].concat()), "ok", "a byte too many");
}

#[test]
fn the_wrong_key_place_or_format_is_told() {
    let check = |bytes: Vec<u8>, part: &str| {
        let said = said(&bytes);
        assert!(said.contains(part), "{said} lacks {part}");
    };
    check(sample().seal(&[&signer(2, 9)]).unwrap(), "none of the known keys signed");
    check(sample().seal(&[&signer(1, 1)]).unwrap(), "none of the known keys signed");
    let later = Manifest { next_offset: 1_001, ..sample() };
    check(later.seal(&[&signer(2, 1)]).unwrap(), "stands under the name of abababababababababababababababab/2/1000");
    let signed = |text: String| {
        let mut note = Note::new(text).unwrap();
        note.sign(&signer(2, 1)).unwrap();
        note.to_bytes()
    };
    check(signed("ledgerline snapshot v2\n{}\n".to_owned()), "format 2 and this build reads format 1: upgrade");
    check(signed("ledgerline snapshot\n{}\n".to_owned()), "its heading is another's");
    let text = codec::text(&sample());
    check(signed(text.replace("\":2,", "\": 2,")), "one spelling");
    check(signed(text.replace("\"generation\":3", "\"generation\":3,\"more\":1")), "unknown field");
    check(signed(text.replace("000012.sst", "../12.sst")), "not the name of a store's file");
    // A checkpoint of the same key is no manifest.
    check(signed(format!("{}\n1\nAAAA\n", origin(2))), "its heading is another's");
}

#[test]
fn what_contradicts_itself_is_not_signed() {
    let check = |change: &dyn Fn(&mut Manifest), part: &str| {
        let mut manifest = sample();
        change(&mut manifest);
        let fault = manifest.seal(&[&signer(2, 1)]).unwrap_err().to_string();
        assert!(fault.contains(part), "{fault} lacks {part}");
    };
    check(&|manifest| manifest.partition = 1, "another partition's");
    check(&|manifest| manifest.partition_count = 2, "not one of those counted");
    check(&|manifest| manifest.next_offset = 0, "holds no record");
    check(&|manifest| manifest.files.clear(), "names no file");
    check(&|manifest| manifest.files.swap(0, 1), "files are not in order");
    check(&|manifest| manifest.files.push(file("MANIFEST-000005", 4)), "files are not in order");
    check(&|manifest| manifest.trees.reverse(), "trees are not in order");
    let place = Place { partition: 0, next_offset: 1 };
    check(&|manifest| manifest.published.delivered.push(place), "places are not in order");
    check(
        &|manifest| manifest.files = (0..20_000).map(|number| file(&format!("{number:06}.sst"), 1)).collect(),
        "make a manifest longer than 1000000 bytes",
    );
}

#[test]
fn names_are_paths_and_back() {
    let name = sample().name();
    let path = name.path();
    assert_eq!(path, "manifests/abababababababababababababababab/2/00000000000000001000");
    assert_eq!(SnapshotName::of_path(&path), Some(name));
    assert_eq!(name.to_string().parse(), Ok(name));
    for other in [
        "manifests/abababababababababababababababab/2/1000",
        "manifests/abababababababababababababababab/02/00000000000000001000",
        "manifests/ABABABABABABABABABABABABABABABAB/2/00000000000000001000",
        "manifests/abababababababababababababababab/2/00000000000000001000/more",
        "objects/abababababababababababababababab/2/00000000000000001000",
        "",
    ] {
        assert_eq!(SnapshotName::of_path(other), None, "{other}");
    }
    for other in ["", "2/1000", "abab/2/1000", "abababababababababababababababab/2/x"] {
        assert_eq!(other.parse::<SnapshotName>(), Err(SnapshotNameFault), "{other}");
    }
    let digest = Hex([0xcd; 32]);
    assert_eq!(read_object_path(&object_path(&digest)), Some(digest));
    assert_eq!(read_object_path("objects/cdcd"), None);
    for other in ["", ".sst", "a/b", "a b", "..", &"a".repeat(FILE_NAME_BYTES_MAX + 1)] {
        assert_eq!(FileName::parse(other), Err(FileNameFault), "{other}");
    }
}
