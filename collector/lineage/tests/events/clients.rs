//! What real clients send: accepted, and graded.

use lineage::facts::{EventKind, EventType};
use serde_json::{Value, json};

use super::{accepts, run_event, with};

/// The usual event, changed.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut event = run_event();
    change(&mut event);
    event.to_string()
}

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member);
}

#[test]
fn accepts_and_grades() {
    let check = |name: &str, change: fn(&mut Value), expected: &[&str]| accepts(name, &changed(change), expected);
    check("as it should be", |_| {}, &[]);
    check("naive time", |e| e["eventTime"] = json!("2026-03-01T08:15:30.25"), &["warn naive-time $.eventTime"]);
    check("a blank for the T", |e| e["eventTime"] = json!("2026-03-01 08:15:30Z"), &[]);
    check("nanoseconds", |e| e["eventTime"] = json!("2026-03-01T08:15:30.123456789Z"), &[]);
    check(
        "finer than that",
        |e| e["eventTime"] = json!("2026-03-01T08:15:30.1234567891Z"),
        &["note time-precision $.eventTime"],
    );
    check("no eventType", |e| remove(e, "eventType"), &[]);
    check("null eventType", |e| e["eventType"] = json!(null), &["note null-member $.eventType"]);
    check("unknown eventType", |e| e["eventType"] = json!("RETRY"), &["warn unknown-symbol $.eventType"]);
    check("eventType of another type", |e| e["eventType"] = json!(1), &["warn wrong-type $.eventType"]);
    check("RUNNING after COMPLETE is nothing to an event alone", |e| e["eventType"] = json!("RUNNING"), &[]);
    check("no producer", |e| remove(e, "producer"), &["warn missing-member $.producer"]);
    check("producer without scheme", |e| e["producer"] = json!("airflow"), &["warn malformed-uri $.producer"]);
    check("no schemaURL", |e| remove(e, "schemaURL"), &["warn missing-member $.schemaURL"]);
    check("inputs null", |e| e["inputs"] = json!(null), &["note null-member $.inputs"]);
    check("inputs absent", |e| remove(e, "inputs"), &[]);
    check("inputs empty", |e| e["inputs"] = json!([]), &[]);
    check("inputs no array", |e| e["inputs"] = json!({}), &["warn wrong-type $.inputs"]);
    check("a null input", |e| e["inputs"] = json!([null]), &["note null-member $.inputs[0]"]);
    check("facets null", |e| e["run"]["facets"] = json!(null), &["note null-member $.run.facets"]);
    check("facets no object", |e| e["job"]["facets"] = json!([]), &["warn wrong-type $.job.facets"]);
    check(
        "a facet null",
        |e| e["run"]["facets"] = json!({"parent": null, "mine": null}),
        &["note null-member $.run.facets.mine", "note null-member $.run.facets.parent"],
    );
    check("a facet no object", |e| e["run"]["facets"] = json!({"tags": []}), &["warn wrong-type $.run.facets.tags"]);
    check(
        "custom facets and members",
        |e| {
            e["run"]["facets"] = json!({"spark_properties": {"properties": {"a": null}}, "acme_x": {}});
            e["note"] = json!({"deep": [1, 2]});
            e["job"]["owner"] = json!(17);
        },
        &[],
    );
    check(
        "unicode names",
        |e| {
            e["job"]["name"] = json!("tägliche Ladung 日次 🚚");
            e["inputs"][0]["name"] = json!("données.commandes");
        },
        &[],
    );
    check("upper-case run id", |e| e["run"]["runId"] = json!("0196C1A0-7D2E-7F3B-9A53-2B1C0D4E5F60"), &[]);
    check("an empty name", |e| e["job"]["name"] = json!(""), &["warn malformed-name $.job.name"]);
    check("a blank around a name", |e| e["job"]["name"] = json!(" load"), &["warn malformed-name $.job.name"]);
    check(
        "a facet without its _producer and _schemaURL",
        |e| e["job"]["facets"] = json!({"sql": {"query": "select 1"}}),
        &["warn missing-member $.job.facets.sql._producer", "warn missing-member $.job.facets.sql._schemaURL"],
    );
    check("a deleted facet needs nothing else", |e| e["job"]["facets"] = json!({"sql": {"_deleted": true}}), &[]);
    check(
        "one input twice",
        |e| {
            let again = e["inputs"][0].clone();
            e["inputs"].as_array_mut().expect("a list").push(again);
        },
        &["note duplicate-dataset $.inputs"],
    );
}

#[test]
fn faults_inside_a_facet_cost_that_member_only() {
    let event = changed(|e| {
        e["run"]["facets"] = json!({"parent": {
            "_producer": "https://example.org", "_schemaURL": "https://example.org/s",
            "run": {"runId": "not-a-uuid"}, "job": {"namespace": 5},
            "root": {"run": {"runId": "0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f61"}, "job": {"namespace": "n", "name": "dag"}},
        }, "nominalTime": {
            "_producer": "https://example.org", "_schemaURL": "https://example.org/s",
            "nominalStartTime": "yesterday", "nominalEndTime": "2026-03-01T00:00:00Z",
        }});
    });
    accepts(
        "parent",
        &event,
        &[
            "warn malformed-time $.run.facets.nominalTime.nominalStartTime",
            "warn missing-member $.run.facets.parent.job.name",
            "warn run-id-not-uuid $.run.facets.parent.run.runId",
            "warn wrong-type $.run.facets.parent.job.namespace",
        ],
    );
    with(event.as_bytes(), |outcome| {
        let run = outcome.expect("accepted").facts.run.expect("a run");
        assert_eq!(run.parent, None);
        assert_eq!(run.root.map(|root| root.name), Some("dag"));
        assert_eq!(run.nominal_time, None);
        // `serde_json` sorts members.
        assert_eq!(run.facets, ["nominalTime", "parent"]);
    });
}

#[test]
fn facts_of_the_event_itself() {
    with(changed(|e| e["eventType"] = json!("RETRY")).as_bytes(), |outcome| {
        let facts = outcome.expect("accepted").facts;
        assert_eq!((facts.kind, facts.event_type), (EventKind::Run, Some(EventType::Other)));
        assert_eq!(facts.event_time_ns, 1_772_352_930_250_000_000);
        assert_eq!(facts.producer, Some("https://example.org/scheduler/2.1"));
        let job = facts.job.expect("a job");
        assert_eq!((job.namespace, job.name), ("scheduler://north", "orders.load"));
        assert_eq!(facts.run.map(|run| run.id.to_string()).as_deref(), Some("0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f60"));
        assert_eq!(facts.inputs.iter().map(|input| input.name).collect::<Vec<_>>(), ["shop.public.orders"]);
        assert_eq!(facts.outputs.iter().map(|output| output.name).collect::<Vec<_>>(), ["orders"]);
        assert_eq!((facts.dataset, facts.inferred.len()), (None, 0));
    });
}

#[test]
fn escapes_are_decoded_in_names_keys_and_facts() {
    let event = run_event()
        .to_string()
        .replace("\"orders.load\"", "\"or\\u0064ers\\u002eload\"")
        .replace("\"job\"", "\"j\\u006fb\"");
    accepts("escaped", &event, &[]);
    with(event.as_bytes(), |outcome| {
        assert_eq!(outcome.expect("accepted").facts.job.map(|job| job.name), Some("orders.load"));
    });
}

#[test]
fn run_ids_are_marked_for_lower_casing() {
    let mut event = run_event();
    event["run"]["facets"] = json!({"parent": {"run": {"runId": "0196C1A0-7D2E-7F3B-9A53-2B1C0D4E5F61"}, "job": {"namespace": "n", "name": "p"}}});
    let upper = event.to_string();
    let lower = upper.replace("0196C1A0-7D2E-7F3B-9A53-2B1C0D4E5F61", "0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f61");
    assert_ne!(upper, lower);
    let id = |payload: &str| {
        with(payload.as_bytes(), |outcome| outcome.expect("accepted").event_id(&[7; 32], &mut Default::default()))
    };
    assert_eq!(id(&upper), id(&lower));
    assert_ne!(id(&upper), id(&upper.replace("orders.load", "orders.Load")));
}
