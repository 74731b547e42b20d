//! What things mean, line by line: a history, and what is then known of one job.

use super::event::{Ev, dataset_id, job_id, run_id};
use super::fed;
use crate::facts::EventType::{self, Abort, Complete, Fail, Other, Running, Start};
use crate::graph::Side;
use crate::query::{EdgeState, Known, Standing, View};
use crate::row::key::{GroupKey, RunKey};
use crate::row::{self, GroupRow, GroupState, RunRow, Terminal};

const DAY: i64 = 86_400 * 1_000_000_000;

fn ev(event_type: EventType, run: u8, job: u8, time: i64) -> Ev {
    Ev::new(event_type, run, job, time)
}

/// Numbers leaves in the order of the list.
fn numbered(mut history: Vec<Ev>) -> Vec<Ev> {
    for (ev, leaf) in history.iter_mut().zip(1..) {
        ev.leaf = leaf;
    }
    history
}

/// Reads and writes of job 1, as text: `+` current, `~` in progress, `?` attempted, `-` historical.
fn edges(history: Vec<Ev>, log_time_ns: i64) -> String {
    let state = fed(&numbered(history));
    let known = Known::default();
    let standing = Standing::read(&state, job_id(1), true, log_time_ns).unwrap();
    let mut text = Vec::new();
    for (side, arrow) in [(Side::Input, "<"), (Side::Output, ">")] {
        for node in 0..12u8 {
            if !standing.datasets(side).contains(&dataset_id(node)) {
                continue;
            }
            let mark = match standing.edge(View::new(&state, &known), dataset_id(node), side).unwrap().state {
                EdgeState::Current => '+',
                EdgeState::InProgress => '~',
                EdgeState::Attempted => '?',
                EdgeState::Historical => '-',
            };
            text.push(format!("{arrow}{node}{mark}"));
        }
    }
    text.join(" ")
}

/// What became of run 1 of job 1.
fn end(history: Vec<Ev>) -> Option<Terminal> {
    let state = fed(&numbered(history));
    let row: RunRow = row::get(&state, &RunKey { run: run_id(1), job: job_id(1) }).unwrap().unwrap();
    row.end.map(|end| end.terminal)
}

/// State of the group of job 1 with this root.
fn group(root: u8, history: Vec<Ev>) -> Option<GroupState> {
    let state = fed(&numbered(history));
    let key = GroupKey { job: job_id(1), root: run_id(root) };
    row::get::<GroupRow, _>(&state, &key).unwrap().map(|row| row.outcome().0)
}

#[track_caller]
fn check<T: PartialEq + std::fmt::Debug>(line: &str, got: T, expected: T) {
    assert_eq!(got, expected, "{line}");
}

#[test]
fn a_runs_end() {
    check("COMPLETE ends", end(vec![ev(Start, 1, 1, 1), ev(Complete, 1, 1, 2)]), Some(Terminal::Complete));
    check("the later stands", end(vec![ev(Fail, 1, 1, 2), ev(Complete, 1, 1, 3)]), Some(Terminal::Complete));
    check("whatever arrives first", end(vec![ev(Complete, 1, 1, 3), ev(Fail, 1, 1, 2)]), Some(Terminal::Complete));
    check("a tie is a FAIL", end(vec![ev(Complete, 1, 1, 2), ev(Fail, 1, 1, 2)]), Some(Terminal::Fail));
    check("RUNNING afterwards", end(vec![ev(Complete, 1, 1, 2), ev(Running, 1, 1, 3)]), Some(Terminal::Complete));
    check("OTHER afterwards", end(vec![ev(Fail, 1, 1, 2), ev(Other, 1, 1, 3)]), Some(Terminal::Fail));
    check("ABORT is no failure", end(vec![ev(Abort, 1, 1, 2)]), Some(Terminal::Abort));
    let message = Ev { error: Some("a warning"), ..ev(Complete, 1, 1, 2) };
    check("errorMessage on COMPLETE is none", end(vec![message]), Some(Terminal::Complete));
    let message = Ev { error: Some("a warning"), ..ev(Running, 1, 1, 2) };
    check("nor on RUNNING", end(vec![message]), None);
    let missing = Ev { event_type: None, ..ev(Other, 1, 1, 2) };
    check("a missing eventType is accepted", end(vec![missing]), None);
}

#[test]
fn groups() {
    use GroupState::{Aborted, Failed, Open, Succeeded};
    let spark = || vec![ev(Start, 1, 1, 1), ev(Start, 2, 1, 2).parent(1, 1), ev(Complete, 2, 1, 3).parent(1, 1)];
    check("one run, one group", group(1, vec![ev(Start, 1, 1, 1)]), Some(Open));
    check("COMPLETE of the top run", group(1, vec![ev(Start, 1, 1, 1), ev(Complete, 1, 1, 2)]), Some(Succeeded));
    check("applications often never end", group(1, spark()), Some(Succeeded));
    check("the child is in its parent's group", group(2, spark()), None);
    let reopened = [spark(), vec![ev(Start, 3, 1, 4).parent(1, 1)]].concat();
    check("a later run re-opens it", group(1, reopened.clone()), Some(Open));
    let closed = [reopened, vec![ev(Complete, 3, 1, 5).parent(1, 1)]].concat();
    check("and closes it again", group(1, closed), Some(Succeeded));
    let failed = [spark(), vec![ev(Fail, 3, 1, 4).parent(1, 1)]].concat();
    check("one failed run is no success", group(1, failed.clone()), Some(Failed));
    let caught = [failed, vec![ev(Complete, 1, 1, 5)]].concat();
    check("unless the top run completes", group(1, caught), Some(Succeeded));
    let retry = vec![ev(Fail, 1, 1, 2).parent(9, 2), ev(Start, 3, 1, 3).parent(9, 2)];
    check("retries share the parent's run", group(9, retry.clone()), Some(Open));
    let retried = [retry, vec![ev(Complete, 3, 1, 4).parent(9, 2)]].concat();
    check("the latest top run decides", group(9, retried), Some(Succeeded));
    check("ABORT", group(1, vec![ev(Abort, 1, 1, 2)]), Some(Aborted));
    check("a parent never seen is a placeholder", group(9, vec![ev(Start, 1, 1, 1).parent(9, 1)]), Some(Open));
    let late = || vec![ev(Complete, 2, 1, 3).parent(1, 1), ev(Start, 1, 1, 1).parent(9, 2)];
    check("a parent learnt late moves its runs", group(9, late()), Some(Succeeded));
    check("out of the old group", group(1, late()), None);
    let cycle = || vec![ev(Start, 1, 1, 1).parent(2, 1), ev(Start, 2, 1, 1).parent(1, 1)];
    check("a cycle has the least run as its top", group(1, cycle()), Some(Open));
    check("and nothing else", group(2, cycle()), None);
    let own = vec![ev(Complete, 1, 1, 1).parent(1, 1)];
    check("a run that is its own parent", group(1, own), Some(Succeeded));
}

#[test]
fn deep_chains_are_bounded() {
    let mut history: Vec<Ev> = (1..100u8).map(|run| ev(Complete, run, 1, 1).parent(run + 1, 1)).collect();
    check("64 parents up", group(66, history.clone()), Some(GroupState::Succeeded));
    history.reverse();
    check("in any order", group(66, history), Some(GroupState::Succeeded));
}

#[test]
fn currency() {
    let run = |run: u8, at: i64, inputs: &[u8], outputs: &[u8]| {
        vec![ev(Start, run, 1, at).io(inputs, outputs), ev(Complete, run, 1, at + 1).io(inputs, outputs)]
    };
    let now = |history: Vec<Vec<Ev>>| edges(history.concat(), 100);
    check("START only declares intent", edges(vec![ev(Start, 1, 1, 1).io(&[0], &[1])], 9), "<0~ >1~".into());
    check("success", now(vec![run(1, 1, &[0], &[1])]), "<0+ >1+".into());
    let fail = |at| vec![ev(Fail, 7, 1, at).io(&[0, 2], &[1])];
    check("failed", now(vec![fail(5)]), "<0? <2? >1?".into());
    check("failed, confirmed before", now(vec![run(1, 1, &[0], &[1]), fail(5)]), "<0+ <2? >1+".into());
    check("left out", now(vec![run(1, 1, &[0, 2], &[1]), run(2, 5, &[0], &[1])]), "<0+ <2- >1+".into());
    check("a late back-fill", now(vec![run(2, 5, &[0, 2], &[1]), run(1, 1, &[0], &[1])]), "<0+ <2+ >1+".into());
    check("a side not declared", now(vec![run(1, 1, &[0], &[1]), run(2, 5, &[], &[1])]), "<0+ >1+".into());
    let mut partial = run(2, 5, &[3], &[1]);
    partial[1].extraction_error = true;
    check("an extraction error", now(vec![run(1, 1, &[0], &[1]), partial]), "<0+ <3+ >1+".into());
    check(
        "a failed run retires nothing",
        now(vec![run(1, 1, &[0], &[1]), vec![ev(Fail, 2, 1, 5).io(&[2], &[1])]]),
        "<0+ <2? >1+".into(),
    );
    check("attempted, then left out", now(vec![fail(5), run(3, 8, &[0], &[1])]), "<0+ <2- >1+".into());
    check(
        "read again",
        now(vec![run(1, 1, &[2], &[1]), run(2, 5, &[0], &[1]), run(3, 9, &[2], &[1])]),
        "<0- <2+ >1+".into(),
    );
    let mut guessed = run(2, 5, &[3], &[]);
    for ev in &mut guessed {
        ev.inferred = vec!["$.inputs[0]"];
    }
    check("inference retires nothing", now(vec![run(1, 1, &[0], &[1]), guessed]), "<0+ <3+ >1+".into());
    let explicit = Ev { explicit: Some(vec![(1, vec![])]), ..ev(Complete, 2, 1, 5) };
    check(
        "an empty lineage facet says: no upstream",
        now(vec![run(1, 1, &[0], &[1]), vec![explicit]]),
        "<0- >1+".into(),
    );
}

#[test]
fn declarations() {
    let (one, other) = ("https://example.org/tree/1.0.0/a", "https://example.org/tree/1.0.0/b");
    let upgraded = "https://example.org/tree/v1.1.0/a";
    let now = |history: Vec<Ev>| edges(history, 100);
    let first = || Ev::declares(1, 1, &[0], &[1], one);
    check("declared", now(vec![first()]), "<0+ >1+".into());
    check(
        "the same producer replaces",
        now(vec![first(), Ev::declares(1, 2, &[2], &[1], upgraded)]),
        "<0- <2+ >1+".into(),
    );
    check("in any order", now(vec![Ev::declares(1, 2, &[2], &[1], one), first()]), "<0- <2+ >1+".into());
    check("another does not", now(vec![first(), Ev::declares(1, 2, &[2], &[1], other)]), "<0+ <2+ >1+".into());
    check("a side left unsaid stays", now(vec![first(), Ev::declares(1, 2, &[], &[2], one)]), "<0+ >1- >2+".into());
    check(
        "documentation alone replaces nothing",
        now(vec![first(), Ev::declares(1, 2, &[], &[], one)]),
        "<0+ >1+".into(),
    );
    check("runs never retire it", now(vec![first(), ev(Complete, 1, 1, 5).io(&[2], &[3])]), "<0+ <2+ >1+ >3+".into());
}

#[test]
fn the_life_of_a_dataset() {
    let run =
        |run: u8, at: i64| vec![ev(Start, run, 1, at).io(&[0], &[1]), ev(Complete, run, 1, at + 1).io(&[0], &[1])];
    let drops = |ev: Ev| vec![Ev { lifecycle: Some(("DROP", None)), ..ev }];
    let now = |history: Vec<Vec<Ev>>| edges(history.concat(), 100);
    check("DROP ends currency", now(vec![run(1, 1), drops(Ev::tells(1, 5))]), "<0+ >1-".into());
    check("in any order", now(vec![drops(Ev::tells(1, 5)), run(1, 1)]), "<0+ >1-".into());
    check("of what is read, too", now(vec![run(1, 1), drops(Ev::tells(0, 5))]), "<0- >1+".into());
    let by_run = |event_type| drops(ev(event_type, 7, 2, 5).io(&[], &[1]));
    check("by a run that completes", now(vec![run(1, 1), by_run(Complete)]), "<0+ >1-".into());
    check("a START only intends it", now(vec![run(1, 1), by_run(Start)]), "<0+ >1+".into());
    check("a FAIL did not get there", now(vec![run(1, 1), by_run(Fail)]), "<0+ >1+".into());
    check("a later write is current again", now(vec![run(1, 1), drops(Ev::tells(1, 5)), run(2, 8)]), "<0+ >1+".into());
    let declared = vec![Ev::declares(1, 1, &[0], &[1], "https://example.org/p")];
    check("declared before", now(vec![declared.clone(), drops(Ev::tells(1, 5))]), "<0+ >1-".into());
    let again = vec![Ev::declares(1, 6, &[0], &[1], "https://example.org/p")];
    check("declared since", now(vec![declared, drops(Ev::tells(1, 5)), again]), "<0+ >1+".into());
    let truncate = vec![Ev { lifecycle: Some(("TRUNCATE", None)), ..Ev::tells(1, 5) }];
    check("TRUNCATE ends nothing", now(vec![run(1, 1), truncate]), "<0+ >1+".into());
}

/// What dataset 1 has of versions: number, schema's number, declared version; newest first.
fn versions_of(history: Vec<Ev>) -> String {
    let state = fed(&numbered(history));
    let versions = crate::query::versions(&state, dataset_id(1)).unwrap();
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let text = versions.list.iter().map(|version| {
        let declared = version.declared.as_deref().unwrap_or("-");
        format!("{}/{}/{declared}@{}", number(version.ordinal), number(version.schema_ordinal), version.time_ns)
    });
    text.collect::<Vec<_>>().join(" ")
}

#[test]
fn versions() {
    let write = |run: u8, time: i64| ev(Complete, run, 1, time).io(&[], &[1]);
    check("one for each success", versions_of(vec![write(1, 1), write(2, 5)]), "2/-/-@5 1/-/-@1".into());
    check("not of a failure", versions_of(vec![write(1, 1), ev(Fail, 2, 1, 5).io(&[], &[1])]), "1/-/-@1".into());
    check(
        "one execution, one version",
        versions_of(vec![write(1, 1).parent(9, 2), write(2, 5).parent(9, 2)]),
        "1/-/-@5".into(),
    );
    check("a late back-fill takes its place", versions_of(vec![write(2, 5), write(1, 1)]), "2/-/-@5 1/-/-@1".into());
    let shaped = |run: u8, time: i64, column| Ev { schema: vec![column], ..write(run, time) };
    check(
        "schemas",
        versions_of(vec![
            write(1, 1),
            shaped(2, 2, "a"),
            write(3, 3),
            shaped(4, 4, "a"),
            shaped(5, 5, "b"),
            shaped(6, 6, "a"),
        ]),
        "6/3/-@6 5/2/-@5 4/1/-@4 3/1/-@3 2/1/-@2 1/-/-@1".into(),
    );
    check("declared", versions_of(vec![Ev { version: Some("s7"), ..write(1, 1) }]), "1/-/s7@1".into());
    let truncate = Ev { lifecycle: Some(("TRUNCATE", None)), ..Ev::tells(1, 5) };
    check("TRUNCATE makes one", versions_of(vec![write(1, 1), truncate]), "2/-/-@5 1/-/-@1".into());
}

#[test]
fn what_was_said_before_is_listed() {
    use crate::row::HistoryRow;
    use crate::row::key::prefix;
    let owned = |owner, time| Ev { owner: Some(owner), ..ev(Complete, 1, 1, time) };
    let history = [owned("team:a", 1), owned("team:b", 3), owned("team:a", 5), owned("team:b", 7), owned("team:c", 9)];
    let state = fed(&numbered(history.to_vec()));
    let rows = row::scan::<HistoryRow, _>(&state, &prefix(&[&job_id(1).0]), 9).unwrap();
    let mut spans: Vec<_> =
        rows.iter().map(|(_, row)| (row.first_ns, row.stamp.time_ns, row.first_leaf, row.leaf)).collect();
    spans.sort_unstable();
    assert_eq!(spans, [(1, 5, 1, 3), (3, 7, 2, 4)]);
}

#[test]
fn streams() {
    let stream = || vec![ev(Start, 1, 1, 0).io(&[0], &[1]), ev(Running, 1, 1, DAY)];
    check("heard from", edges(stream(), DAY + 1), "<0+ >1+".into());
    check("silent", edges(stream(), 2 * DAY), "<0- >1-".into());
    check("not yet long", edges(vec![ev(Start, 1, 1, 0).io(&[0], &[1]), ev(Running, 1, 1, 9)], 10), "<0~ >1~".into());
}

#[test]
fn a_thousand_sql_runs_of_one_application_stay_cheap() {
    let mut state = crate::row::memory::Memory::default();
    let mut puts = Vec::new();
    let mut bytes = 0;
    for number in 0..2_000u32 {
        let mut run = [0; 16];
        run[..4].copy_from_slice(&number.to_be_bytes());
        for (event_type, time) in [(Start, 0), (Complete, 1)] {
            let mut ev = ev(event_type, 3, 1, 10 + 2 * i64::from(number) + time).io(&[0], &[1]).parent(9, 1);
            ev.salt = number as u8;
            let mut facts = ev.facts();
            facts.run.as_mut().unwrap().id = crate::id::RunId(run);
            let accepted = super::Accepted {
                tenant: "acme",
                position: super::Position { incarnation: [7; 16], partition: 0, offset: i64::from(number) },
                event_id: crate::id::EventId([number as u8; 32]),
                leaf: u64::from(number),
                received_at_ns: 0,
                mode: super::Mode::Live,
                facts: &facts,
            };
            let before = state.puts;
            super::apply(&mut state, &accepted, 0, &super::Settings::default(), &Known::default()).unwrap();
            puts.push(state.puts - before);
        }
        bytes = state
            .rows
            .iter()
            .filter(|((table, _), _)| *table == row::Table::Group)
            .map(|(_, row)| row.len())
            .max()
            .unwrap();
    }
    assert!(puts[100..].iter().all(|puts| *puts <= 12), "{puts:?}");
    assert!(bytes < 200, "a group's row does not grow with its runs: {bytes}");
}
