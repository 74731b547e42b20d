//! The vectors of `docs/ledger-format.md`, and that contexts, keys and field cuts are kept apart.

use super::*;

const SAMPLE: Context = Context::new("ledgerline v1 sample");

#[test]
fn an_unkeyed_digest_is_derive_key_over_length_prefixed_fields() {
    let mut by_hand = blake3::Hasher::new_derive_key("ledgerline v1 sample");
    by_hand.update(b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c");
    assert_eq!(digest(SAMPLE, &[b"ab", b"", b"c"]), *by_hand.finalize().as_bytes());
}

#[test]
fn a_keyed_digest_takes_the_context_as_its_first_field() {
    let by_hand = blake3::keyed_hash(&[9; 32], b"\0\0\0\x14ledgerline v1 sample\0\0\0\x02ab");
    assert_eq!(keyed(&[9; 32], SAMPLE, &[b"ab"]), *by_hand.as_bytes());
}

#[test]
fn vectors() {
    let check = |got: [u8; 32], expected: &str| assert_eq!(hex::encode(got), expected);
    check(digest(SAMPLE, &[]), "1d600aaa69f7c1cfd6a5e6e2c3011f04fa8690311dc8ce4a730888e0faa0842b");
    check(digest(SAMPLE, &[b"orders", b"2024"]), "5c1e9ec64ec2305e954fbda0f300bf605fad73b057968c83df94bc6ce3cb43ed");
    let object = |bytes: &[u8]| *object_hasher().update(bytes).finalize().as_bytes();
    check(object(b""), "c11eab2db428f6252b1bf957c0bfd529d4c2d1d086ec6981e959aa5a57e528cd");
    check(object(b"ledgerline"), "4dab2c2da6fe1ca34ee3771460df5f3f9030dd47589059102609a18c69257fa5");
    check(
        keyed(&[0; 32], SAMPLE, &[b"orders", b"2024"]),
        "7f37aa78bb61b552a72ded26390ff10898e34768e3b43889ff39dee491efb2a1",
    );
}

#[test]
fn nothing_collides_that_should_not() {
    let other = Context::new("ledgerline v1 other");
    let all = [
        digest(SAMPLE, &[]),
        digest(SAMPLE, &[b""]),
        digest(SAMPLE, &[b"", b""]),
        digest(SAMPLE, &[b"ab"]),
        digest(SAMPLE, &[b"a", b"b"]),
        digest(SAMPLE, &[b"ab", b""]),
        digest(SAMPLE, &[b"", b"ab"]),
        digest(other, &[b"ab"]),
        keyed(&[0; 32], SAMPLE, &[b"ab"]),
        keyed(&[0; 32], other, &[b"ab"]),
        keyed(&[1; 32], SAMPLE, &[b"ab"]),
        keyed(&[0; 32], SAMPLE, &[b"a", b"b"]),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "case {at} repeats an earlier one");
    }
}

#[test]
fn every_context_is_named_once() {
    let all = [LONG_NAME, PRINCIPAL, RECORD, POSITIONS, ARTEFACTS, QUERY, KEY_CHECK, CONTROL_OPENING, SNAPSHOT_OBJECT];
    for (at, one) in all.iter().enumerate() {
        assert!(one.text().starts_with(Context::PREFIX));
        assert!(!all[..at].contains(one), "{} is named twice", one.text());
    }
}
