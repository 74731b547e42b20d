//! The scanner against a table of hand-made payloads, and against serde_json over arbitrary and mutilated JSON.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn fault(payload: &[u8]) -> Option<Fault> {
    scan(payload, &Limits::default(), &mut Tape::default()).err()
}

#[test]
fn says_what_is_wrong_and_where() {
    let check = |payload: &[u8], kind: FaultKind, offset: usize, path: &str| {
        let shown = String::from_utf8_lossy(payload);
        let fault = fault(payload).unwrap_or_else(|| panic!("accepted {shown}"));
        assert_eq!((fault.kind, fault.offset, fault.path.as_str()), (kind, offset, path), "{shown}: {}", fault.message);
    };
    use FaultKind::*;
    check(b"", NotJson, 0, "$");
    check(b"  ", NotJson, 2, "$");
    check(b"\xEF\xBB\xBF{}", NotJson, 0, "$");
    check(b"\xFF\xFE{\0", NotUtf8, 0, "$");
    check(b"{\"a\":\"\xED\xA0\x80\"}", NotUtf8, 6, "$");
    check(b"{\"a\":\"\xC0\xAF\"}", NotUtf8, 6, "$");
    check(b"{}{}", NotJson, 2, "$");
    check(b"{} x", NotJson, 3, "$");
    check(b"{\"a\":01}", NotJson, 5, "$.a");
    check(b"{\"a\":-}", NotJson, 6, "$.a");
    check(b"{\"a\":1.}", NotJson, 7, "$.a");
    check(b"{\"a\":.5}", NotJson, 5, "$.a");
    check(b"{\"a\":1e}", NotJson, 7, "$.a");
    check(b"{\"a\":+1}", NotJson, 5, "$.a");
    check(b"{\"a\":NaN}", NotJson, 5, "$.a");
    check(b"[1,Infinity]", NotJson, 3, "$[1]");
    check(b"[-Infinity]", NotJson, 2, "$[0]");
    check(b"[1,]", NotJson, 3, "$[1]");
    check(b"[,1]", NotJson, 1, "$[0]");
    check(b"{\"a\":1,}", NotJson, 7, "$.a");
    check(b"{\"a\" 1}", NotJson, 5, "$.a");
    check(b"{a:1}", NotJson, 1, "$");
    check(b"{\"a\":1]", NotJson, 6, "$.a");
    check(b"[1}", NotJson, 2, "$[0]");
    check(b"[tru]", NotJson, 1, "$[0]");
    check(b"[\"a\nb\"]", NotJson, 3, "$[0]");
    check(b"[\"a\0\"]", NotJson, 3, "$[0]");
    check(b"[\"\\x\"]", NotJson, 2, "$[0]");
    check(b"[\"\\u12\"]", NotJson, 2, "$[0]");
    check(b"[\"\\u12g4\"]", NotJson, 2, "$[0]");
    check(b"[\"abc", NotJson, 5, "$[0]");
    check(b"{\"run\":{\"facets\":{\"x\":[0,{\"y z\":!", NotJson, 32, "$.run.facets.x[1]['y z']");
    check(br#"["\ud800"]"#, LoneSurrogate, 2, "$[0]");
    check(br#"["\udc00"]"#, LoneSurrogate, 2, "$[0]");
    check(br#"["\ud800\ud800"]"#, LoneSurrogate, 2, "$[0]");
    check(br#"["\ud800x"]"#, LoneSurrogate, 2, "$[0]");
    check(br#"{"\ud83d":1}"#, LoneSurrogate, 2, "$");
    check(br#"{"a":1,"a":2}"#, DuplicateKey, 7, "$.a");
    check(br#"{"a":1,"\u0061":2}"#, DuplicateKey, 7, "$.a");
    check(br#"{"x":{"":1,"":2}}"#, DuplicateKey, 11, "$.x['']");
    check(br#"{"x":{"\ud83d\ude00":1,"\uD83D\uDE00":2}}"#, DuplicateKey, 23, "$.x['😀']");
    check(&[b'['; 65], TooDeep, 64, &format!("${}", "[0]".repeat(64)));
    check(&vec![b' '; (1 << 20) + 1], TooLarge, (1 << 20) + 1, "$");
}

#[test]
fn bounds_nodes() {
    let limits = Limits { nodes_max: 4, ..Limits::default() };
    let scan = |payload: &[u8]| scan(payload, &limits, &mut Tape::default()).map(|_| ()).map_err(|fault| fault.kind);
    assert_eq!(scan(b"[1,2,3]"), Ok(()));
    assert_eq!(scan(b"[1,2,3,4]"), Err(FaultKind::TooManyNodes));
    assert_eq!(scan(br#"{"a":{"b":1}}"#), Err(FaultKind::TooManyNodes));
}

#[test]
fn accepts_what_is_json() {
    for payload in [
        "null",
        " true ",
        "0",
        "-0",
        "-0.0e-0",
        "1E400",
        "123456789012345678901234567890",
        r#""""#,
        "[]",
        "{}",
        "[[],{}]",
        r#"{"":{"":[null]}}"#,
        r#"["\ud83d\ude00\u0000\/\b"]"#,
        "{\"é😀\":\"\u{7f}\u{feff}\"}",
        "\t[\r\n]\t",
    ] {
        assert_eq!(fault(payload.as_bytes()), None, "{payload}");
    }
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(fault(deep.as_bytes()), None);
}

#[test]
fn walks() {
    let payload =
        br#"{"a":[1, -2.50,{"b":"x\ny"}] , "k\u0065y":null,"big":9007199254740993,"t":true,"odd key":["deep"]}"#;
    let mut tape = Tape::default();
    let root = scan(payload, &Limits::default(), &mut tape).unwrap();
    assert_eq!((root.kind(), root.len(), root.path().as_str()), (Kind::Object, 5, "$"));
    let names: Vec<_> = root.members().map(|(key, _)| key.as_str().into_owned()).collect();
    assert_eq!(names, ["a", "key", "big", "t", "odd key"]);
    assert!(root.members().all(|(key, _)| key.hash() == key_hash(key.as_str().as_bytes())));
    let items: Vec<_> = root.get("a").unwrap().items().collect();
    assert_eq!((items[0].as_i64(), items[1].as_i64(), items[1].as_f64()), (Some(1), None, Some(-2.5)));
    assert_eq!((items[1].number_text(), items[1].path().as_str()), (Some("-2.50"), "$.a[1]"));
    let inner = items[2].get("b").unwrap();
    assert_eq!(
        (inner.as_str().unwrap().as_ref(), inner.raw(), inner.path().as_str()),
        ("x\ny", &br#""x\ny""#[..], "$.a[2].b")
    );
    assert!(root.get("key").unwrap().is_null() && root.get("absent").is_none() && inner.get("x").is_none());
    assert_eq!(root.get("big").unwrap().as_i64(), Some(9007199254740993));
    assert_eq!(root.get("t").unwrap().as_bool(), Some(true));
    assert_eq!(root.get("odd key").unwrap().items().next().unwrap().path(), "$['odd key'][0]");
    assert_eq!(&payload[root.get("a").unwrap().span()], br#"[1, -2.50,{"b":"x\ny"}]"#);
    assert_eq!((inner.items().count(), inner.members().count(), root.items().count()), (0, 0, 0));
}

/// Names of one length with the same first and last eight bytes hash alike: the worst that a sender can choose.
#[test]
fn names_that_hash_alike_cost_no_more_than_sorting() {
    let names: Vec<String> = (0..100_000).map(|i| format!("\"aaaaaaaa{i:06}zzzzzzzz\":0")).collect();
    let limits = Limits { payload_bytes_max: 1 << 24, ..Limits::default() };
    let mut tape = Tape::default();
    let payload = format!("{{{}}}", names.join(","));
    assert!(names.iter().all(|name| key_hash(&name.as_bytes()[1..23]) == key_hash(&names[0].as_bytes()[1..23])));
    assert_eq!(scan(payload.as_bytes(), &limits, &mut tape).unwrap().len(), 100_000);
    let payload = format!("{{{},{}}}", names.join(","), names[7]);
    let fault = scan(payload.as_bytes(), &limits, &mut tape).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FaultKind::DuplicateKey, payload.len() - names[7].len() - 1));
}

#[test]
fn warm_tapes_do_not_grow() {
    let payload = format!("[{}]", vec![r#"{"a":1,"b":[2]}"#; 500].join(","));
    let mut tape = Tape::default();
    let mut room = None;
    for _ in 0..3 {
        scan(payload.as_bytes(), &Limits::default(), &mut tape).unwrap();
        let now = (tape.nodes.capacity(), tape.frames.capacity(), tape.names.capacity());
        assert_eq!(*room.get_or_insert(now), now);
    }
}

/// Says of JSON that serde_json reads whether ours must refuse it: a name twice in an object, or nested over 64.
struct Stricter;

impl<'de> serde::de::DeserializeSeed<'de> for Stricter {
    /// Depth; `None` where a name repeats.
    type Value = Option<usize>;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Stricter {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Some(0))
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut depth = Some(0);
        while let Some(inner) = items.next_element_seed(Stricter)? {
            depth = depth.zip(inner).map(|(a, b)| a.max(b));
        }
        Ok(depth.map(|depth| depth + 1))
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut depth, mut names) = (Some(0), HashSet::new());
        while let Some(name) = members.next_key::<String>()? {
            let inner = members.next_value_seed(Stricter)?;
            depth = depth.zip(inner).map(|(a, b)| a.max(b)).filter(|_| names.insert(name));
        }
        Ok(depth.map(|depth| depth + 1))
    }
}

/// What serde_json makes of a payload: `None` where it can't be an oracle (it has no number beyond a double's range).
/// It takes repeated names and lone surrogates in what it ignores, and nests to 128.
fn expected(payload: &[u8]) -> Option<bool> {
    let mut deserializer = serde_json::Deserializer::from_slice(payload);
    let depth = serde::de::DeserializeSeed::deserialize(Stricter, &mut deserializer)
        .and_then(|depth| deserializer.end().map(|()| depth));
    match depth {
        Ok(depth) => Some(depth.is_some_and(|depth| depth <= 64)),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(_) => Some(false),
    }
}

fn agrees(payload: &[u8]) {
    let ours = fault(payload);
    if let Some(accepted) = expected(payload) {
        assert_eq!(ours.is_none(), accepted, "{}: {ours:?}", String::from_utf8_lossy(payload));
    }
    if let Some(fault) = ours {
        assert!(fault.offset <= payload.len() && fault.path.len() <= 512 && fault.path.starts_with('$'));
    }
}

/// JSON text, often with few distinct names, odd escapes and spaces.
pub(crate) fn json_text() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("a".into()),
        Just("\\u0061".into()),
        Just("b".into()),
        "[a-z]{0,20}",
        "(\\\\u00[0-7][0-9a-fA-F]|\\PC){0,9}"
    ];
    let name = name.prop_map(|name: String| name.replace('"', ""));
    let string = prop_oneof![
        Just("\\ud83d\\uDE00".to_string()),
        Just("\\ud800".to_string()),
        "[ -!#-\\[\\]-~]{0,40}",
        "(\\PC|\\\\[nrtbf/\"]){0,12}"
    ];
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})",
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,9}([eE][+-]?[0-9]{1,2})?",
        "-?[0-9]{1,3}(\\.[0-9]*)?[eE]?-?[0-9]*"
    ];
    let leaf = prop_oneof![
        Just("null".to_string()),
        Just("true".into()),
        Just("false".into()),
        number,
        string.prop_map(|s| format!("\"{s}\""))
    ];
    let space = prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\n\t\r  ")];
    leaf.prop_recursive(6, 60, 20, move |inner| {
        let array = (prop::collection::vec(inner.clone(), 0..6), space.clone())
            .prop_map(|(items, s)| format!("[{s}{}{s}]", items.join(&format!("{s},{s}"))));
        let member =
            (name.clone(), inner, space.clone()).prop_map(|(name, value, s)| format!("{s}\"{name}\"{s}:{s}{value}{s}"));
        let object = prop::collection::vec(member, 0..20).prop_map(|members| format!("{{{}}}", members.join(",")));
        prop_oneof![array, object]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn accepts_exactly_what_serde_json_does(text in json_text()) {
        agrees(text.as_bytes());
    }

    #[test]
    fn agrees_on_mutilated_json(text in json_text(), cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..4)) {
        let mut bytes = text.into_bytes();
        for (at, byte, how) in cuts {
            let at = at.index(bytes.len() + 1).min(bytes.len().saturating_sub(1));
            match how {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => { bytes.remove(at); }
                2 => bytes.truncate(at),
                _ => bytes.insert(at, b"{}[],:\"\\0eE-.u"[byte as usize % 14]),
            }
        }
        agrees(&bytes);
    }

    #[test]
    fn agrees_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        agrees(&bytes);
    }

    #[test]
    fn agrees_on_depth(depth in 55..75usize, objects in any::<u128>()) {
        let object = |level: usize| objects >> level & 1 == 1;
        let open = (0..depth).map(|level| if object(level) { "{\"a\":" } else { "[" });
        let close = (0..depth).rev().map(|level| if object(level) { "}" } else { "]" });
        agrees(open.chain(["1"]).chain(close).collect::<String>().as_bytes());
    }

    /// Paths name their value: following one from the root leads to it.
    #[test]
    fn paths_lead_back(text in json_text()) {
        let mut tape = Tape::default();
        if let Ok(root) = scan(text.as_bytes(), &Limits::default(), &mut tape) {
            let mut open = vec![(root, String::from("$"))];
            while let Some((value, path)) = open.pop() {
                if path.len() < 400 { prop_assert_eq!(value.path(), path.clone()); }
                open.extend(value.items().enumerate().map(|(i, item)| (item, format!("{path}[{i}]"))));
                let plain = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
                open.extend(value.members().filter(|(key, _)| plain(key.raw())).map(|(key, inner)| (inner, format!("{path}.{}", key.raw()))));
            }
        }
    }
}
