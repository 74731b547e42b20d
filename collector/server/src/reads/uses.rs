//! How runs used datasets: figures, quality, versions written and read.

use std::collections::BTreeSet;

use lineage::graph::Side;
use lineage::id::NodeId;
use lineage::query;
use lineage::row::key::{FlowKey, NewestFirst, RunKey, UseKey, prefix};
use lineage::row::{self, ChangeRow, FlowRow, NodeRow, RunRow, UseRow};

use super::facts::Said;
use super::scope::{Scope, broken};
use crate::http::ReadError;
use crate::http::model::{Assertion, Change, DatasetUse, Metrics, Node, Time, Version, VersionRead};

/// Datasets of a run whose versions are numbered; further ones are shown without.
const NUMBERED_MAX: usize = 32;
/// Uses of a dataset, newest first, that are looked at for its quality.
const CHECKS_MAX: usize = 200;
/// Assertions of a dataset that are shown.
const ASSERTIONS_MAX: usize = 500;

/// What a run named on each side: inputs, outputs.
pub(super) fn of_run(
    scope: &Scope,
    key: &RunKey,
    run: &RunRow,
) -> Result<(Vec<DatasetUse>, Vec<DatasetUse>), ReadError> {
    let Some(flow) = run.sets else { return Ok((Vec::new(), Vec::new())) };
    let row = row::get::<FlowRow, _>(&scope.graph(), &FlowKey { job: key.job, flow }).map_err(broken)?;
    let Some(FlowRow::Sets { inputs, outputs, .. }) = row else { return Ok((Vec::new(), Vec::new())) };
    Ok((side(scope, key, run, Side::Input, inputs)?, side(scope, key, run, Side::Output, outputs)?))
}

fn side(
    scope: &Scope,
    key: &RunKey,
    run: &RunRow,
    side: Side,
    datasets: Vec<NodeId>,
) -> Result<Vec<DatasetUse>, ReadError> {
    let mut found = Vec::with_capacity(datasets.len());
    for (number, dataset) in datasets.into_iter().enumerate() {
        let Some(node) = scope.name(dataset)? else { continue };
        let started = NewestFirst::new(run.started_ns);
        let place = UseKey { dataset, side, started, job: key.job, run: key.run };
        let mut uses = one(scope, node, &place)?;
        match side {
            Side::Output if number < NUMBERED_MAX => uses.written = written(scope, &place)?,
            Side::Output => {}
            Side::Input => uses.read = Some(read(scope, &place, uses.version.as_deref(), number < NUMBERED_MAX)?),
        }
        found.push(uses);
    }
    found.sort_by(|one, other| one.node.cmp(&other.node));
    Ok(found)
}

/// What one run said of one dataset.
pub(super) fn one(scope: &Scope, node: Node, place: &UseKey) -> Result<DatasetUse, ReadError> {
    let row = row::get::<UseRow, _>(&scope.graph(), place).map_err(broken)?.unwrap_or_default();
    let facts = Said { scope, registers: &row.registers };
    let run_id = place.run.to_string();
    let statistics = facts.statistics()?;
    Ok(DatasetUse {
        node,
        rows: statistics.and_then(|statistics| statistics.rows),
        bytes: statistics.and_then(|statistics| statistics.bytes),
        files: statistics.and_then(|statistics| statistics.files),
        version: facts.version()?,
        written: None,
        read: None,
        subset: facts.subset()?,
        digests: facts.digests()?,
        records: facts.records()?,
        assertions: facts.assertions(Some(&run_id))?,
        metrics: facts.metrics(Some(&run_id))?,
    })
}

/// The version that a run's execution left.
fn written(scope: &Scope, place: &UseKey) -> Result<Option<Version>, ReadError> {
    let versions = query::versions(&scope.graph(), place.dataset).map_err(broken)?;
    let own = versions.list.iter().find(|version| version.runs.contains(place));
    own.map(|version| shown(scope, version)).transpose()
}

/// The version that a run read.
fn read(scope: &Scope, place: &UseKey, declared: Option<&str>, numbered: bool) -> Result<VersionRead, ReadError> {
    let graph = scope.graph();
    let all = || query::versions(&graph, place.dataset).map_err(broken);
    if let Some(declared) = declared {
        let list = if numbered { all()?.list } else { Vec::new() };
        let named = list.iter().find(|version| version.declared.as_deref() == Some(declared));
        return Ok(VersionRead { version: named.map(|version| shown(scope, version)).transpose()?, assumed: false });
    }
    let Some(last) = query::version_before(&graph, place.dataset, place.started.time_ns()).map_err(broken)? else {
        return Ok(VersionRead { version: None, assumed: true });
    };
    let list = if numbered { all()?.list } else { Vec::new() };
    let known = list.iter().find(|version| version.group == last.group);
    Ok(VersionRead { version: Some(shown(scope, known.unwrap_or(&last))?), assumed: true })
}

/// A version with its job's name.
pub(super) fn shown(scope: &Scope, version: &query::Version) -> Result<Version, ReadError> {
    let job = match version.group {
        Some(group) => scope.name(group.job)?,
        None => None,
    };
    Ok(Version {
        number: version.ordinal,
        schema: version.schema_ordinal,
        declared: version.declared.clone(),
        at: Time(version.time_ns),
        job,
        run_id: version.run().map(|run| run.to_string()),
        leaf: version.leaf,
    })
}

/// The last result of each assertion, failures first, and the metrics told last: by runs that read or wrote the dataset, or by its
/// own events.
pub(super) fn quality(
    scope: &Scope,
    dataset: NodeId,
    row: &NodeRow,
) -> Result<(Vec<Assertion>, Option<Metrics>), ReadError> {
    let own = Said { scope, registers: &row.registers };
    let (mut all, mut metrics) = (own.assertions(None)?, own.metrics(None)?);
    for side in [Side::Input, Side::Output] {
        let start = prefix(&[&dataset.0, &[side as u8]]);
        for (key, uses) in row::scan::<UseRow, _>(&scope.graph(), &start, CHECKS_MAX).map_err(broken)? {
            let facts = Said { scope, registers: &uses.registers };
            let run_id = key.run.to_string();
            all.extend(facts.assertions(Some(&run_id))?);
            let newer = |told: &Metrics| metrics.as_ref().is_none_or(|known| known.at < told.at);
            if let Some(told) = facts.metrics(Some(&run_id))?.filter(newer) {
                metrics = Some(told);
            }
        }
    }
    all.sort_by_key(|assertion| std::cmp::Reverse((assertion.at, assertion.leaf)));
    let mut seen = BTreeSet::new();
    all.retain(|assertion| seen.insert((assertion.assertion.clone(), assertion.column.clone())));
    all.sort_by_key(|assertion| assertion.success);
    all.truncate(ASSERTIONS_MAX);
    Ok((all, metrics))
}

/// What became of a dataset, newest first.
pub(super) fn changes(scope: &Scope, dataset: NodeId, rows_max: usize) -> Result<Vec<Change>, ReadError> {
    let rows = query::changes(&scope.graph(), dataset, rows_max).map_err(broken)?;
    let name = |id: Option<NodeId>| id.map_or(Ok(None), |id| scope.name(id));
    rows.into_iter()
        .map(|(key, ChangeRow { previous, job, run, leaf })| {
            Ok(Change {
                change: key.change.name().to_owned(),
                at: Time(key.time.time_ns()),
                previous: name(previous)?,
                job: name(job)?,
                run_id: run.map(|run| run.to_string()),
                leaf,
            })
        })
        .collect()
}
