//! The canonical form against the published vectors, and against a naive reading of RFC 8785 over a simple model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Scratch, canonical};
use crate::json::{Limits, Tape, scan};
use crate::vectors;

fn form(payload: &str) -> String {
    let mut tape = Tape::default();
    let root =
        scan(payload.as_bytes(), &Limits::default(), &mut tape).unwrap_or_else(|fault| panic!("{payload}: {fault}"));
    String::from_utf8(canonical(root, &[], &mut Scratch::default()).bytes().to_vec()).unwrap()
}

#[test]
fn published_vectors_hold() {
    for (payload, expected) in vectors::of("c14n-1") {
        assert_eq!(form(&payload), expected, "{payload}");
    }
}

#[test]
fn run_ids_are_lower_cased_where_the_page_says() {
    let schemas = crate::schema::Schemas::built_in().unwrap();
    for (payload, expected) in vectors::of("places") {
        let mut scratch = crate::decode::Scratch::default();
        let limits = crate::decode::Limits::default();
        let event = crate::decode::decode(payload.as_bytes(), &mut scratch, &schemas, &limits)
            .unwrap_or_else(|rejection| panic!("{payload}: {rejection}"));
        let form = canonical(event.root, &event.run_ids, &mut Scratch::default()).bytes().to_vec();
        assert_eq!(String::from_utf8(form).unwrap(), expected, "{payload}");
        // Written in lower case it has its id without a rule; as it came, it has not.
        let id = event.event_id(&[7; 32], &mut Scratch::default());
        let plain = |payload: &str| {
            let mut scratch = crate::decode::Scratch::default();
            crate::decode::plain_event_id(payload.as_bytes(), &mut scratch, &limits, &[7; 32], &mut Scratch::default())
        };
        assert_eq!(plain(&expected), Some(id), "{payload}");
        assert_eq!(plain(&payload) == Some(id), self::form(&payload) == expected, "{payload}");
    }
}

#[test]
fn lower_cases_only_what_is_named() {
    let payload = r#"{"a":"AbÉ","b":"\u0041\"B","c":["X"],"d":"X"}"#;
    let (mut tape, mut scratch) = (Tape::default(), Scratch::default());
    let root = scan(payload.as_bytes(), &Limits::default(), &mut tape).unwrap();
    let lower: Vec<u32> = ["a", "b", "c"].iter().map(|name| root.get(name).unwrap().index()).collect();
    let form = String::from_utf8(canonical(root, &lower, &mut scratch).bytes().to_vec()).unwrap();
    assert_eq!(form, r#"{"a":"abÉ","b":"a\"b","c":["X"],"d":"X"}"#);
}

#[test]
fn a_part_has_a_form_of_its_own() {
    let mut tape = Tape::default();
    let root = scan(br#"{"z":0,"job":{"name":"n","facets":null}}"#, &Limits::default(), &mut tape).unwrap();
    assert_eq!(canonical(root.get("job").unwrap(), &[], &mut Scratch::default()).bytes(), br#"{"name":"n"}"#);
}

/// JSON as a naive reader sees it.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    Null,
    Bool(bool),
    Integer(i128),
    Double(f64),
    Text(String),
    Array(Vec<Model>),
    Object(BTreeMap<String, Model>),
}

fn model() -> impl Strategy<Value = Model> {
    let text = || prop_oneof![4 => "[a-c]{0,2}", 2 => "\\PC{0,12}", 1 => "[\\x00-\\x7f]{0,12}", 1 => "[a-d😀\u{e000}\u{ffff}é]{0,10}"];
    let leaf = prop_oneof![
        Just(Model::Null),
        any::<bool>().prop_map(Model::Bool),
        prop_oneof![-3i128..3, any::<i64>().prop_map(i128::from), any::<i128>()].prop_map(Model::Integer),
        prop_oneof![
            any::<f64>().prop_filter("JSON has finite numbers", |double| double.is_finite()),
            any::<i32>().prop_map(|cents| f64::from(cents) / 100.0),
        ]
        .prop_map(Model::Double),
        text().prop_map(Model::Text),
    ];
    leaf.prop_recursive(5, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Model::Array),
            prop::collection::btree_map(text(), inner, 0..20).prop_map(Model::Object),
        ]
    })
}

/// RFC 8785 with our changes, written for clearness.
fn reference(model: &Model) -> String {
    match model {
        Model::Null => "null".into(),
        Model::Bool(bool) => bool.to_string(),
        Model::Integer(integer) => integer.to_string(),
        Model::Double(double) => ecmascript(*double),
        Model::Text(text) => quoted(text),
        Model::Array(items) => format!("[{}]", items.iter().map(reference).collect::<Vec<_>>().join(",")),
        Model::Object(members) => {
            let mut kept: Vec<_> = members.iter().filter(|(_, value)| **value != Model::Null).collect();
            kept.sort_by_key(|(name, _)| name.encode_utf16().collect::<Vec<u16>>());
            let members: Vec<_> =
                kept.iter().map(|(name, value)| format!("{}:{}", quoted(name), reference(value))).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        '\u{8}' => "\\b".into(),
        '\t' => "\\t".into(),
        '\n' => "\\n".into(),
        '\u{c}' => "\\f".into(),
        '\r' => "\\r".into(),
        control if control < ' ' => format!("\\u{:04x}", control as u32),
        letter => letter.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// ECMAScript's Number::toString, from the shortest digits that Rust's own formatting finds.
fn ecmascript(double: f64) -> String {
    if double == 0.0 {
        return "0".into();
    }
    let scientific = format!("{:e}", double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    let digits = to_even(mantissa.chars().filter(|letter| *letter != '.').collect(), double);
    let (count, point) = (digits.len() as i32, exponent.parse::<i32>().unwrap() + 1);
    let text = if count <= point && point <= 21 {
        format!("{digits}{}", "0".repeat((point - count) as usize))
    } else if 0 < point && point <= 21 {
        format!("{}.{}", &digits[..point as usize], &digits[point as usize..])
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else {
        let fraction = if count > 1 { format!(".{}", &digits[1..]) } else { String::new() };
        format!("{}{fraction}e{}{}", &digits[..1], if point > 0 { "+" } else { "-" }, (point - 1).abs())
    };
    if double < 0.0 { format!("-{text}") } else { text }
}

/// Where the double lies exactly between two shortest texts, ECMAScript wants the even one; Rust takes the upper.
fn to_even(digits: String, double: f64) -> String {
    let exact: String = format!("{:.1100e}", double.abs())
        .split('e')
        .take(1)
        .flat_map(str::chars)
        .filter(char::is_ascii_digit)
        .collect();
    let (lower, rest) = exact.split_at(digits.len());
    let even = |digit: &u8| digit.is_multiple_of(2);
    let tie = rest.starts_with('5') && rest[1..].bytes().all(|digit| digit == b'0');
    if tie && lower.as_bytes().last().is_some_and(even) { lower.to_string() } else { digits }
}

/// One of the many ways to write it; `style` drives every choice.
fn written(model: &Model, style: &mut impl FnMut(usize) -> usize) -> String {
    let space = |style: &mut dyn FnMut(usize) -> usize| ["", "", " ", "\n\t"][style(4)];
    match model {
        Model::Null | Model::Bool(_) => reference(model),
        Model::Integer(0) => ["0", "-0"][style(2)].into(),
        Model::Integer(integer) => integer.to_string(),
        Model::Double(double) => {
            let plain = format!("{double:?}");
            let point = if plain.contains(['.', 'e']) { plain.clone() } else { format!("{plain}.0") };
            [point, format!("{double:e}").replace('e', ["e", "E"][style(2)]), format!("{double:.400}e+00")][style(3)]
                .clone()
        }
        Model::Text(text) => text_written(text, style),
        Model::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| format!("{}{}", space(style), written(item, style))).collect();
            format!("[{}{}]", items.join(","), space(style))
        }
        Model::Object(members) => {
            let mut parts: Vec<_> = members
                .iter()
                .map(|(name, value)| {
                    format!(
                        "{}{}{}:{}{}",
                        space(style),
                        text_written(name, style),
                        space(style),
                        space(style),
                        written(value, style)
                    )
                })
                .collect();
            for at in (1..parts.len()).rev() {
                parts.swap(at, style(at + 1));
            }
            format!("{{{}{}}}", parts.join(","), space(style))
        }
    }
}

fn text_written(text: &str, style: &mut impl FnMut(usize) -> usize) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        match style(4) {
            0 => written.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            1 => written.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}"))),
            2 if letter == '/' => written.push_str("\\/"),
            _ => written.push_str(quoted(&letter.to_string()).trim_start_matches('"').strip_suffix('"').unwrap()),
        }
    }
    written + "\""
}

fn chooser(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |choices| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % choices
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Insensitive to member order, white space, escapes and the spelling of doubles; and idempotent.
    #[test]
    fn equals_the_reference_however_it_is_written(model in model(), seed in any::<u64>()) {
        let text = written(&model, &mut chooser(seed));
        let expected = reference(&model);
        prop_assert_eq!(form(&text), expected.clone(), "{}", text);
        prop_assert_eq!(form(&expected), expected);
    }

    /// Two events share a form exactly when nothing but nulls left out tells them apart.
    #[test]
    fn differs_when_a_value_does(a in model(), b in model(), seed in any::<u64>()) {
        let mut style = chooser(seed);
        let (left, right) = (form(&written(&a, &mut style)), form(&written(&b, &mut style)));
        prop_assert_eq!(left == right, same(&a, &b), "{:?} {:?}", a, b);
    }

    /// One leaf changed anywhere changes the form.
    #[test]
    fn sees_one_change(model in model(), at in any::<prop::sample::Index>()) {
        let mut changed = model.clone();
        let leaves = texts(&mut changed).len();
        prop_assume!(leaves > 0);
        texts(&mut changed)[at.index(leaves)].push('x');
        prop_assert_ne!(form(&reference(&model)), form(&reference(&changed)));
    }

    #[test]
    fn any_json_has_a_form_that_is_its_own(text in crate::json::tests::json_text()) {
        let mut tape = Tape::default();
        if let Ok(root) = scan(text.as_bytes(), &Limits::default(), &mut tape) {
            let once = String::from_utf8(canonical(root, &[], &mut Scratch::default()).bytes().to_vec()).unwrap();
            prop_assert_eq!(form(&once), once);
        }
    }
}

fn texts(model: &mut Model) -> Vec<&mut String> {
    match model {
        Model::Text(text) => vec![text],
        Model::Array(items) => items.iter_mut().flat_map(texts).collect(),
        Model::Object(members) => members.values_mut().flat_map(texts).collect(),
        _ => vec![],
    }
}

/// Equal but for null members and the two spellings of a whole number.
fn same(a: &Model, b: &Model) -> bool {
    match (a, b) {
        (Model::Array(a), Model::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Model::Object(a), Model::Object(b)) => {
            let kept = |members: &BTreeMap<String, Model>| {
                members.clone().into_iter().filter(|(_, value)| *value != Model::Null).collect::<Vec<_>>()
            };
            let (a, b) = (kept(a), kept(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        (Model::Integer(integer), Model::Double(double)) | (Model::Double(double), Model::Integer(integer)) => {
            integer.to_string() == ecmascript(*double)
        }
        (a, b) => a == b,
    }
}
