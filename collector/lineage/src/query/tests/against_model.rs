//! Random histories: groups, the state of every edge and pair, and every walk, against the model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::facts::{EventKind, EventType, Statistics};
use crate::fold::tests::event::{dataset_id, job_id, run_id};
use crate::fold::tests::model::{Claim, Group, Model, Outcome, State, in_run_order};
use crate::fold::tests::order::{any_history, runner};
use crate::fold::tests::{event::Ev, fed};
use crate::graph::{Side, standing};
use crate::id::NodeId;
use crate::query::{
    Answer, Bounds, Direction, EdgeState, HopKind, Known, Request, Standing, Subject, Version, View, version_before,
    versions, walk,
};
use crate::row::key::{GroupKey, NewestFirst, RunKey, UseKey, prefix};
use crate::row::memory::Memory;
use crate::row::{self, FacetKey, GroupRow, GroupState, RunRow, UseRow};

fn state(state: EdgeState) -> State {
    match state {
        EdgeState::Historical => State::Historical,
        EdgeState::Attempted => State::Attempted,
        EdgeState::InProgress => State::InProgress,
        EdgeState::Current => State::Current,
    }
}

fn groups_agree(memory: &Memory, model: &Model<'_>) -> Result<(), TestCaseError> {
    let groups: BTreeMap<Group, _> = model.groups();
    for (unit, run) in &model.runs {
        let ((job, root), top) = model.group(*unit);
        let key = RunKey { run: run_id(unit.0), job: job_id(job) };
        let row: RunRow = row::get(memory, &key).unwrap().unwrap();
        prop_assert_eq!((row.root, row.top, row.started_ns), (run_id(root), top, run.started));
    }
    for ((job, root), units) in &groups {
        let row: GroupRow = row::get(memory, &GroupKey { job: job_id(*job), root: run_id(*root) }).unwrap().unwrap();
        prop_assert_eq!(row.runs as usize, units.len());
        let (outcome, end) = row.outcome();
        let got = match (outcome, end.map(|end| end.time_ns)) {
            (GroupState::Open, _) => Outcome::Open,
            (GroupState::Succeeded, Some(end)) => Outcome::Succeeded(end),
            (GroupState::Failed, Some(end)) => Outcome::Failed(end),
            (GroupState::Aborted, Some(end)) => Outcome::Aborted(end),
            other => return Err(TestCaseError::fail(format!("an ended group without end: {other:?}"))),
        };
        prop_assert_eq!(got, model.outcome(units), "group {:?}: {:?}", (job, root), row);
    }
    let stored = memory.rows.keys().filter(|(table, _)| *table == row::Table::Group).count();
    prop_assert_eq!(stored, groups.len());
    Ok(())
}

fn edges_agree(memory: &Memory, model: &Model<'_>) -> Result<(), TestCaseError> {
    let known = Known::default();
    let view = View::new(memory, &known);
    for job in 0..3 {
        let standing = Standing::read(memory, job_id(job), true, 50).unwrap();
        let mut claims = BTreeMap::new();
        for node in 0..5u8 {
            let known = |side| standing.datasets(side).contains(&dataset_id(node));
            if known(Side::Input) {
                let edge = standing.edge(view, dataset_id(node), Side::Input).unwrap();
                claims.insert(Claim::Input(node), state(edge.state));
            }
            if known(Side::Output) {
                let edge = standing.edge(view, dataset_id(node), Side::Output).unwrap();
                claims.insert(Claim::Output(node), state(edge.state));
            }
            for (other, strength) in standing.pairs(view, dataset_id(node), Side::Input).unwrap() {
                let other = (0..5u8).find(|at| dataset_id(*at) == other).unwrap();
                claims.insert(Claim::Pair(node, other), state(strength.state));
            }
        }
        let mut expected = model.job(job);
        // Datasets that only a run half way, or a facet replaced since, had cited stay as history of the run's sets.
        expected.retain(|claim, _| claims.contains_key(claim) || !matches!(claim, Claim::Pair(..)));
        prop_assert_eq!(&claims, &expected, "job {}", job);
    }
    Ok(())
}

fn reached(answer: &Answer) -> BTreeMap<NodeId, u32> {
    let shown: Vec<usize> = answer
        .hops
        .iter()
        .filter(|hop| matches!(hop.kind, HopKind::Derives | HopKind::Alias))
        .map(|hop| hop.to)
        .chain([0])
        .collect();
    shown.into_iter().map(|at| (answer.nodes[at].node.id, answer.nodes[at].depth)).collect()
}

fn walks_agree(memory: &Memory, model: &Model<'_>) -> Result<(), TestCaseError> {
    for from in 0..5u8 {
        for (direction, downstream) in [(Direction::Downstream, true), (Direction::Upstream, false)] {
            for ever in [false, true] {
                let request = Request {
                    subject: Subject::Dataset(dataset_id(from)),
                    direction,
                    bounds: Bounds::default(),
                    ever,
                    log_time_ns: 50,
                };
                let answer = walk(memory, &request).unwrap();
                let expected: BTreeMap<NodeId, u32> = model
                    .reach(from, downstream, ever)
                    .into_iter()
                    .map(|(node, depth)| (dataset_id(node), depth))
                    .collect();
                prop_assert!(answer.complete());
                prop_assert_eq!(reached(&answer), expected, "{:?} of {} ever {}", direction, from, ever);
            }
        }
    }
    Ok(())
}

/// The model knows no aliases, no renames, and not which of two RUNNING events within ten minutes weighs more: events without
/// these.
fn plain(mut history: Vec<Ev>) -> Vec<Ev> {
    for ev in &mut history {
        ev.symlink = None;
        ev.lifecycle = ev.lifecycle.filter(|(change, _)| *change != "RENAME");
        if ev.event_type == Some(EventType::Running) {
            (ev.explicit, ev.columns, ev.parent, ev.deleted) = (None, Vec::new(), None, Vec::new());
        }
    }
    history
}

/// Rows and version that stand of what the events of one run told, in the order of its registers.
fn stands(told: &[(&Ev, bool)]) -> (Option<i64>, Option<&'static str>) {
    let running = |ev: &Ev| ev.event_type == Some(EventType::Running);
    let last = told.iter().rev().find(|(ev, _)| ev.rows.is_some());
    let rows = match last {
        // Of RUNNING events within ten minutes the one that counted most stands.
        Some((ev, _)) if running(ev) => told.iter().filter(|(ev, _)| running(ev)).filter_map(|(ev, _)| ev.rows).max(),
        Some((ev, _)) => ev.rows,
        None => None,
    };
    (rows, told.iter().rev().find_map(|(ev, _)| ev.version))
}

/// What runs said of the datasets they used, and the versions that follow.
fn uses_agree(memory: &Memory, history: &[Ev], model: &Model<'_>) -> Result<(), TestCaseError> {
    let mut expected = BTreeMap::new();
    for (unit, run) in &model.runs {
        let of_run = |ev: &&Ev| ev.kind == EventKind::Run && (ev.run, ev.job) == *unit;
        let events = in_run_order(history.iter().filter(of_run).collect());
        for (side, node) in [Side::Input, Side::Output].into_iter().flat_map(|side| (0..5u8).map(move |at| (side, at)))
        {
            let listed =
                |ev: &Ev| if side == Side::Input { ev.inputs.contains(&node) } else { ev.outputs.contains(&node) };
            let told: Vec<(&Ev, bool)> = events
                .iter()
                .filter(|ev| listed(ev))
                .map(|ev| {
                    let says = ev.rows.is_some() || ev.version.is_some() || ev.quality.is_some();
                    (*ev, says || side == Side::Output)
                })
                .collect();
            let cited = side == Side::Output && run.cited_outputs.contains(&node);
            if cited || told.iter().any(|(_, counts)| *counts) {
                let started = NewestFirst::new(run.started);
                let key = UseKey { dataset: dataset_id(node), side, started, job: job_id(unit.1), run: run_id(unit.0) };
                expected.insert(key, stands(&told));
            }
        }
    }
    let rows = row::scan::<UseRow, _>(memory, &prefix(&[]), usize::MAX).unwrap();
    let mut found = BTreeMap::new();
    for (key, uses) in rows {
        let content = |facet| standing(memory, &uses.registers, facet).unwrap();
        let rows = content(FacetKey::Statistics)
            .and_then(|content| postcard::from_bytes::<Statistics>(&content).unwrap().rows);
        let version = content(FacetKey::Version)
            .map(|content| if postcard::from_bytes::<&str>(&content).unwrap() == "v1" { "v1" } else { "v2" });
        found.insert(key, (rows, version));
    }
    prop_assert_eq!(found, expected);
    for node in 0..5u8 {
        let versions = versions(memory, dataset_id(node)).unwrap();
        let mut ends: Vec<i64> = versions.list.iter().map(|version| version.time_ns).collect();
        let numbers: Vec<u64> = versions.list.iter().map(|version| version.ordinal.unwrap()).collect();
        prop_assert!(versions.complete && numbers.iter().rev().copied().eq(1..=numbers.len() as u64));
        ends.reverse();
        prop_assert_eq!(&ends, &model.versions(node), "versions of {}", node);
        for at in [0, 10, 20, 39] {
            let before = version_before(memory, dataset_id(node), at).unwrap();
            let last = by_runs(&versions.list, at).filter(|end| *end <= at).max();
            prop_assert_eq!(before.map(|version| version.time_ns), last);
        }
    }
    Ok(())
}

/// Ends of the versions that runs wrote which had begun by then.
fn by_runs(versions: &[Version], at: i64) -> impl Iterator<Item = i64> {
    let begun = move |version: &&Version| version.runs.iter().any(|key| key.started.time_ns() <= at);
    versions.iter().filter(begun).map(|version| version.time_ns)
}

#[test]
fn groups_edges_and_walks_agree_with_the_model() {
    runner(1_500)
        .run(&any_history(16).prop_map(plain), |history| {
            let memory = fed(&history);
            let model = Model::of(&history);
            groups_agree(&memory, &model)?;
            uses_agree(&memory, &history, &model)?;
            edges_agree(&memory, &model)?;
            walks_agree(&memory, &model)
        })
        .unwrap();
}

#[test]
fn the_model_can_disagree() {
    let history =
        vec![Ev::new(EventType::Start, 1, 1, 10).io(&[0], &[1]), Ev::new(EventType::Complete, 1, 1, 20).io(&[0], &[1])];
    let memory = fed(&history[..1]);
    let model = Model::of(&history);
    assert!(groups_agree(&memory, &model).is_err());
    assert!(edges_agree(&memory, &model).is_err());
    assert!(uses_agree(&memory, &history, &model).is_err(), "a version is missing");
    let told = [Ev { rows: Some(1), ..history[0].clone() }, history[1].clone()];
    assert!(uses_agree(&fed(&history), &told, &Model::of(&history)).is_err(), "rows are missing");
    let gone = [history[0].clone(), Ev { lifecycle: Some(("DROP", None)), ..history[1].clone() }];
    assert!(edges_agree(&fed(&history), &Model::of(&gone)).is_err(), "a drop is missing");
    let memory = fed(&[Ev::new(EventType::Start, 1, 1, 10).io(&[0], &[2])]);
    assert!(walks_agree(&memory, &model).is_err());
}
