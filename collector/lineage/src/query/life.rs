//! The life of a dataset as such: what became of it when, and which name it had before.

use super::known::{Neighbour, View};
use crate::id::NodeId;
use crate::row::key::{ChangeKey, LifeChange, Link, prefix};
use crate::row::{self, ChangeRow, Read};

/// Names that one name became, or came from, that are looked at.
const NAMES_MAX: usize = 64;

/// Changes of a dataset's life, the newest of all kinds first, at most `rows_max`.
///
/// # Errors
/// The store's own.
pub fn changes<S: Read>(state: &S, dataset: NodeId, rows_max: usize) -> Result<Vec<(ChangeKey, ChangeRow)>, S::Error> {
    let mut found = Vec::new();
    for change in LifeChange::ALL {
        found.extend(row::scan::<ChangeRow, S>(state, &prefix(&[&dataset.0, &[change as u8]]), rows_max)?);
    }
    found.sort_by_key(|(key, _)| (key.time, key.change, key.event));
    found.truncate(rows_max);
    Ok(found)
}

/// The last change of one kind: its event time, ns UTC, and the rest.
///
/// # Errors
/// The store's own.
pub fn last_change<S: Read>(
    state: &S,
    dataset: NodeId,
    change: LifeChange,
) -> Result<Option<(i64, ChangeRow)>, S::Error> {
    let newest = row::scan::<ChangeRow, S>(state, &prefix(&[&dataset.0, &[change as u8]]), 1)?;
    Ok(newest.into_iter().next().map(|(key, row)| (key.time.time_ns(), row)))
}

/// A name that a dataset had before, or has since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The other name.
    pub other: NodeId,
    /// When, by event time, ns UTC.
    pub time_ns: i64,
    /// Ledger position of the event that says so.
    pub leaf: u64,
    /// Its content is still the same one: it was not created, dropped, replaced or emptied since.
    pub current: bool,
}

/// The names that a dataset had before its renames (`before`), or those that it became.
///
/// # Errors
/// The store's own.
pub fn renames<S: Read>(view: View<'_, S>, dataset: NodeId, before: bool) -> Result<Vec<Renamed>, S::Error> {
    let link = if before { Link::RenamedFrom } else { Link::RenamedTo };
    let mut found = Vec::new();
    let state = view.state;
    for &Neighbour { node: other, .. } in &*view.neighbours(dataset, link, NAMES_MAX)? {
        let (new, old) = if before { (dataset, other) } else { (other, dataset) };
        let rows = row::scan::<ChangeRow, S>(state, &prefix(&[&new.0, &[LifeChange::Rename as u8]]), NAMES_MAX)?;
        let Some((key, row)) = rows.iter().find(|(_, row)| row.previous == Some(old)) else { continue };
        let time_ns = key.time.time_ns();
        let mut current = rows.first().is_some_and(|(newest, _)| newest == key);
        for ends in [LifeChange::Create, LifeChange::Drop, LifeChange::Overwrite, LifeChange::Truncate] {
            current &= last_change(state, new, ends)?.is_none_or(|(ended_ns, _)| ended_ns <= time_ns);
        }
        found.push(Renamed { other, time_ns, leaf: row.leaf, current });
    }
    Ok(found)
}
