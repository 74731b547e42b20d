//! Ids against the published vectors, and their texts.

use proptest::prelude::*;

use super::*;
use crate::c14n::{Scratch, canonical};
use crate::json::{Limits, Tape, scan};
use crate::vectors;

fn event_id(payload: &str) -> EventId {
    let (mut tape, mut scratch) = (Tape::default(), Scratch::default());
    let root = scan(payload.as_bytes(), &Limits::default(), &mut tape).unwrap();
    let lower: Vec<u32> = root.get("run").and_then(|run| run.get("runId")).iter().map(|id| id.index()).collect();
    EventId::of(&std::array::from_fn(|at| at as u8), canonical(root, &lower, &mut scratch))
}

fn strings(line: &str) -> Vec<String> {
    serde_json::Deserializer::from_str(line).into_iter().collect::<Result<_, _>>().unwrap()
}

fn node_id(fields: &[&str]) -> NodeId {
    match fields {
        ["dataset", namespace, name] => NodeId::dataset(namespace, name),
        ["job", namespace, name] => NodeId::job(namespace, name),
        ["run", run] => NodeId::run(run.parse().unwrap()),
        ["dataset-version", namespace, name, version] => NodeId::dataset_version(namespace, name, version),
        ["column", namespace, name, column] => NodeId::column(namespace, name, column),
        _ => panic!("no such node: {fields:?}"),
    }
}

#[test]
fn published_vectors_hold() {
    for (payload, id) in vectors::of("event") {
        assert_eq!(event_id(&payload).to_string(), id, "{payload}");
    }
    for (line, id) in vectors::of("node") {
        let fields = strings(&line);
        assert_eq!(node_id(&fields.iter().map(String::as_str).collect::<Vec<_>>()).to_string(), id, "{line}");
    }
    for (line, id) in vectors::of("alert") {
        let fields = strings(&line);
        let [tenant, rule, subject, occurrence] = fields.try_into().unwrap();
        let found = AlertId::of(&tenant, &rule, subject.as_bytes(), occurrence.as_bytes());
        assert_eq!(found.to_string(), id, "{line}");
    }
}

#[test]
fn tenants_do_not_share_event_ids() {
    let (mut tape, mut scratch) = (Tape::default(), Scratch::default());
    let root = scan(b"{}", &Limits::default(), &mut tape).unwrap();
    let one = EventId::of(&[0; 32], canonical(root, &[], &mut scratch));
    assert_ne!(one, EventId::of(&[1; 32], canonical(root, &[], &mut scratch)));
}

#[test]
fn reads_hyphenated_uuids_of_any_case_and_nothing_else() {
    let lower = "01908222-d800-7e0d-afea-386c5e206957";
    let id: RunId = lower.parse().unwrap();
    assert_eq!(id.0, [0x01, 0x90, 0x82, 0x22, 0xd8, 0x00, 0x7e, 0x0d, 0xaf, 0xea, 0x38, 0x6c, 0x5e, 0x20, 0x69, 0x57]);
    assert_eq!((id.to_string().as_str(), lower.to_uppercase().parse()), (lower, Ok(id)));
    for text in [
        "",
        "01908222d8007e0dafea386c5e206957",
        "{01908222-d800-7e0d-afea-386c5e206957}",
        "urn:uuid:01908222-d800-7e0d-afea-386c5e206957",
        "01908222-d800-7e0d-afea-386c5e20695g",
        "01908222-d800-7e0d-afea-386c5e20695",
        "01908222-d800-7e0d-afea-386c5e2069577",
        "0190822-2d800-7e0d-afea-386c5e206957",
        " 1908222-d800-7e0d-afea-386c5e206957",
        "01908222-d800-7e0d-afea-386c5e2069é",
    ] {
        assert_eq!(text.parse::<RunId>(), Err(RunIdFault), "{text}");
    }
}

#[test]
fn an_id_has_one_text() {
    let text = "000102030405060708090a0b0c0d0e0f";
    assert_eq!(text.parse::<NodeId>().unwrap().to_string(), text);
    for text in [
        "",
        "000102030405060708090A0B0C0D0E0F",
        "000102030405060708090a0b0c0d0e0",
        "000102030405060708090a0b0c0d0e0f00",
        "+00102030405060708090a0b0c0d0e0f",
    ] {
        assert_eq!(text.parse::<NodeId>(), Err(HexFault { bytes: 16 }), "{text}");
    }
}

#[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
struct Shown {
    #[serde(with = "text")]
    event: EventId,
    #[serde(with = "text")]
    run: RunId,
}

proptest! {
    #[test]
    fn texts_lead_back(event in any::<[u8; 32]>(), run in any::<[u8; 16]>()) {
        let shown = Shown { event: EventId(event), run: RunId(run) };
        let json = serde_json::to_string(&shown).unwrap();
        prop_assert_eq!(&json, &format!("{{\"event\":\"{}\",\"run\":\"{}\"}}", shown.event, shown.run));
        prop_assert_eq!(serde_json::from_str::<Shown>(&json).unwrap(), shown);
    }
}
