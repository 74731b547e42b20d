//! The two rules and the life of their alerts: a history, and the messages that come out of it.

use super::event::{Ev, job_id, run_id};
use super::feed;
use crate::alert::AlertMessage;
use crate::envelope::Mode;
use crate::facts::EventType::{self, Abort, Complete, Fail, Other, Running, Start};
use crate::id::AlertId;
use crate::row::memory::Memory;

fn ev(event_type: EventType, run: u8, job: u8, time: i64) -> Ev {
    Ev::new(event_type, run, job, time)
}

fn messages(history: &[Ev]) -> Vec<AlertMessage> {
    let mut state = Memory::default();
    let mut messages = Vec::new();
    for (ev, leaf) in history.iter().zip(1..) {
        messages.extend(feed(&mut state, &Ev { leaf, ..ev.clone() }, Mode::Live).alerts);
    }
    messages
}

/// `state rule subject` of each message, in order.
#[track_caller]
fn check(line: &str, history: &[Ev], expected: &[&str]) {
    let got: Vec<String> = messages(history)
        .iter()
        .map(|message| {
            let state = serde_json::to_value(message.state).unwrap();
            let subject = message.subject.node.trim_start_matches("job:ns:");
            let ancestors = message.ancestors.as_ref().map_or(0, Vec::len);
            let above = if ancestors > 0 { format!(" +{ancestors}") } else { String::new() };
            format!("{} {} {subject}{above}", state.as_str().unwrap(), message.rule)
        })
        .collect();
    assert_eq!(got, expected, "{line}");
}

#[test]
fn a_failed_run() {
    let fail = |run, time| ev(Fail, run, 1, time);
    check("fires", &[ev(Start, 1, 1, 1), fail(1, 2)], &["firing failed-run j1"]);
    check("ABORT does not", &[ev(Abort, 1, 1, 2)], &[]);
    check("a message on COMPLETE does not", &[Ev { error: Some("w"), ..ev(Complete, 1, 1, 2) }], &[]);
    check("a second FAIL of the run says nothing new", &[fail(1, 2), fail(1, 3)], &["firing failed-run j1"]);
    check(
        "a later success resolves",
        &[fail(1, 2), ev(Start, 2, 1, 3), ev(Complete, 2, 1, 4)],
        &["firing failed-run j1", "resolved failed-run j1"],
    );
    check("an earlier success does not", &[fail(1, 5), ev(Complete, 2, 1, 4)], &["firing failed-run j1"]);
    check("a failure made good before it was heard of", &[ev(Complete, 2, 1, 4), fail(1, 2)], &[]);
    check(
        "a COMPLETE of the run itself, later",
        &[fail(1, 2), ev(Complete, 1, 1, 3)],
        &["firing failed-run j1", "resolved failed-run j1"],
    );
    check(
        "a retry under the same parent",
        &[fail(1, 2).parent(9, 2), ev(Start, 2, 1, 3).parent(9, 2), ev(Complete, 2, 1, 4).parent(9, 2)],
        &["firing failed-run j1", "resolved failed-run j1"],
    );
    check(
        "a streak updates",
        &[fail(1, 2), fail(2, 4), fail(3, 6), ev(Complete, 4, 1, 8)],
        &["firing failed-run j1", "updated failed-run j1", "updated failed-run j1", "resolved failed-run j1"],
    );
    check("another job's success does not resolve", &[fail(1, 2), ev(Complete, 2, 2, 4)], &["firing failed-run j1"]);
}

#[test]
fn a_failure_climbs() {
    let sql = ev(Fail, 1, 1, 2).parent(2, 2);
    let task = ev(Fail, 2, 2, 3).parent(3, 3);
    let dag = ev(Fail, 3, 3, 4);
    check(
        "one alert, on the deepest",
        &[sql.clone(), task.clone(), dag.clone()],
        &["firing failed-run j1", "updated failed-run j1 +1", "updated failed-run j1 +2"],
    );
    check(
        "also from the top",
        &[dag, task, sql],
        &[
            "firing failed-run j3",
            "firing failed-run j2 +1",
            "resolved failed-run j3",
            "firing failed-run j1 +2",
            "resolved failed-run j2 +1",
        ],
    );
}

#[test]
fn a_conflicting_duplicate() {
    let start = ev(Start, 1, 1, 1).io(&[0], &[1]);
    let fires: &[&str] = &["firing conflicting-duplicate run:01010101-0101-0101-0101-010101010101"];
    check("the same event again", &[start.clone(), start.clone()], &[]);
    check("other inputs", &[start.clone(), start.clone().io(&[2], &[1])], fires);
    check("other outputs", &[start.clone(), start.clone().io(&[0], &[2])], fires);
    check("the same facets, another content", &[start.clone(), Ev { salt: 1, ..start.clone() }], fires);
    let one = |owner| Ev { owner: Some(owner), ..ev(Complete, 1, 1, 1) };
    check("another owner", &[one("team:a"), one("team:b")], fires);
    check("another time", &[start.clone(), ev(Start, 1, 1, 2).io(&[2], &[1])], &[]);
    check("another job", &[start.clone(), ev(Start, 1, 2, 1).io(&[2], &[1])], &[]);
    check("another transition", &[start, ev(Complete, 1, 1, 1).io(&[2], &[1])], &[]);
    for event_type in [Running, Other] {
        check("legitimate", &[ev(event_type, 1, 1, 1).io(&[0], &[]), ev(event_type, 1, 1, 1).io(&[2], &[])], &[]);
    }
    let (one, other) = (ev(Start, 1, 1, 1).io(&[0], &[1]), ev(Start, 1, 1, 1).io(&[2], &[1]));
    let (forth, back) = (messages(&[one.clone(), other.clone()]), messages(&[other, one]));
    assert_eq!(forth[0].id, back[0].id, "the id does not depend on which event came first");
}

#[test]
fn a_message_says_what_to_do() {
    let mut history = vec![
        Ev { owner: Some("team:sales"), ..ev(Complete, 5, 1, 1).io(&[0], &[1]) },
        ev(Complete, 6, 2, 2).io(&[1], &[2]),
        Ev { error: Some("disk full.\n at x"), ..ev(Fail, 7, 1, 10).io(&[0], &[1]) },
    ];
    let message = messages(&history).remove(0);
    let id = AlertId::of("acme", "failed-run", &job_id(1).0, run_id(7).to_string().as_bytes());
    assert_eq!(message.id, id.to_string());
    assert_eq!((message.sequence, message.rule_version), (0, 1));
    assert_eq!(
        message.summary,
        "Run 07070707-0707-0707-0707-070707070707 failed at 1970-01-01T00:00:00.00000001Z: disk full."
    );
    let affected = message.affected.as_ref().unwrap();
    assert_eq!((affected.datasets, affected.jobs, affected.complete), (2, 1, true));
    let owners: Vec<&str> = message.owners.iter().map(|owner| owner.name.as_str()).collect();
    assert_eq!(owners, ["team:sales", "on-call"]);
    let leaf = &message.evidence.leaves[0];
    assert_eq!((leaf.index, leaf.position.as_str()), (3, "07070707070707070707070707070707/0/103"));
    assert_eq!(leaf.event_id.as_deref().unwrap().len(), 64);
    assert!(message.remedy.iter().any(|step| step.contains("ledgerline run show 07070707")));
    assert_eq!(message.mode, "live");

    history.push(ev(Complete, 8, 1, 20).io(&[0], &[1]));
    let resolved = messages(&history).remove(1);
    assert_eq!((resolved.sequence, resolved.resolution.as_deref()), (1, Some("retried")));
    assert_eq!(resolved.id, message.id);
    assert_ne!(resolved.ce_id(), message.ce_id());
}

#[test]
fn modes_are_marked() {
    for (mode, text) in [(Mode::Backfill, "backfill"), (Mode::Drill, "drill")] {
        let alerts = feed(&mut Memory::default(), &ev(Fail, 1, 1, 1), mode).alerts;
        assert_eq!(alerts[0].mode, text);
    }
}
