//! The passing of time: what becomes due at a tick. Ticks never go back and are never leaves themselves.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger::Tenant;
use ledger::leaf::{CodeCounts, Detail, Heartbeat, Hex, Label, Rejections, SourceSpan, Topic};
use store::tables::{Outgoing, PendingRow, Row, SourceKey};
use store::{Read, Scan, Table};

use super::{Halt, Recorder, Turn, position};

const DAY_NS: i64 = 86_400_000_000_000;

impl Recorder {
    /// A tick. One that was `ordered` signs every tree that grew, whenever its last checkpoint was.
    pub(super) fn tick(&mut self, turn: &mut Turn<'_, '_>, at_ns: i64, ordered: bool) -> Result<(), Halt> {
        let now_ns = self.meta.time_ns;
        let latest_ns = now_ns.saturating_add(self.settings.tick_jump_max_ns);
        if now_ns > 0 && at_ns > latest_ns {
            self.meta.jumped_ticks += 1;
        }
        self.meta.time_ns = if now_ns > 0 { at_ns.clamp(now_ns, latest_ns) } else { at_ns.max(0) };
        self.cover(turn)?;
        self.cover_rejections(turn)?;
        self.refusal_windows(turn)?;
        self.heartbeats(turn);
        self.books.values_mut().for_each(|book| book.keys.lapse(self.meta.time_ns, book.row.size));
        self.checkpoints(turn, ordered);
        Ok(())
    }

    /// One coverage leaf for each source that advanced, in the partition's own tree.
    fn cover(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        for due in self.coverage.due(self.meta.time_ns) {
            self.leaf(turn, Tenant::partition(self.meta.partition).as_str(), due.into());
        }
        Ok(())
    }

    /// One rejections leaf for each tenant and source with refused events.
    fn cover_rejections(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let mut due = Vec::new();
        let scanned = turn.batch.scan(Scan::prefix(Table::Pending, &[]), &mut |key, value| {
            due.push((key.to_vec(), PendingRow::decode(value)));
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| Halt::store(self.meta.partition, &error))?;
        for (key, row) in due {
            turn.batch.delete(Table::Pending, &key);
            let (Some((number, source)), Some(row)) = (key.split_first_chunk::<4>(), row) else { continue };
            let (Some((source, _)), number) = (SourceKey::parse(source), u32::from_be_bytes(*number)) else { continue };
            let Some(tenant) =
                self.books.iter().find(|(_, book)| book.row.number == number).map(|(name, _)| name.clone())
            else {
                continue;
            };
            let Ok(topic) = Topic::parse(&source.topic) else { continue };
            let codes: BTreeMap<Label, u64> =
                row.codes.iter().filter_map(|(code, count)| Some((Label::parse(code).ok()?, *count))).collect();
            let detail = Rejections {
                tick_at_ns: self.meta.time_ns,
                source: SourceSpan {
                    topic,
                    partition: u32::try_from(source.partition).ok(),
                    first_offset: row.first_offset,
                    last_offset: row.last_offset,
                },
                count: row.count,
                codes: CodeCounts::collect(codes),
                positions_digest: Hex(row.digest),
            };
            self.leaf(turn, &tenant, detail.into());
        }
        Ok(())
    }

    /// An idle tree grows by one leaf a day, so that a reader tells idle from stalled.
    fn heartbeats(&mut self, turn: &mut Turn<'_, '_>) {
        let now_ns = self.meta.time_ns;
        let idle = |grown_ns: i64| grown_ns > 0 && now_ns.saturating_sub(grown_ns) >= DAY_NS;
        let due: Vec<String> =
            self.books.iter().filter(|(_, book)| idle(book.row.grown_ns)).map(|(name, _)| name.clone()).collect();
        for tenant in due {
            self.leaf(turn, &tenant, Heartbeat { tick_at_ns: now_ns }.into());
        }
    }

    /// A checkpoint of every tree that grew since its last one, where that is due; it is signed when it is sent.
    fn checkpoints(&mut self, turn: &mut Turn<'_, '_>, ordered: bool) {
        let time_ns = self.meta.time_ns;
        // Stretches of time, not distances: a tick that comes a moment early does not put a checkpoint off by a whole interval.
        let stretch = |time_ns: i64| time_ns.div_euclid(self.settings.checkpoint_interval_ns.max(1));
        let now = stretch(time_ns);
        let due = |last_ns: i64| ordered || last_ns == 0 || stretch(last_ns) < now;
        let grown: Vec<Outgoing> = self
            .books
            .iter_mut()
            .filter(|(_, book)| book.row.size > book.row.checkpoint_size && due(book.row.checkpoint_ns))
            // A tree whose keys are all revoked is signed once it has another one.
            .filter(|(_, book)| book.keys.can_sign())
            .map(|(tenant, book)| {
                let root = book.checkpoint(time_ns);
                Outgoing::Checkpoint { tenant: tenant.clone(), size: book.row.size, root }
            })
            .collect();
        for checkpoint in &grown {
            self.send(turn, checkpoint);
        }
    }

    fn leaf(&mut self, turn: &mut Turn<'_, '_>, tenant: &str, detail: Detail) {
        let position = position(&self.meta, turn.record);
        if let Some(book) = self.books.get_mut(tenant) {
            book.append(&mut turn.batch, position, self.meta.time_ns, detail, None);
        }
    }
}
