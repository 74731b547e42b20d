//! Both directions against `serde_avro_fast` over the released schema, which knows nothing of this code.

use proptest::prelude::*;
use serde_avro_fast::Schema;
use serde_avro_fast::ser::SerializerConfig;
use serde_json::{Map, Value, json};

use super::{read, write};
use crate::decode::{Limits, Scratch, decode};
use crate::envelope::{
    Control, Envelope, Event, Gap, IdempotencyKey, Kind, Mode, Noticed, Progress, Rejected, Rejections, Signature,
    Source, Subject, Verdict,
};
use crate::facts::{EventKind, Facts};
use crate::finding::Grade;
use crate::id::RunId;
use crate::schema::Schemas;

const FACTS: &str = include_str!("../../../../schemas/ledgerline/Facts.avsc");
const ENVELOPE: &str = include_str!("../../../../schemas/ledgerline/Envelope.avsc");
const FACETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/facets");

/// The schema of an envelope, the facts in it written out where they are first named.
fn schema() -> Schema {
    fn inline(schema: &mut Value, definition: &mut Option<Value>) {
        match schema {
            Value::String(text) if text == "dev.ledgerline.facts.Facts" => {
                if let Some(definition) = definition.take() {
                    *schema = definition;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| inline(item, definition)),
            Value::Object(members) => members.values_mut().for_each(|item| inline(item, definition)),
            _ => {}
        }
    }
    let mut envelope: Value = serde_json::from_str(ENVELOPE).expect("JSON");
    inline(&mut envelope, &mut Some(serde_json::from_str(FACTS).expect("JSON")));
    envelope.to_string().parse().expect("a schema")
}

fn check(schema: &Schema, envelope: &Envelope<'_>) {
    let theirs =
        serde_avro_fast::to_datum_vec(envelope, &mut SerializerConfig::new(schema)).expect("it fits the schema");
    let mut ours = Vec::new();
    write(envelope, &mut ours);
    assert_eq!(ours, theirs, "the bytes of {envelope:?}");
    assert_eq!(read::<Envelope<'_>>(&theirs).as_ref(), Some(envelope));
    let back: Envelope<'_> = serde_avro_fast::from_datum_slice(&ours, schema).expect("they read ours");
    assert_eq!(&back, envelope);
}

fn blank(kind: Kind) -> Envelope<'static> {
    Envelope::blank(kind, "default", [1; 16], -5, "0.1.0")
}

fn with_facts<'a>(facts: Facts<'a>, body: &'a [u8]) -> Envelope<'a> {
    let signature = Signature { algorithm: "ed25519", key: "k", value: b"\x00\xff" };
    let noticed = Noticed { grade: Grade::Reject, code: "naive-time", path: "$.eventTime", message: "Send an offset." };
    Envelope {
        source: Some(Source { topic: "openlineage.events", partition: -1, offset: i64::MAX, timestamp_ms: i64::MIN }),
        principal: Some("p"),
        event: Some(Event {
            c14n: 1,
            event_id: [2; 32],
            event_time_ns: facts.event_time_ns,
            subject: Subject { kind: EventKind::Run, run: Some(RunId([7; 16])), namespace: "etl", name: "lädt" },
            commitment: [3; 32],
            opening: Some(&[4; 32]),
            body: Some(body),
            facts: Some(facts),
            findings: vec![noticed; 2],
            signature: Some(signature),
            verdict: Verdict::UnknownKey,
            schema_version: "1.0.0",
        }),
        ..blank(Kind::Event)
    }
}

/// An event that carries every example facet where it may stand, as JSON.
fn with_every_facet() -> Value {
    let mut places: [Map<String, Value>; 5] = Default::default();
    for entry in std::fs::read_dir(FACETS).expect("the examples are in the repository") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let facets: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("readable")).expect("JSON");
        let place = ["RunFacet", "JobFacet", "InputDatasetFacet", "OutputDatasetFacet", "DatasetFacet"]
            .iter()
            .position(|suffix| name.ends_with(suffix));
        let place = place.map_or(4, |place| place);
        places[place].extend(facets.as_object().expect("an object").clone());
    }
    let [mut run, mut job, mut input, mut output, dataset] = places;
    // Some may stand in several places; where one is not known it is a custom facet and does no harm.
    for place in [&mut run, &mut job, &mut input, &mut output] {
        place.extend(dataset.clone());
    }
    let named = |name: &str| json!({"namespace": "n", "name": name, "facets": dataset});
    let (mut from, mut to) = (named("from"), named("to"));
    from["inputFacets"] = Value::Object(input);
    to["outputFacets"] = Value::Object(output);
    json!({
        "eventType": "FAIL", "eventTime": "2026-03-01T06:10:40Z", "producer": "https://example.test/p",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "0195500d-0000-7000-8000-000000000003", "facets": run},
        "job": {"namespace": "n", "name": "j", "facets": job}, "inputs": [from, named("from2")], "outputs": [to],
    })
}

#[test]
fn every_facet_and_every_kind_of_envelope_is_written_and_read_as_the_schema_says() {
    let (schema, schemas, limits) = (schema(), Schemas::built_in().expect("compiles"), Limits::default());
    let text = with_every_facet().to_string();
    let mut scratch = Scratch::default();
    let decoded = decode(text.as_bytes(), &mut scratch, &schemas, &limits).expect("an event");
    let facts = &decoded.facts;
    let (from, to) = (&facts.inputs[0], &facts.outputs[0]);
    let got_there = to.statistics.is_some() && !from.assertions.is_empty() && to.columns.is_some();
    assert!(got_there && !from.records.is_empty(), "the examples are where they count: {facts:?}");
    check(&schema, &with_facts(decoded.facts.clone(), text.as_bytes()));
    let control = Control {
        name: "genesis",
        content: b"{}",
        expected_size: Some(-1),
        signatures: vec![Signature { algorithm: "ed25519", key: "root", value: &[] }],
    };
    let gap = Some(Gap { first: 3, last: 4 });
    let progress = Progress { topic: "t", partition: 2, next_offset: 5, caught_up_to_ns: 6, gap };
    let rows = vec![Rejected { offset: 300, code: "not-json", path: "$" }];
    let key = Some(IdempotencyKey([9; 16]));
    for envelope in [
        blank(Kind::Tick),
        Envelope { control: Some(control), idempotency_key: key, mode: Mode::Drill, ..blank(Kind::Control) },
        Envelope { progress: Some(progress), mode: Mode::Backfill, ..blank(Kind::Progress) },
        Envelope { rejections: Some(Rejections { topic: "http", partition: -1, rows }), ..blank(Kind::Rejections) },
        Envelope { sealed: Some(b"secret"), data_key_id: 70_000, initiator: Some("i"), ..blank(Kind::Event) },
    ] {
        check(&schema, &envelope);
    }
}

#[test]
fn blocks_with_their_length_are_read_and_what_is_no_datum_is_not() {
    let blocks: &[u8] = &[3, 4, 2, b'a', 2, b'b', 2, 2, b'c', 0];
    assert_eq!(read::<Vec<&str>>(blocks), Some(vec!["a", "b", "c"]), "blocks of two and of one");
    for (bytes, why) in [
        (&[2, 2, b'a'][..], "no end"),
        (&[0, 0][..], "more than a datum"),
        (&[0xfe, 0xff, 0xff, 0xff, 0x0f][..], "more items than bytes"),
        (&[1][..], "a block of none, with a length"),
        (&[2, 1, 0][..], "a negative length"),
        (&[2, 4, 0xc3, 0x28, 0][..], "not UTF-8"),
        (&[0x80; 11][..], "a number without end"),
    ] {
        assert_eq!(read::<Vec<&str>>(bytes), None, "{why}");
    }
    assert_eq!(read::<Option<bool>>(&[4, 0]), None, "a third variant");
    assert_eq!(read::<Kind>(&[10]), None, "a sixth symbol");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn numbers_of_every_size_come_back(value in any::<i64>(), shift in 0..64_u32) {
        let value = value >> shift;
        let mut bytes = Vec::new();
        write(&value, &mut bytes);
        prop_assert_eq!(serde_avro_fast::from_datum_slice::<i64>(&bytes, &"\"long\"".parse().unwrap()).unwrap(), value);
        prop_assert_eq!(read::<i64>(&bytes), Some(value));
    }

    #[test]
    fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read::<Envelope<'_>>(&bytes);
        let _ = read::<Facts<'_>>(&bytes);
    }
}
