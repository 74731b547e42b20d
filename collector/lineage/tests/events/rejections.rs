//! What is refused, and nothing else.

use serde_json::{Value, json};

use super::{refuses, run_event, with_limits};
use lineage::decode::Limits;

#[track_caller]
fn check(name: &str, change: impl FnOnce(&mut Value), expected: &str) {
    let mut event = run_event();
    change(&mut event);
    refuses(name, event.to_string().as_bytes(), expected);
}

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member);
}

#[test]
fn what_identifies_an_event_must_be_there() {
    check("no eventTime", |e| remove(e, "eventTime"), "missing-member $.eventTime");
    check("null eventTime", |e| e["eventTime"] = json!(null), "missing-member $.eventTime");
    check("eventTime a number", |e| e["eventTime"] = json!(1_772_352_930), "wrong-type $.eventTime");
    check("eventTime unreadable", |e| e["eventTime"] = json!("1 March 2026"), "malformed-time $.eventTime");
    check("eventTime not a day", |e| e["eventTime"] = json!("2026-02-30T00:00:00Z"), "malformed-time $.eventTime");
    check("eventTime out of range", |e| e["eventTime"] = json!("2500-01-01T00:00:00Z"), "malformed-time $.eventTime");
    check("a run event without run", |e| remove(e, "run"), "missing-member $.run");
    check("run no object", |e| e["run"] = json!("x"), "wrong-type $.run");
    check("no runId", |e| e["run"] = json!({}), "missing-member $.run.runId");
    check("runId no UUID", |e| e["run"]["runId"] = json!("manual__2026-03-01"), "run-id-not-uuid $.run.runId");
    check("runId a number", |e| e["run"]["runId"] = json!(7), "wrong-type $.run.runId");
    check(
        "runId without hyphens",
        |e| e["run"]["runId"] = json!("0196c1a07d2e7f3b9a532b1c0d4e5f60"),
        "run-id-not-uuid $.run.runId",
    );
    check(
        "a run event without job",
        |e| {
            remove(e, "job");
            e["dataset"] = json!({"namespace": "a", "name": "b"})
        },
        "missing-member $.job",
    );
    check("no job and no dataset", |e| remove(e, "job"), "no-job-no-dataset $");
    check("no job namespace", |e| remove(&mut e["job"], "namespace"), "missing-member $.job.namespace");
    check("no job name", |e| remove(&mut e["job"], "name"), "missing-member $.job.name");
    check("null job name", |e| e["job"]["name"] = json!(null), "missing-member $.job.name");
    check("job name a number", |e| e["job"]["name"] = json!(3), "wrong-type $.job.name");
    check("no input name", |e| remove(&mut e["inputs"][0], "name"), "missing-member $.inputs[0].name");
    check(
        "no output namespace",
        |e| remove(&mut e["outputs"][0], "namespace"),
        "missing-member $.outputs[0].namespace",
    );
    check("an input no object", |e| e["inputs"] = json!(["orders"]), "wrong-type $.inputs[0]");
    check("a name too long", |e| e["outputs"][0]["name"] = json!("n".repeat(4097)), "name-too-long $.outputs[0].name");
    check("a namespace too long", |e| e["job"]["namespace"] = json!("n".repeat(4097)), "name-too-long $.job.namespace");
    check(
        "a dataset event without name",
        |e| {
            *e = json!({"eventTime": "2026-03-01T08:15:30Z", "dataset": {"namespace": "s3://lake"}});
        },
        "missing-member $.dataset.name",
    );
}

#[test]
fn the_longest_name_is_taken() {
    let mut event = run_event();
    event["job"]["name"] = json!("n".repeat(4096));
    super::accepts("4096 bytes", &event.to_string(), &[]);
}

#[test]
fn what_is_no_event() {
    refuses("empty", b"", "not-json $");
    refuses("text", b"hello", "not-json $");
    refuses("cut off", &run_event().to_string().as_bytes()[..200], "not-json $.job.name");
    refuses("trailing", b"{} {}", "not-json $");
    refuses("not UTF-8", b"{\"a\":\"\xff\"}", "not-utf8 $");
    refuses("byte order mark", b"\xef\xbb\xbf{}", "not-json $");
    refuses("twice the same member", br#"{"job":{"name":"a","n\u0061me":"b"}}"#, "duplicate-key $.job.name");
    refuses("half a surrogate pair", br#"{"job":{"name":"\ud800"}}"#, "lone-surrogate $.job.name");
    refuses("an array", b"[]", "unknown-event $");
    refuses("a number", b"1", "unknown-event $");
    refuses("null", b"null", "unknown-event $");
    refuses("an empty object", b"{}", "no-job-no-dataset $");
    refuses("null job", br#"{"job":null}"#, "no-job-no-dataset $");
    let deep = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    refuses("65 deep", deep(65).as_bytes(), &format!("too-deep $.x{}", "[0]".repeat(63)));
    refuses("64 deep", deep(64).as_bytes(), "no-job-no-dataset $");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    refuses("over 1 MiB", large.as_bytes(), "too-large $");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let payload = br#"{"job":{},"run":{"runId":"x"},"inputs":[{}]}"#;
    with_limits(payload, &Limits::default(), |outcome| {
        let rejection = outcome.expect_err("refused");
        let rejects = super::lines(&rejection.findings).lines().filter(|line| line.starts_with("reject")).count();
        assert_eq!(rejects, 6, "{:#?}", rejection.findings);
    });
}
