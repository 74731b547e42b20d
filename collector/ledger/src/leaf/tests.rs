//! Pinned bytes of every kind, bounds, and the spellings that the decoder must not take.

use proptest::prelude::*;

use super::samples::{event, identity, largest, leaf, samples};
use super::*;

/// The published vectors: one leaf a line, in the order of `samples`. A changed line is a changed format.
const VECTORS: &str = include_str!("../../../../docs/vectors/leaves.jsonl");

#[test]
fn bytes_are_pinned() {
    let encoded: Vec<String> = samples().iter().map(|leaf| String::from_utf8(encode(leaf)).unwrap()).collect();
    for (at, (got, pinned)) in encoded.iter().zip(VECTORS.lines()).enumerate() {
        assert_eq!(got, pinned, "line {}", at + 1);
    }
    assert_eq!(encoded.len(), VECTORS.lines().count(), "every sample is pinned:\n{}", encoded.join("\n"));
}

#[test]
fn every_kind_has_a_sample_and_is_read_back() {
    for kind in Kind::ALL {
        assert!(samples().iter().any(|leaf| leaf.detail.kind() == *kind), "{} has no sample", kind.as_str());
        assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
    }
    for leaf in samples().into_iter().chain(largest()) {
        assert_eq!(decode(&encode(&leaf)), Ok(leaf));
    }
}

#[test]
fn the_largest_leaves_are_within_the_bound() {
    let lengths: Vec<usize> = largest().iter().map(|leaf| encode(leaf).len()).collect();
    let longest = lengths.iter().max().unwrap();
    // Near the bound, so that the test would notice a field that grew; below it, since `encode` would have panicked.
    assert!((7_000..=LEAF_BYTES_MAX).contains(longest), "{lengths:?}");
}

#[test]
fn only_the_one_spelling_is_read() {
    let good = String::from_utf8(encode(&leaf(event(true)))).unwrap();
    assert!(decode(good.as_bytes()).is_ok());
    let check = |what: &str, from: &str, to: &str| {
        assert!(good.contains(from), "{what}: the sample has {from}");
        let bad = good.replacen(from, to, 1);
        assert!(decode(bad.as_bytes()).is_err(), "{what}: {bad}");
    };
    check("a space", ":", ": ");
    check("a space in front", "{", " {");
    check("keys out of order", r#""format":1,"kind":"event""#, r#""kind":"event","format":1"#);
    check("keys out of order within", r#""partition":3,"offset":42"#, r#""offset":42,"partition":3"#);
    check("a key twice", r#""partition":3,"#, r#""partition":3,"partition":3,"#);
    check("a key too many", r#""partition":3,"#, r#""partition":3,"extra":0,"#);
    check("a key missing", r#""partition":3,"#, "");
    check("a null for an absent field", r#""mode":"#, r#""extra":null,"mode":"#);
    check("an escape too many", "openlineage", r"open\u006cineage");
    check("an escaped slash", "airflow", r"air\/flow");
    check("a longer escape", r"\n", r"\u000a");
    check("an upper-case escape", r"\u001f", r"\u001F");
    check("an escape for what is not ASCII", "ö", r"\u00f6");
    check("a decimal point", r#""offset":42"#, r#""offset":42.0"#);
    check("an exponent", r#""offset":42"#, r#""offset":42e0"#);
    check("a leading zero", r#""offset":42"#, r#""offset":042"#);
    check("a plus", r#""offset":42"#, r#""offset":+42"#);
    check("a number as text", r#""offset":42"#, r#""offset":"42""#);
    check("a negative offset", r#""offset":42"#, r#""offset":-42"#);
    check("upper-case hex", "1c1c", "1C1C");
    check("hex too short", "1c1c", "1c");
    check("an upper-case run id", "018f3b2c-", "018F3B2C-");
    check("a run id without hyphens", "018f3b2c-", "018f3b2c");
    check("another format", r#""format":1"#, r#""format":2"#);
    check("an unknown kind", r#""kind":"event""#, r#""kind":"evnt""#);
    check("another kind", r#""kind":"event""#, r#""kind":"heartbeat""#);
    check("an unknown verdict", r#""verdict":"valid""#, r#""verdict":"fine""#);
    check("a tenant that is none", r#""tenant":"acme""#, r#""tenant":"Acme""#);
    check("fewer findings counted than listed", r#""count":2"#, r#""count":1"#);
    check("a label with a space", "naive-time", "naive time");
    for cut in 0..good.len() {
        assert!(decode(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    for tail in ["\n", " ", "{}", "\0"] {
        assert!(decode(format!("{good}{tail}").as_bytes()).is_err(), "followed by {tail:?}");
    }
    assert_eq!(decode(&vec![b' '; LEAF_BYTES_MAX + 1]), Err(LeafFault::TooLong));
    assert_eq!(decode(good.replacen(r#""format":1"#, r#""format":2"#, 1).as_bytes()), Err(LeafFault::Format(2)));
    assert_eq!(decode(good.replacen(":", ": ", 1).as_bytes()), Err(LeafFault::NotCanonical));
    assert!(matches!(decode(b"[]"), Err(LeafFault::Malformed(_))));
    assert!(matches!(decode(b"\xff"), Err(LeafFault::Malformed(_))));
}

#[test]
fn a_null_is_not_an_absent_field() {
    let bare = String::from_utf8(encode(&leaf(Foreign::of(None, None, &identity())))).unwrap();
    let with_null = bare.replacen(r#""digest""#, r#""value_bytes":null,"digest""#, 1);
    assert_ne!(bare, with_null);
    assert_eq!(decode(with_null.as_bytes()), Err(LeafFault::NotCanonical));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = encode(&leaf(event(true)));
    for at in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        // It may still be a leaf, but then it is another one, and has another hash.
        assert_ne!(decode(&flipped).ok().as_ref(), Some(&leaf(event(true))), "bit {at}");
    }
}

#[test]
fn names() {
    let key = identity();
    let check = |what: &str, text: &str, shown_bytes: usize, whole: bool| {
        let name = Name::bounded(text, &key);
        assert_eq!((name.shown().len(), name.whole().is_some()), (shown_bytes, whole), "{what}");
        assert!(text.starts_with(name.shown()), "{what}");
        assert!(name.stands_for(text, &key), "{what}");
        assert!(!name.stands_for(&format!("{text}."), &key), "{what}");
    };
    check("empty", "", 0, true);
    check("at the bound", &"a".repeat(512), 512, true);
    check("a byte over", &"a".repeat(513), 480, false);
    check("cut between characters", &"é".repeat(257), 480, false);
    check("cut before a character that does not fit", &format!("a{}", "😀".repeat(200)), 477, false);
    check("escapes count", &"\n".repeat(256), 256, true);
    check("escapes count over the bound", &"\n".repeat(257), 240, false);
    check("long escapes count", &"\u{1}".repeat(86), 80, false);
    let (one, other) = ("a".repeat(600), "a".repeat(601));
    assert_ne!(Name::bounded(&one, &key), Name::bounded(&other, &key), "the digest is over the whole name");
    let elsewhere = crate::key::IdentityKey::from_random(Tenant::parse("acme").unwrap(), [8; 32]);
    assert_ne!(Name::bounded(&one, &key), Name::bounded(&one, &elsewhere), "the digest is keyed");
}

#[test]
fn a_long_name_has_one_form() {
    let read = |json: &str| serde_json::from_str::<Name>(json).is_ok();
    let digest = "0".repeat(64);
    let long = |bytes: usize| format!(r#"{{"prefix":"{}","digest":"{digest}"}}"#, "a".repeat(bytes));
    assert!(read(&format!("\"{}\"", "a".repeat(512))));
    assert!(!read(&format!("\"{}\"", "a".repeat(513))));
    assert!(read(&long(480)));
    assert!(read(&long(475)));
    assert!(!read(&long(481)));
    assert!(!read(&long(474)));
    assert!(!read(&format!(r#"{{"prefix":"{}"}}"#, "a".repeat(480))));
}

#[test]
fn findings_stop_at_their_bounds_and_are_all_counted() {
    let check = |what: &str, count: usize, path: &str, listed: usize| {
        let findings = Findings::collect((0..count).map(|_| ("naive-time", path))).unwrap();
        assert_eq!((findings.count(), findings.listed().len()), (count as u64, listed), "{what}");
    };
    check("none", 0, "$", 0);
    check("as many as are listed", 32, "$", 32);
    check("more than are listed", 33, "$", 32);
    check("longer than is listed", 32, &"$".repeat(300), 18);
    assert!(Findings::collect([("no label", "$")]).is_err());
    // Once one did not fit, no later one is listed: those listed are the first.
    let mixed = [("a", "$".repeat(240)), ("b", "$".into())];
    let findings = Findings::collect((0..40).map(|n| (mixed[n / 19 % 2].0, &*mixed[n / 19 % 2].1))).unwrap();
    assert!(findings.listed().windows(2).all(|pair| pair[0].code <= pair[1].code));
}

#[test]
fn a_long_path_is_cut_at_a_character() {
    let check = |text: &str, bytes: usize, cut: bool| {
        let path = Path::bounded(text);
        assert_eq!((path.as_str().len(), path.as_str().ends_with('…')), (bytes, cut), "{text}");
    };
    check("$", 1, false);
    check(&"$".repeat(256), 256, false);
    check(&"$".repeat(257), 256, true);
    check(&"😀".repeat(65), 252 + 3, true);
}

#[test]
fn codes_are_the_most_frequent_in_the_order_of_their_names() {
    let counts =
        (0..40_u64).map(|n| (Label::parse(&format!("c{n:02}")).unwrap(), if n < 30 { 1 } else { n })).collect();
    let codes = CodeCounts::collect(counts);
    let listed: Vec<&str> = codes.listed().iter().map(|entry| entry.code.as_str()).collect();
    let expected: Vec<String> = (0..22).chain(30..40).map(|n| format!("c{n:02}")).collect();
    assert_eq!((listed, codes.other()), (expected.iter().map(String::as_str).collect(), 8));
}

#[test]
fn labels_and_topics() {
    let check = |text: &str, label: bool, topic: bool| {
        assert_eq!((Label::parse(text).is_ok(), Topic::parse(text).is_ok()), (label, topic), "{text:?}");
    };
    check("naive-time", true, true);
    check("0.1.0-rc.1+build5", true, false);
    check("openlineage.events_1", true, true);
    check("_private", false, true);
    check("", false, false);
    check("a b", false, false);
    check("a\"", false, false);
    check("a/b", false, false);
    check("ä", false, false);
    check(&"a".repeat(64), true, true);
    check(&"a".repeat(65), false, true);
    check(&"a".repeat(249), false, true);
    check(&"a".repeat(250), false, false);
}

#[test]
fn hex_and_run_ids_have_one_spelling() {
    assert_eq!(Hex::parse("00ff"), Ok(Hex([0, 255])));
    for bad in ["00FF", "00f", "00ff0", "0x0f", "", "00 f", "gg00"] {
        assert_eq!(Hex::<2>::parse(bad), Err(HexFault), "{bad:?}");
    }
    let text = "018f3b2c-0000-7000-8000-0000000000ff";
    assert_eq!(RunId::parse(text).unwrap().to_string(), text);
    for bad in [
        "018F3B2C-0000-7000-8000-0000000000FF",
        "018f3b2c000070008000-0000000000ff---",
        "018f3b2c-0000-7000-8000-0000000000f",
        "018f3b2c-0000-7000-8000-0000000000ff0",
        "{018f3b2c-0000-7000-8000-0000000000ff}",
        "018f3b2c-0000-7000-80000-000000000ff",
        "018f3b2c-0000-7000-8000-00000000-0ff",
        "",
    ] {
        assert_eq!(RunId::parse(bad), Err(HexFault), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_event_leaf_is_bounded_and_read_back(
        namespace in ".{0,700}", name in "\\PC{0,700}", job: bool,
        findings in prop::collection::vec(("[a-z][a-z0-9-]{0,63}", ".{0,300}"), 0..50),
        time: i64, offset: u64, partition: u32, seed: [u8; 32],
    ) {
        let named = QualifiedName::bounded(&namespace, &name, &identity());
        let found = Findings::collect(findings.iter().map(|(code, path)| (code.as_str(), path.as_str()))).unwrap();
        prop_assert_eq!(found.count(), findings.len() as u64);
        let detail = Event {
            event_id: Hex(seed),
            subject: if job { Subject::Job(named) } else { Subject::Dataset(named) },
            event_time_ns: time,
            findings: found,
            ..event(true)
        };
        let position = Position { incarnation: Hex([0; 16]), partition, offset };
        let leaf = Leaf { position, tenant: Tenant::parse("t").unwrap(), detail: detail.into() };
        let bytes = encode(&leaf);
        prop_assert!(bytes.len() <= LEAF_BYTES_MAX);
        prop_assert_eq!(decode(&bytes), Ok(leaf));
        // Plain JSON to any other reader.
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&value["kind"], "event");
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut: usize, at: usize, with: u8) {
        let _ = decode(&bytes);
        let mut bytes = encode(&leaf(event(true)));
        let at = at % bytes.len();
        bytes[at] = with;
        bytes.truncate(cut % (bytes.len() * 4) + 1);
        if let Ok(leaf) = decode(&bytes) {
            prop_assert_eq!(encode(&leaf), bytes);
        }
    }
}
