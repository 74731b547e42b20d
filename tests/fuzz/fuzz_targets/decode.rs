//! The decoder never panics, what it accepts has no finding that rejects, and what it refuses has one.
#![no_main]

use std::cell::RefCell;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use lineage::decode::{Limits, Scratch, decode};
use lineage::finding::Grade;
use lineage::schema::Schemas;

thread_local!(static SCRATCH: RefCell<(Scratch, lineage::c14n::Scratch)> = RefCell::default());

fuzz_target!(|payload: &[u8]| {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    let schemas = SCHEMAS.get_or_init(|| Schemas::built_in().expect("the build's own schemas compile"));
    // Small limits, so that short inputs reach them.
    let limits = Limits { name_bytes_max: 24, datasets_per_run_max: 3, items_max: 4, ..Limits::default() };
    SCRATCH.with_borrow_mut(|(scratch, form)| match decode(payload, scratch, schemas, &limits) {
        Ok(decoded) => {
            assert!(decoded.findings.iter().all(|finding| finding.grade < Grade::Reject));
            assert!(decoded.facts.inputs.len() + decoded.facts.outputs.len() <= 3);
            assert!(decoded.run_ids.is_sorted());
            decoded.event_id(&[0; 32], form);
        }
        Err(rejection) => {
            assert_eq!(rejection.finding.grade, Grade::Reject);
            assert!(rejection.findings.contains(&rejection.finding));
            assert!(rejection.findings.iter().all(|finding| finding.path.len() <= 512 && finding.message.len() <= 512));
        }
    });
});
