//! A note written by another implementation, the one spelling, and whose signatures count.

use proptest::prelude::*;

use super::*;
use crate::key::SigningKey;

/// From `golang.org/x/mod/sumdb/note`'s documentation: text, keys and signatures are all theirs.
const GO_NOTE: &str = concat!(
    "If you think cryptography is the answer to your problem,\n",
    "then you don't know what your problem is.\n",
    "\n",
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
);
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), [seed; 32])
}

fn signed(keys: &[&SigningKey]) -> Note {
    let mut note = Note::new("one\n\ntwo\n".into()).unwrap();
    for key in keys {
        note.sign(*key).unwrap();
    }
    note
}

#[test]
fn a_note_written_by_another_implementation_is_accepted() {
    let note = Note::from_bytes(GO_NOTE.as_bytes()).unwrap();
    let known = [VerifierKey::from_text(GO_KEY).unwrap()];
    assert_eq!(note.verify(&known), Ok(vec![&known[0]]));
    assert_eq!(note.to_bytes(), GO_NOTE.as_bytes());
    assert_eq!(note.text().lines().count(), 2);
}

#[test]
fn who_signed() {
    let (a, b, c) = (key("a", 1), key("b", 2), key("c", 3));
    let [known_a, known_b, known_c] = [&a, &b, &c].map(|key| key.verifier().clone());
    let note = signed(&[&a, &b]);
    let check = |what: &str, known: &[VerifierKey], expected: &[&VerifierKey]| {
        let expected = if expected.is_empty() { Err(NoteFault::Unsigned) } else { Ok(expected.to_vec()) };
        assert_eq!(note.verify(known), expected, "{what}");
    };
    check("one known", std::slice::from_ref(&known_a), &[&known_a]);
    check("both known", &[known_b.clone(), known_a.clone()], &[&known_b, &known_a]);
    check("known twice", &[known_a.clone(), known_a.clone()], &[&known_a]);
    check("one of two known", &[known_c.clone(), known_b.clone()], &[&known_b]);
    check("none known", std::slice::from_ref(&known_c), &[]);
    check("nothing known", &[], &[]);
    check("a known name with another key", &[key("a", 9).verifier().clone()], &[]);
    check("a known key with another name", &[key("z", 1).verifier().clone()], &[]);
    let again = signed(&[&a, &b, &a]);
    assert_eq!(again.signatures().len(), 2, "a key signs once");
}

#[test]
fn a_known_keys_bad_line_refuses_the_note_and_an_unknown_ones_does_not() {
    let (a, b) = (key("a", 1), key("b", 2));
    let known = [a.verifier().clone()];
    let mut note = signed(&[&a, &b]);
    let mut other = Note::new("another text\n".into()).unwrap();
    other.sign(&b).unwrap();
    note.add(other.signatures()[0].clone());
    assert_eq!(note.verify(&known), Ok(vec![&known[0]]), "b's line is over another text, and b is unknown");
    let both = [known[0].clone(), b.verifier().clone()];
    assert_eq!(note.verify(&both), Err(NoteFault::Forged { name: b.verifier().name().clone(), id: b.verifier().id() }));
    // A second line under a known key's name must hold too.
    let good = signed(&[&a]);
    let forged = NoteSignature::new(a.verifier().name().clone(), a.verifier().id(), vec![0; 64]);
    let lines = [good.to_bytes(), forged.to_line()].concat();
    assert!(matches!(Note::from_bytes(&lines).unwrap().verify(&known), Err(NoteFault::Forged { .. })));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (a, b) = (key("a", 1), key("b", 2));
    let bytes = signed(&[&a, &b]).to_bytes();
    let known = [a.verifier().clone(), b.verifier().clone()];
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let signed_by = Note::from_bytes(&flipped).and_then(|note| note.verify(&known).map(|keys| keys.len()));
        // Flipping a name or an id makes that one line an unknown key's; everything else refuses the note.
        assert_ne!(signed_by, Ok(2), "bit {bit}");
        let in_text = bit / 8 < b"one\n\ntwo\n".len();
        assert!(!in_text || signed_by.is_err(), "bit {bit}");
    }
}

#[test]
fn what_is_no_note() {
    let good = String::from_utf8(signed(&[&key("a", 1)]).to_bytes()).unwrap();
    let line = good.split("\n\n").last().unwrap();
    assert!(Note::from_bytes(good.as_bytes()).is_ok());
    let check =
        |what: &str, text: &str| assert_eq!(Note::from_bytes(text.as_bytes()), Err(NoteFault::Malformed), "{what}");
    check("nothing", "");
    check("no signature", "text\n");
    check("an empty signature block", "text\n\n");
    check("no text", &format!("\n{line}"));
    check("a text of one line end", &format!("\n\n{line}"));
    check("no empty line", &format!("text\n{line}"));
    check("no last line end", good.trim_end_matches('\n'));
    check("an empty line after", &format!("{good}\n"));
    check("something after", &format!("{good}more\n"));
    check("a hyphen for the dash", &good.replacen('—', "-", 1));
    check("two spaces", &good.replacen("— a ", "— a  ", 1));
    check("no name", &good.replacen("— a ", "— ", 1));
    check("a plus in the name", &good.replacen("— a ", "— a+b ", 1));
    check("a carriage return", &good.replacen("one\n", "one\r\n", 1));
    check("a tab", &good.replacen("one", "o\tne", 1));
    check("a zero byte", &good.replacen("one", "o\0ne", 1));
    check("a signature without padding", &good.replacen("=\n", "\n", 1));
    check("a signature too short for an id", "text\n\n— a AAAA\n");
    check("a signature of an id alone", "text\n\n— a AAAAAA==\n");
    check("trailing bits that are not zero", &twin_of_last_digit(&good));
    check("base64 for URLs", &GO_NOTE.replace('/', "_"));
    let many = |count| format!("text\n\n{}", "— a AAAAAAA=\n".repeat(count));
    assert!(Note::from_bytes(many(SIGNATURES_MAX).as_bytes()).is_ok());
    check("too many signatures", &many(SIGNATURES_MAX + 1));
    check("too long", &format!("{}\n\n{line}", "x".repeat(NOTE_BYTES_MAX)));
    assert_eq!(Note::from_bytes(b"\xff\n\n\xff\n"), Err(NoteFault::Malformed));
    for text in ["", "\n", "no line end", "control\u{1}\n"] {
        assert_eq!(Note::new(text.into()), Err(NoteFault::Malformed), "{text:?}");
    }
}

/// The same bytes in another spelling: the last digit before the padding carries bits that no byte uses.
fn twin_of_last_digit(note: &str) -> String {
    let at = note.rfind('=').unwrap() - usize::from(note.ends_with("==\n"));
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = digits.iter().position(|digit| *digit == note.as_bytes()[at - 1]).unwrap();
    let twin = char::from(digits[value | 1]);
    assert_ne!(twin, char::from(note.as_bytes()[at - 1]));
    format!("{}{twin}{}", &note[..at - 1], &note[at..])
}

proptest! {
    #[test]
    fn every_note_is_read_back(text in "[^\u{0}-\u{9}\u{b}-\u{1f}]{1,80}\n", seeds in prop::collection::btree_set(any::<u8>(), 1..5)) {
        let mut note = Note::new(text).unwrap();
        for seed in seeds {
            note.sign(&key(&format!("k{seed}"), seed)).unwrap();
        }
        let bytes = note.to_bytes();
        prop_assert_eq!(Note::from_bytes(&bytes), Ok(note));
    }

    #[test]
    fn no_bytes_make_it_panic(text in "(text\n){0,3}\n?\n?(— ?[a+ ]{0,3} ?[A-Za-z0-9+/=]{0,20}\n?){0,3}") {
        if let Ok(note) = Note::from_bytes(text.as_bytes()) {
            prop_assert_eq!(note.to_bytes(), text.as_bytes());
        }
    }
}
