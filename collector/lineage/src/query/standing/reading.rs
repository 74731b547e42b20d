//! Reads what stands of a job: the executions that decide, those that can still speak, the declarations, and the past.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::stand::{Backing, Stand};
use super::{FLOWS_MAX, GROUPS_MAX, STREAM_AFTER_NS, STREAM_SILENCE_NS};
use crate::id::{NodeId, RunId};
use crate::row::key::{Class, FlowKey, Key, NewestFirst, TimelineKey, prefix};
use crate::row::{self, DeclarationRow, FlowId, FlowRow, GroupRow, MemberRow, Read, TimelineRow};

/// The newest retiring execution per side, as a bound: what ends before it is history.
#[derive(Clone, Copy)]
struct Since {
    inputs: i64,
    outputs: i64,
    pairs: i64,
}

pub(super) struct Reading<'s, S> {
    pub(super) state: &'s S,
    pub(super) job: NodeId,
    pub(super) flows: HashMap<FlowId, Arc<FlowRow>>,
    pub(super) stands: Vec<Stand>,
    pub(super) holds: RangeInclusive<i64>,
    pub(super) complete: bool,
}

impl<'s, S: Read> Reading<'s, S> {
    pub(super) fn new(state: &'s S, job: NodeId) -> Self {
        let holds = i64::MIN..=i64::MAX;
        Reading { state, job, flows: HashMap::new(), stands: Vec::new(), holds, complete: true }
    }

    pub(super) fn executions(&mut self, log_time_ns: i64) -> Result<(), S::Error> {
        let inputs = self.newest(Class::CleanInputs)?;
        let outputs = self.newest(Class::CleanOutputs)?;
        let both = self.newest(Class::CleanBoth)?;
        let end = |groups: &[(i64, RunId)]| groups.first().map_or(i64::MIN, |(end_ns, _)| *end_ns);
        let since =
            Since { inputs: end(&inputs).max(end(&both)), outputs: end(&outputs).max(end(&both)), pairs: end(&both) };
        for (end_ns, root) in inputs.into_iter().chain(outputs).chain(both) {
            self.group(root, Backing::Succeeded, Some(end_ns), since)?;
        }
        // What ends before both sides were declared anew can still speak for a pair, if it is among the newest.
        let needed = since.inputs.min(since.outputs);
        for (class, backing) in [
            (Class::Partial, Backing::Succeeded),
            (Class::Inferring, Backing::Succeeded),
            (Class::Unsuccessful, Backing::Unsuccessful),
        ] {
            for (end_ns, root) in self.until(class, since.pairs, needed)? {
                self.group(root, backing, Some(end_ns), since)?;
            }
        }
        for (_, root) in self.until(Class::Open, i64::MIN, i64::MIN)? {
            let key = row::key::GroupKey { job: self.job, root };
            let Some(group) = row::get::<GroupRow, S>(self.state, &key)? else { continue };
            let is_stream = group.heard_ns.saturating_sub(group.started_ns) >= STREAM_AFTER_NS;
            let heard_until_ns = group.heard_ns.saturating_add(STREAM_SILENCE_NS);
            let silent = log_time_ns > heard_until_ns;
            let backing = match (is_stream, silent) {
                (true, false) => Backing::Stream,
                (true, true) => Backing::Past,
                (false, _) => Backing::Open,
            };
            self.holds = match backing {
                Backing::Stream => *self.holds.start()..=heard_until_ns.min(*self.holds.end()),
                Backing::Past => heard_until_ns.saturating_add(1).max(*self.holds.start())..=*self.holds.end(),
                _ => self.holds.clone(),
            };
            self.group(root, backing, None, since)?;
        }
        Ok(())
    }

    /// All groups of a class that share its newest end.
    fn newest(&mut self, class: Class) -> Result<Vec<(i64, RunId)>, S::Error> {
        let first = self.timeline(class, 1)?;
        match first.first() {
            Some(&(end_ns, _)) => self.until(class, end_ns, end_ns),
            None => Ok(first),
        }
    }

    /// Groups of a class, newest first, that do not end before `oldest_ns`; to lack one that does not end before
    /// `needed_ns` is told.
    fn until(&mut self, class: Class, oldest_ns: i64, needed_ns: i64) -> Result<Vec<(i64, RunId)>, S::Error> {
        let mut groups = Vec::new();
        let mut more = false;
        let mut corrupt = None;
        let start = prefix(&[&self.job.0, &[class as u8]]);
        self.state.scan(row::Table::Timeline, &start, &start, &mut |key, _| {
            let Some(key) = TimelineKey::parse(key) else {
                corrupt = Some(row::Corrupt { table: row::Table::Timeline });
                return row::Visit::Stop;
            };
            if key.time.time_ns() < oldest_ns {
                return row::Visit::Stop;
            }
            if groups.len() == GROUPS_MAX {
                more = key.time.time_ns() >= needed_ns;
                return row::Visit::Stop;
            }
            groups.push((key.time.time_ns(), key.root));
            row::Visit::Next
        })?;
        self.complete &= !more;
        match corrupt {
            Some(fault) => Err(fault.into()),
            None => Ok(groups),
        }
    }

    fn timeline(&self, class: Class, rows_max: usize) -> Result<Vec<(i64, RunId)>, S::Error> {
        let rows = row::scan::<TimelineRow, S>(self.state, &prefix(&[&self.job.0, &[class as u8]]), rows_max)?;
        Ok(rows.into_iter().map(|(key, _)| (key.time.time_ns(), key.root)).collect())
    }

    fn group(&mut self, root: RunId, backing: Backing, end_ns: Option<i64>, since: Since) -> Result<(), S::Error> {
        let end = end_ns.unwrap_or(i64::MAX);
        let stand = Stand {
            flow: Arc::new(FlowRow::Pairs { target: self.job, sources: Vec::new() }),
            backing,
            end_ns,
            said_ns: end,
            inputs: end >= since.inputs,
            outputs: end >= since.outputs,
            pairs: end >= since.pairs,
        };
        self.members(root, &stand)
    }

    fn members(&mut self, root: RunId, like: &Stand) -> Result<(), S::Error> {
        let members = row::scan::<MemberRow, S>(self.state, &prefix(&[&self.job.0, &root.0]), FLOWS_MAX)?;
        self.complete &= members.len() < FLOWS_MAX;
        for (key, _) in members {
            if let Some(flow) = self.flow(key.flow)? {
                self.stands.push(Stand { flow, ..like.clone() });
            }
        }
        Ok(())
    }

    fn flow(&mut self, flow: FlowId) -> Result<Option<Arc<FlowRow>>, S::Error> {
        if let Some(known) = self.flows.get(&flow) {
            return Ok(Some(known.clone()));
        }
        let row = row::get::<FlowRow, S>(self.state, &FlowKey { job: self.job, flow })?.map(Arc::new);
        if let Some(row) = &row {
            self.flows.insert(flow, row.clone());
        }
        Ok(row)
    }

    /// Per producer and side the newest declaration stands; the side that it leaves unsaid stays with an older one.
    pub(super) fn declarations(&mut self) -> Result<(), S::Error> {
        let rows = row::scan::<DeclarationRow, S>(self.state, &prefix(&[&self.job.0]), FLOWS_MAX)?;
        self.complete &= rows.len() < FLOWS_MAX;
        let mut producer = None;
        let (mut inputs, mut outputs, mut pairs) = (None, None, None);
        for (key, declared) in rows {
            if producer != Some(key.producer) {
                (producer, inputs, outputs, pairs) = (Some(key.producer), None, None, None);
            }
            let time: NewestFirst = key.time;
            let stands = |newest: &mut Option<NewestFirst>, says: bool| says && *newest.get_or_insert(time) == time;
            let stand = Stand {
                flow: Arc::new(FlowRow::Pairs { target: self.job, sources: Vec::new() }),
                backing: Backing::Declared,
                end_ns: None,
                said_ns: time.time_ns(),
                inputs: stands(&mut inputs, declared.inputs),
                outputs: stands(&mut outputs, declared.outputs),
                pairs: stands(&mut pairs, declared.inputs && declared.outputs),
            };
            if stand.inputs || stand.outputs || stand.pairs {
                self.members(key.root, &stand)?;
            }
        }
        Ok(())
    }

    pub(super) fn past(&mut self) -> Result<(), S::Error> {
        let flows = row::scan::<FlowRow, S>(self.state, &prefix(&[&self.job.0]), FLOWS_MAX)?;
        self.complete &= flows.len() < FLOWS_MAX;
        for (_, flow) in flows {
            self.stands.push(Stand {
                flow: Arc::new(flow),
                backing: Backing::Past,
                end_ns: None,
                said_ns: i64::MIN,
                inputs: false,
                outputs: false,
                pairs: false,
            });
        }
        Ok(())
    }
}
