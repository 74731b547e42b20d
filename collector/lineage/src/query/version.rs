//! Versions of a dataset: one for each execution that succeeded in writing it, and for each declaration that replaced or emptied
//! it. Owns how they are numbered; a number follows from the end of the execution, so a late back-fill takes its place in between.

use std::collections::BTreeMap;

use crate::graph::Side;
use crate::id::{NodeId, RunId};
use crate::row::key::{GroupKey, LifeChange, NewestFirst, RunKey, UseKey, prefix};
use crate::row::{self, ChangeRow, FacetKey, GroupRow, GroupState, Read, RunRow, UseRow, Value};

/// Runs that wrote a dataset that are looked at for its versions.
pub const WRITES_MAX: usize = 10_000;
/// Runs that began before a read, nearest first, among which its version is looked for.
const BEFORE_MAX: usize = 256;

/// One version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// End of the execution, or time of the declaration, ns UTC.
    pub time_ns: i64,
    /// The execution; `None` for a declaration.
    pub group: Option<GroupKey>,
    /// Its runs that wrote the dataset, the last to begin first; empty for a declaration.
    pub runs: Vec<UseKey>,
    /// What the last of them that says anything declares: its version, in its own words.
    pub declared: Option<String>,
    /// The schema that it was written with.
    pub schema: Option<Value>,
    /// Its number, from 1, by time; `None` when the dataset has more writes than are looked at.
    pub ordinal: Option<u64>,
    /// The number of its schema, from 1: one more whenever a version is written with another. `None` as before, and until a
    /// schema is told.
    pub schema_ordinal: Option<u64>,
    /// Ledger position of the event that completes it.
    pub leaf: u64,
}

/// The versions of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Newest first.
    pub list: Vec<Version>,
    /// False when the dataset has more writes than are looked at.
    pub complete: bool,
}

/// The versions of a dataset, newest first.
///
/// # Errors
/// The store's own.
pub fn versions<S: Read>(state: &S, dataset: NodeId) -> Result<Versions, S::Error> {
    let start = prefix(&[&dataset.0, &[Side::Output as u8]]);
    let writes = row::scan::<UseRow, S>(state, &start, WRITES_MAX)?;
    let mut complete = writes.len() < WRITES_MAX;
    let mut list = of_writes(state, writes)?;
    for change in [LifeChange::Overwrite, LifeChange::Truncate] {
        let changes = row::scan::<ChangeRow, S>(state, &prefix(&[&dataset.0, &[change as u8]]), WRITES_MAX)?;
        complete &= changes.len() < WRITES_MAX;
        list.extend(changes.into_iter().filter(|(_, row)| row.run.is_none()).map(|(key, row)| Version {
            time_ns: key.time.time_ns(),
            group: None,
            runs: Vec::new(),
            declared: None,
            schema: None,
            ordinal: None,
            schema_ordinal: None,
            leaf: row.leaf,
        }));
    }
    list.sort_by_key(|version| std::cmp::Reverse((version.time_ns, version.group, version.leaf)));
    if complete {
        number(&mut list);
    }
    Ok(Versions { list, complete })
}

/// The last version that was complete when a run began: what it read, unless it says which.
///
/// # Errors
/// The store's own.
pub fn version_before<S: Read>(state: &S, dataset: NodeId, started_ns: i64) -> Result<Option<Version>, S::Error> {
    let start = prefix(&[&dataset.0, &[Side::Output as u8]]);
    let from = prefix(&[&start, &NewestFirst::new(started_ns).bytes()]);
    let writes = row::scan_from::<UseRow, S>(state, &start, &from, BEFORE_MAX)?;
    let written = of_writes(state, writes)?;
    Ok(written.into_iter().filter(|version| version.time_ns <= started_ns).max_by_key(|version| version.time_ns))
}

/// The successful executions among the writes, one version each.
fn of_writes<S: Read>(state: &S, writes: Vec<(UseKey, UseRow)>) -> Result<Vec<Version>, S::Error> {
    let mut found: BTreeMap<GroupKey, Option<Version>> = BTreeMap::new();
    for (key, uses) in writes {
        let Some(run) = row::get::<RunRow, S>(state, &RunKey { run: key.run, job: key.job })? else { continue };
        let group = GroupKey { job: key.job, root: run.root };
        let version = match found.entry(group) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(of_group(state, group)?),
        };
        let Some(version) = version else { continue };
        version.runs.push(key);
        let value = |facet| uses.registers.iter().find(|register| register.facet == facet).map(|found| &found.value);
        if version.schema.is_none() {
            version.schema = value(FacetKey::Schema).cloned();
        }
        if let (None, Some(value)) = (&version.declared, value(FacetKey::Version)) {
            let content = crate::graph::content_of(state, value)?;
            version.declared = content.and_then(|content| postcard::from_bytes::<String>(&content).ok());
        }
    }
    Ok(found.into_values().flatten().collect())
}

fn of_group<S: Read>(state: &S, key: GroupKey) -> Result<Option<Version>, S::Error> {
    let Some(group) = row::get::<GroupRow, S>(state, &key)? else { return Ok(None) };
    let (GroupState::Succeeded, Some(end)) = group.outcome() else { return Ok(None) };
    Ok(Some(Version {
        time_ns: end.time_ns,
        group: Some(key),
        runs: Vec::new(),
        declared: None,
        schema: None,
        ordinal: None,
        schema_ordinal: None,
        leaf: end.place.leaf,
    }))
}

/// Numbers versions, and their schemas, from the oldest on. One that tells no schema keeps the one before it.
fn number(list: &mut [Version]) {
    let (mut schema, mut schemas): (Option<Value>, u64) = (None, 0);
    for (number, version) in list.iter_mut().rev().enumerate() {
        version.ordinal = Some(number as u64 + 1);
        if version.schema.is_some() && version.schema != schema {
            schema.clone_from(&version.schema);
            schemas += 1;
        }
        version.schema.clone_from(&schema);
        version.schema_ordinal = schema.is_some().then_some(schemas);
    }
}

impl Version {
    /// The run that wrote it last.
    pub fn run(&self) -> Option<RunId> {
        self.runs.first().map(|key| key.run)
    }
}
