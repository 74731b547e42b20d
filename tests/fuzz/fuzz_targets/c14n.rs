//! Whatever JSON is read has a canonical form, which is JSON, has no null members, and is its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lineage::c14n::{Scratch, canonical};
use lineage::json::{Limits, Tape, scan};

fuzz_target!(|payload: &[u8]| {
    let (mut tape, mut scratch) = (Tape::default(), Scratch::default());
    let Ok(root) = scan(payload, &Limits::default(), &mut tape) else { return };
    let once = canonical(root, &[], &mut scratch).bytes().to_vec();
    let limits = Limits { payload_bytes_max: usize::MAX, ..Limits::default() };
    let root = scan(&once, &limits, &mut tape).expect("a canonical form is JSON");
    assert!(root.members().all(|(_, value)| !value.is_null()));
    assert_eq!(canonical(root, &[], &mut scratch).bytes(), once);
});
