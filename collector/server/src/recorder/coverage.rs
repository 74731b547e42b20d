//! What was taken in from each source partition since its last coverage leaf.
//! Owns the counters in memory; a batch writes those that it changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use ledger::leaf::{self, Gap, Gaps, Source, Topic};
use store::tables::{self, Row, SourceKey, SourceRow};
use store::{Batch, Read, Scan, StoreError, Table};

/// Gaps counted apart until the next leaf; more are joined to the last.
const GAPS_MAX: usize = 64;

/// What became of an event of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Recorded,
    Duplicate,
    Rejected,
}

/// The sources of a partition.
#[derive(Default)]
pub(super) struct Coverage {
    rows: BTreeMap<SourceKey, SourceRow>,
    changed: BTreeSet<SourceKey>,
}

impl Coverage {
    pub fn load(state: &impl Read) -> Result<Self, StoreError> {
        let mut coverage = Coverage::default();
        let mut damaged = false;
        state.scan(Scan::prefix(Table::Sources, &[]), &mut |key, value| {
            match (SourceKey::parse(key), SourceRow::decode(value)) {
                (Some((key, [])), Some(row)) => drop(coverage.rows.insert(key, row)),
                _ => damaged = true,
            }
            ControlFlow::Continue(())
        })?;
        if damaged { Err(tables::undecodable(Table::Sources)) } else { Ok(coverage) }
    }

    /// Counts one event at a source offset.
    pub fn count(&mut self, source: &SourceKey, offset: u64, taken: Taken) {
        let row = self.row(source, offset);
        match taken {
            Taken::Recorded => row.recorded += 1,
            Taken::Duplicate => row.duplicate += 1,
            Taken::Rejected => row.rejected += 1,
        }
        row.next_offset = row.next_offset.max(offset.saturating_add(1));
    }

    /// Takes in how far intake says that it is, and offsets that it found missing.
    pub fn progress(&mut self, source: &SourceKey, next_offset: u64, gap: Option<(u64, u64)>) {
        let row = self.row(source, gap.map_or(next_offset, |(first, _)| first));
        row.next_offset = row.next_offset.max(next_offset);
        if let Some((first, last)) = gap
            && !row.gaps.iter().any(|known| known.0 <= first && last <= known.1)
        {
            let full = row.gaps.len() >= GAPS_MAX;
            match row.gaps.last_mut().filter(|_| full) {
                Some(joined) => joined.1 = joined.1.max(last),
                None => row.gaps.push((first, last)),
            }
        }
    }

    /// The coverage leaves due at a tick: one for each source that advanced.
    pub fn due(&mut self, tick_at_ns: i64) -> Vec<leaf::Coverage> {
        let advanced = |row: &SourceRow| row.next_offset > row.first_offset || row.duplicate + row.rejected > 0;
        let mut due = Vec::new();
        for (source, row) in self.rows.iter_mut().filter(|(_, row)| advanced(row)) {
            let (Ok(topic), Ok(partition)) = (Topic::parse(&source.topic), u32::try_from(source.partition)) else {
                continue;
            };
            let gaps = row.gaps.iter().map(|&(first, last)| Gap { first, last });
            due.push(leaf::Coverage {
                tick_at_ns,
                source: Source { topic, partition },
                first_offset: row.first_offset,
                next_offset: row.next_offset,
                recorded: row.recorded,
                duplicate: row.duplicate,
                rejected: row.rejected,
                gaps: Gaps::collect(gaps),
            });
            *row = SourceRow { first_offset: row.next_offset, next_offset: row.next_offset, ..SourceRow::default() };
            self.changed.insert(source.clone());
        }
        due
    }

    pub fn store(&mut self, batch: &mut Batch<'_>) {
        for source in std::mem::take(&mut self.changed) {
            tables::put(batch, &source.bytes(), &self.rows[&source]);
        }
    }

    fn row(&mut self, source: &SourceKey, first_offset: u64) -> &mut SourceRow {
        if !self.changed.contains(source) {
            self.changed.insert(source.clone());
        }
        let first = SourceRow { first_offset, next_offset: first_offset, ..SourceRow::default() };
        self.rows.entry(source.clone()).or_insert(first)
    }
}
