//! The scanner never panics, never takes what serde_json refuses, and refuses what serde_json takes only by name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineage::json::{FaultKind, Limits, Tape, Value, scan};
use serde::de::IgnoredAny;

fuzz_target!(|payload: &[u8]| {
    let mut tape = Tape::default();
    let grammar = std::str::from_utf8(payload).is_ok() && serde_json::from_slice::<IgnoredAny>(payload).is_ok();
    match scan(payload, &Limits::default(), &mut tape) {
        Ok(root) => {
            assert!(grammar);
            walk(root, payload);
        }
        Err(fault) => {
            assert!(fault.offset <= payload.len() && fault.path.len() <= 512);
            match fault.kind {
                FaultKind::NotUtf8 => assert!(std::str::from_utf8(payload).is_err()),
                FaultKind::NotJson => assert!(!grammar, "{fault}"),
                FaultKind::DuplicateKey | FaultKind::LoneSurrogate | FaultKind::TooDeep => {}
                FaultKind::TooLarge | FaultKind::TooManyNodes => assert!(payload.len() > 1 << 19),
            }
        }
    }
});

fn walk(root: Value<'_, '_>, payload: &[u8]) {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        assert_eq!(value.raw(), &payload[value.span()]);
        if value.index() < 64 {
            assert!(value.path().len() <= 512);
        }
        if let Some(text) = value.as_str() {
            let oracle: String = serde_json::from_slice(value.raw()).expect("serde_json reads the string too");
            assert_eq!(text, oracle);
        }
        let children = value.members().map(|(_, value)| value).chain(value.items());
        let before = open.len();
        open.extend(children);
        assert_eq!(open.len() - before, value.len());
    }
}
