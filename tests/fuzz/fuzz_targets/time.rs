//! Times never panic, and what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineage::time::{Rfc3339, parse};

fuzz_target!(|text: &str| {
    if let Ok(time) = parse(text) {
        assert_eq!(parse(&Rfc3339(time.ns).to_string()).map(|again| again.ns), Ok(time.ns));
    }
});
