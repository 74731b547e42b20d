//! Nothing that anyone can send makes the decoder panic, and what it accepts holds together. Events are made up, then bent:
//! members dropped, nulled, retyped, bytes changed.

use lineage::decode::{Limits, Scratch, decode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{run_event, schemas, with};

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2026-03-01T00:00:00")),
        Just(json!("0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f61")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A member's name: mostly one that means something somewhere.
fn key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "run",
        "job",
        "dataset",
        "inputs",
        "outputs",
        "runId",
        "namespace",
        "name",
        "facets",
        "inputFacets",
        "outputFacets",
        "_deleted",
        "_producer",
        "parent",
        "root",
        "nominalTime",
        "nominalStartTime",
        "schema",
        "fields",
        "type",
        "columnLineage",
        "inputFields",
        "field",
        "transformations",
        "lineage",
        "entries",
        "tags",
        "key",
        "value",
        "symlinks",
        "identifiers",
        "dataQualityMetrics",
        "columnMetrics",
        "rowCount",
        "ledgerline_actor",
        "ledgerline_approval",
        "approvals",
        "subset",
        "inputCondition",
        "eventTime",
        "eventType",
        "schemaURL",
        "jobDependencies",
        "upstream",
        "test",
        "tests",
    ]);
    prop_oneof![8 => known.prop_map(String::from), 1 => ".{0,8}"]
}

/// Facets of any key and any shape.
fn facets() -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), any_json()), 0..6).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn datasets() -> impl Strategy<Value = Value> {
    let name = prop_oneof![Just("orders".to_owned()), "\\PC{0,6}"];
    let dataset = (name, facets(), facets()).prop_map(
        |(name, facets, more)| json!({"namespace": "n", "name": name, "facets": facets, "inputFacets": more, "outputFacets": more}),
    );
    prop::collection::vec(dataset, 0..4).prop_map(Value::from)
}

/// A plausible event.
fn event() -> impl Strategy<Value = Value> {
    (facets(), facets(), datasets(), datasets(), any_json()).prop_map(|(run, job, inputs, outputs, extra)| {
        let mut event = run_event();
        event["run"]["facets"] = run;
        event["job"]["facets"] = job;
        event["inputs"] = inputs;
        event["outputs"] = outputs;
        event["extra"] = extra;
        event
    })
}

/// Puts `with` in place of some value of `event`.
fn bend(event: &mut Value, mut at: usize, with: Value) {
    let mut place = event;
    while at > 0 {
        let step = at % 7;
        at /= 7;
        let count = match &*place {
            Value::Object(members) => members.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if count == 0 {
            break;
        }
        place = match place {
            Value::Object(members) => members.values_mut().nth(step % count).expect("within"),
            Value::Array(items) => &mut items[step % count],
            _ => break,
        };
    }
    *place = with;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn well_formed_outside_is_never_refused_for_its_facets(event in event()) {
        with(event.to_string().as_bytes(), |outcome| {
            let decoded = outcome.unwrap_or_else(|rejection| panic!("{rejection}\n{event}"));
            assert!(decoded.findings.iter().all(|f| f.path.len() <= 512 && f.message.len() <= 512));
        });
    }

    #[test]
    fn bent_events_have_a_verdict(mut event in event(), at in any::<u32>(), with_this in any_json()) {
        bend(&mut event, at as usize, with_this);
        with(event.to_string().as_bytes(), |outcome| drop(outcome));
    }

    #[test]
    fn changed_bytes_have_a_verdict(event in event(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut payload = event.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        with(&payload, |outcome| drop(outcome));
    }

    #[test]
    fn any_bytes_have_a_verdict(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        with(&payload, |outcome| drop(outcome));
    }

    #[test]
    fn a_used_scratch_gives_the_same_answer(first in event(), second in event()) {
        let (first, second) = (first.to_string(), second.to_string());
        let (schemas, limits, mut used) = (schemas(), Limits::default(), Scratch::default());
        drop(decode(first.as_bytes(), &mut used, &schemas, &limits));
        let again = decode(second.as_bytes(), &mut used, &schemas, &limits).map(|decoded| (format!("{:?}", decoded.facts), decoded.findings));
        let fresh = with(second.as_bytes(), |outcome| outcome.map(|decoded| (format!("{:?}", decoded.facts), decoded.findings)));
        prop_assert_eq!(again, fresh);
    }
}
