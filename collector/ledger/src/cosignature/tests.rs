//! Cosignatures made by another implementation (Python's `cryptography`), what is refused, and what is passed over.

use super::*;
use crate::key::{KeyFault, KeyName, KeyNameFault, SignError, Signer as _, SigningKey, VerifierKey};
use crate::leaf::Hex;
use crate::note::{Note, NoteSignature};

/// A checkpoint of eleven leaves with its log's line and those of two witnesses.
const NOTE: &str = concat!(
    "log.example/orders\n11\ntubAHcNe8yoG1ShcXR8u5hcSynqvU9EI/ULCvRwUFgc=\n\n",
    "— log.example/orders mtZCh0iauFqngu+JNXGQoyIRzDI0reE4L+WE6FLciZWqqTXJoNzD7cKptbSFLudt+jATbAZvbUzm2NZcXNuzwcQhHA4=\n",
    "— witness.example/w1 iDLRrgAAAABkGFDLC+9jLgKxJpFuNFiRlSIKhrl9bG2q/3hu9Dj5Ts0m++WOGoRUNOFD7TVbyJsGAC2gKOuTiaRhb8CJl4bGy3YmDA==\n",
    "— witness.example/w2 ktHrIH//////////sc0CgkDgHrFMczKkBkiJRzmRZE1cH+9JjJRRvsM3qkesYIGISqpZCf1FktGIaNMHCi+6is+eAB2ibpML4cZtBg==\n",
);
const LOG: &str = "log.example/orders+9ad64287+AWa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";
const W1: &str = "witness.example/w1+8832d1ae+BNVCB9oZSXfc9Grb/sK8LnW1LVqKQhhP7f3AACTw4+ja";
const W2: &str = "witness.example/w2+92d1eb20+BFEcNKGiy1Id8WuyRrjejnmXziNcfnayKj11A6JIGd2K";
const W1_TIME: u64 = 1_679_315_147;

fn witness(name: &str, seed: u8) -> (SigningKey, WitnessKey) {
    let key = SigningKey::from_seed(KeyName::parse(name).unwrap(), [seed; 32]);
    let witness = WitnessKey::of(key.verifier());
    (key, witness)
}

fn note() -> Note {
    Note::from_bytes(NOTE.as_bytes()).unwrap()
}

fn seen(note: &Note, known: &[WitnessKey]) -> Result<Vec<(String, u64)>, CosignatureFault> {
    times(note, known).map(|times| times.into_iter().map(|(name, time)| (name.to_string(), time)).collect())
}

#[test]
fn what_another_implementation_made_is_read_and_made_again() {
    let (key, w1) = witness("witness.example/w1", 21);
    let (_, w2) = witness("witness.example/w2", 22);
    assert_eq!((w1.to_text().as_str(), w2.to_text().as_str()), (W1, W2));
    assert_eq!((WitnessKey::from_text(W1), WitnessKey::from_text(W2)), (Ok(w1.clone()), Ok(w2.clone())));
    let [at1, at2] = [("witness.example/w1".to_owned(), W1_TIME), ("witness.example/w2".to_owned(), TIME_S_MAX)];
    assert_eq!(seen(&note(), &[w1.clone(), w2.clone()]), Ok(vec![at1.clone(), at2.clone()]));
    assert_eq!(seen(&note(), &[w2.clone(), w1.clone(), w2]), Ok(vec![at2, at1]));
    assert_eq!(cosign(&key, &w1, note().text(), W1_TIME).unwrap(), note().signatures()[1], "Ed25519 has one signature");
    assert!(
        note().verify(&[VerifierKey::from_text(LOG).unwrap()]).is_ok(),
        "cosignatures do not disturb the log's line"
    );
}

#[test]
fn a_known_witnesss_bad_line_refuses_the_note_and_an_unknown_ones_does_not() {
    let ((_, w1), (stranger, unknown)) = (witness("witness.example/w1", 21), witness("w", 9));
    assert_eq!(seen(&note(), &[]), Ok(vec![]));
    assert_eq!(seen(&note(), std::slice::from_ref(&unknown)), Ok(vec![]), "it did not cosign");
    let (_, other_key) = witness("witness.example/w1", 9);
    assert_eq!(seen(&note(), &[other_key]), Ok(vec![]), "a known name with another key is another witness");
    let good = note().signatures()[1].bytes().to_vec();
    let check = |what: &str, bytes: Vec<u8>| {
        let mut note = note();
        note.add(NoteSignature::new(w1.name().clone(), w1.id(), bytes));
        let forged = Err(CosignatureFault::Forged { name: w1.name().clone(), id: w1.id() });
        assert_eq!(seen(&note, std::slice::from_ref(&w1)), forged, "{what}");
        assert_eq!(seen(&note, std::slice::from_ref(&unknown)), Ok(vec![]), "{what}, of a witness nobody named");
    };
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        check(&format!("bit {bit}"), bytes);
    }
    check("cut", good[..good.len() - 1].to_vec());
    check("longer", [good.as_slice(), b"\0"].concat());
    check("no time", good[8..].to_vec());
    check("a time alone", good[..8].to_vec());
    check("as long as ML-DSA's", vec![7; 8 + 2420]);
    check(
        "over another text",
        cosign(&witness("witness.example/w1", 21).0, &w1, "o\n1\n", 5).unwrap().bytes().to_vec(),
    );
    check("by another key", [&good[..8], &stranger.sign(b"m").unwrap()].concat());
    // The right signature over a second that the format does not allow.
    let late = TIME_S_MAX + 1;
    let message = format!("cosignature/v1\ntime {late}\n{}", note().text());
    let key = witness("witness.example/w1", 21).0;
    check("too late", [late.to_be_bytes().as_slice(), &key.sign(message.as_bytes()).unwrap()].concat());
    // What the key signs as a note is no cosignature, and its type 0x01 line is nobody's.
    check("a note's signature", [&good[..8], &key.sign(note().text().as_bytes()).unwrap()].concat());
    let mut plain = note();
    plain.sign(&key).unwrap();
    assert_eq!(seen(&plain, std::slice::from_ref(&w1)), Ok(vec![("witness.example/w1".to_owned(), W1_TIME)]));
}

#[test]
fn of_two_times_the_earlier_counts_and_both_must_hold() {
    let (key, w1) = witness("witness.example/w1", 21);
    let with = |line: &NoteSignature| {
        let mut bytes = note().to_bytes();
        bytes.extend(line.to_line());
        Note::from_bytes(&bytes).unwrap()
    };
    let earlier = cosign(&key, &w1, note().text(), W1_TIME - 1).unwrap();
    let known = [w1.clone()];
    assert_eq!(seen(&with(&earlier), &known), Ok(vec![("witness.example/w1".to_owned(), W1_TIME - 1)]));
    let bad = NoteSignature::new(w1.name().clone(), w1.id(), vec![0; 72]);
    assert!(matches!(seen(&with(&bad), &known), Err(CosignatureFault::Forged { .. })));
}

#[test]
fn nothing_is_given_out_that_its_key_does_not_accept() {
    let ((key, w1), (other, _)) = (witness("w1", 1), witness("w1", 2));
    assert!(matches!(cosign(&other, &w1, "o\n", 1), Err(SignError::Refused(_))), "another private key");
    assert!(matches!(cosign(&key, &w1, "o\n", TIME_S_MAX + 1), Err(SignError::Refused(_))), "after the last second");
    assert!(cosign(&key, &w1, "o\n", TIME_S_MAX).is_ok());
}

#[test]
fn texts_that_are_no_witnesss_key() {
    let check = |what: &str, text: &str, fault: WitnessKeyFault| {
        assert_eq!(WitnessKey::from_text(text), Err(fault), "{what}");
    };
    let malformed = WitnessKeyFault::Key(KeyFault::Malformed);
    check("nothing", "", malformed);
    check("a log's key", LOG, WitnessKeyFault::Type(1));
    check("ML-DSA", "w+00000000+BgAA", WitnessKeyFault::Type(6));
    check("no key", "w+00000000+BA==", malformed);
    check("another name", &W1.replacen("w1", "w3", 1), KeyFault::Id.into());
    check("another id", &W1.replacen("8832d1ae", "8832d1af", 1), KeyFault::Id.into());
    check(
        "the id of type 0x01",
        &W1.replacen("8832d1ae", &VerifierKey::id(witness("witness.example/w1", 21).0.verifier()).to_string(), 1),
        KeyFault::Id.into(),
    );
    check("an id in upper case", &W1.replacen("8832d1ae", "8832D1AE", 1), malformed);
    check("no name", &W1.replacen("witness.example/w1", "", 1), KeyFault::Name(KeyNameFault).into());
    check("a line end", &format!("{W1}\n"), malformed);
    check("a surplus part", &format!("{W1}+x"), malformed);
    for (what, point) in [
        ("the identity", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("small order", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        ("a second spelling", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ] {
        let data = [&[4], hex::decode(point).unwrap().as_slice()].concat();
        let id = Hex(signed_note::key_id("w", &data).to_be_bytes());
        use base64::Engine as _;
        let text = format!("w+{id}+{}", base64::prelude::BASE64_STANDARD.encode(&data));
        assert!(
            matches!(WitnessKey::from_text(&text), Err(WitnessKeyFault::Key(KeyFault::Weak | KeyFault::Malformed))),
            "{what}"
        );
    }
}

#[test]
fn answers_of_witnesses() {
    let ((key, w1), (w2_key, w2)) = (witness("witness.example/w1", 21), witness("witness.example/w2", 22));
    let log = VerifierKey::from_text(LOG).unwrap();
    let mut asked = Note::new(note().text().to_owned()).unwrap();
    asked.add(note().signatures()[0].clone());
    let line = |key: &SigningKey, witness: &WitnessKey, text: &str| cosign(key, witness, text, 77).unwrap().to_line();
    let (good, others) = (line(&key, &w1, asked.text()), line(&w2_key, &w2, asked.text()));
    let read = |answer: &[u8]| from_answer(&asked, answer, &w1);
    let expected = cosign(&key, &w1, asked.text(), 77).unwrap();
    assert_eq!(read(&good), Ok((expected.clone(), 77)));
    assert_eq!(read(&[others.clone(), good.clone()].concat()), Ok((expected, 77)), "others' lines are dropped");
    assert_eq!(read(&others), Err(CosignatureFault::Missing(w1.name().clone())));
    let forged = Err(CosignatureFault::Forged { name: w1.name().clone(), id: w1.id() });
    assert_eq!(read(&line(&key, &w1, "another\n1\n")), forged);
    assert_eq!(read(&[good.clone(), line(&key, &w1, "another\n1\n")].concat()), forged);
    let check = |what: &str, answer: Vec<u8>| assert_eq!(read(&answer), Err(CosignatureFault::Malformed), "{what}");
    check("nothing", vec![]);
    check("words", b"ok\n".to_vec());
    check("no line end", good[..good.len() - 1].to_vec());
    check("an empty line before", [b"\n".as_slice(), &good].concat());
    check("an empty line after", [good.as_slice(), b"\n"].concat());
    check("a note of its own", [b"\nother text\n\n".as_slice(), &good].concat());
    check("the text once more", [asked.text().as_bytes(), b"\n", &good].concat());
    assert!(asked.verify(&[log]).is_ok());
}
