//! Random histories: groups, the state of every edge and pair, and every walk, against the model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::fold::tests::event::{dataset_id, job_id, run_id};
use crate::fold::tests::model::{Claim, Group, Model, Outcome, State};
use crate::fold::tests::order::{any_history, runner};
use crate::fold::tests::{event::Ev, fed};
use crate::graph::Side;
use crate::id::NodeId;
use crate::query::{Answer, Bounds, Direction, EdgeState, HopKind, Request, Standing, Subject, walk};
use crate::row::key::{GroupKey, RunKey};
use crate::row::memory::Memory;
use crate::row::{self, GroupRow, GroupState, RunRow};

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
    for job in 0..3 {
        let standing = Standing::read(memory, job_id(job), true, 50).unwrap();
        let mut claims = BTreeMap::new();
        for node in 0..5u8 {
            let known = |side| standing.datasets(side).contains(&dataset_id(node));
            if known(Side::Input) {
                let edge = standing.edge(memory, dataset_id(node), Side::Input).unwrap();
                claims.insert(Claim::Input(node), state(edge.state));
            }
            if known(Side::Output) {
                let edge = standing.edge(memory, dataset_id(node), Side::Output).unwrap();
                claims.insert(Claim::Output(node), state(edge.state));
            }
            for (other, strength) in standing.pairs(memory, dataset_id(node), Side::Input).unwrap() {
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

/// The model knows no aliases, no inference of outputs: events without these.
fn plain(mut history: Vec<Ev>) -> Vec<Ev> {
    for ev in &mut history {
        ev.symlink = None;
    }
    history
}

#[test]
fn groups_edges_and_walks_agree_with_the_model() {
    runner(1_500)
        .run(&any_history(16).prop_map(plain), |history| {
            let memory = fed(&history);
            let model = Model::of(&history);
            groups_agree(&memory, &model)?;
            edges_agree(&memory, &model)?;
            walks_agree(&memory, &model)
        })
        .unwrap();
}

#[test]
fn the_model_can_disagree() {
    use crate::facts::EventType;
    let history =
        vec![Ev::new(EventType::Start, 1, 1, 10).io(&[0], &[1]), Ev::new(EventType::Complete, 1, 1, 20).io(&[0], &[1])];
    let memory = fed(&history[..1]);
    let model = Model::of(&history);
    assert!(groups_agree(&memory, &model).is_err());
    assert!(edges_agree(&memory, &model).is_err());
    let memory = fed(&[Ev::new(EventType::Start, 1, 1, 10).io(&[0], &[2])]);
    assert!(walks_agree(&memory, &model).is_err());
}
