//! The fingerprint that envelopes are labelled with, against another implementation of Avro.

use super::*;

#[test]
fn the_fingerprint_is_the_one_that_others_compute() {
    let facts: serde_json::Value = serde_json::from_str(FACTS).unwrap();
    let mut envelope: serde_json::Value = serde_json::from_str(ENVELOPE).unwrap();
    inline(&mut envelope, "dev.ledgerline.facts.Facts", &mut Some(facts));
    let schema = apache_avro::Schema::parse(&envelope).unwrap();
    let expected = schema.fingerprint::<apache_avro::rabin::Rabin>().to_string();
    assert_eq!(fingerprint(), expected);
}
