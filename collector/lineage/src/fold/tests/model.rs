//! The naive model: everything recomputed from the list of events, by the words of the specification. Shares no code with the
//! fold but the events.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Ev, run_id};
use crate::facts::{EventKind, EventType};

/// A run under a job.
pub(crate) type Unit = (u8, u8);
/// A group: job, root.
pub(crate) type Group = (u8, u8);

/// How something stands, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Historical,
    Attempted,
    InProgress,
    Current,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Open,
    Succeeded(i64),
    Failed(i64),
    Aborted(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub started: i64,
    pub end: Option<(i64, u8)>,
    pub parent: Option<Unit>,
    pub inputs: BTreeSet<u8>,
    pub outputs: BTreeSet<u8>,
    pub cited_inputs: BTreeSet<u8>,
    pub cited_outputs: BTreeSet<u8>,
    pub pairs: BTreeSet<(u8, u8)>,
    pub declares_inputs: bool,
    pub declares_outputs: bool,
    pub extraction_error: bool,
}

/// One side of a job, or which input goes into which output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    Input(u8),
    Output(u8),
    Pair(u8, u8),
}

pub(crate) struct Model<'h> {
    history: &'h [Ev],
    pub runs: BTreeMap<Unit, Run>,
}

/// Events in the order of registers: time, then id.
fn in_order<'h>(events: impl Iterator<Item = &'h Ev>) -> Vec<&'h Ev> {
    let mut events: Vec<&Ev> = events.collect();
    events.sort_by_key(|ev| (ev.time, ev.id()));
    events
}

/// Events of one run, all within ten minutes here: what begins or goes on, then RUNNING, then ends; each by time, then id.
pub(crate) fn in_run_order(events: Vec<&Ev>) -> Vec<&Ev> {
    let mut events = in_order(events.into_iter());
    events.sort_by_key(|ev| match ev.event_type {
        None | Some(EventType::Start | EventType::Other) => 0,
        Some(EventType::Running) => 1,
        Some(EventType::Complete | EventType::Abort | EventType::Fail) => 2,
    });
    events
}

impl<'h> Model<'h> {
    pub fn of(history: &'h [Ev]) -> Model<'h> {
        let mut units: BTreeMap<Unit, Vec<&Ev>> = BTreeMap::new();
        for ev in history.iter().filter(|ev| ev.kind == EventKind::Run) {
            units.entry((ev.run, ev.job)).or_default().push(ev);
        }
        let runs = units.into_iter().map(|(unit, events)| (unit, run(&in_run_order(events)))).collect();
        Model { history, runs }
    }

    /// Climb parents while the job stays the same; then the parent, else the top run; and whether the run is a top run.
    pub fn group(&self, (run, job): Unit) -> (Group, bool) {
        let mut way = vec![run];
        loop {
            let here = *way.last().unwrap();
            match self.runs.get(&(here, job)).and_then(|run| run.parent) {
                None => return ((job, here), here == run),
                Some((above, other)) if other != job => return ((job, above), here == run),
                Some((above, _)) => match way.iter().position(|run| *run == above) {
                    Some(at) => {
                        let least = *way[at..].iter().min_by_key(|run| run_id(**run)).unwrap();
                        return ((job, least), least == run);
                    }
                    None => way.push(above),
                },
            }
        }
    }

    pub fn groups(&self) -> BTreeMap<Group, Vec<Unit>> {
        let mut groups: BTreeMap<Group, Vec<Unit>> = BTreeMap::new();
        for unit in self.runs.keys() {
            groups.entry(self.group(*unit).0).or_default().push(*unit);
        }
        groups
    }

    pub fn outcome(&self, units: &[Unit]) -> Outcome {
        let ended = |(time, rank): (i64, u8)| match rank {
            0 => Outcome::Succeeded(time),
            1 => Outcome::Aborted(time),
            _ => Outcome::Failed(time),
        };
        let tops: Vec<&Unit> = units.iter().filter(|unit| self.group(**unit).1).collect();
        let top = tops.iter().max_by_key(|unit| (self.runs[**unit].started, unit.0)).map(|unit| &self.runs[*unit]);
        let last_start = units.iter().map(|unit| self.runs[unit].started).max().unwrap();
        if let Some(end) = top.and_then(|top| top.end) {
            // A success of the top run is final unless a run below it began later.
            if end.1 != 0 || tops.len() == units.len() || last_start <= end.0 {
                return ended(end);
            }
        }
        // Otherwise every run counts, but a top run that never ends while others do its work.
        let counts = |unit: &&Unit| self.runs[*unit].end.is_some() || tops.len() == units.len() || !tops.contains(unit);
        let ends: Vec<Option<(i64, u8)>> = units.iter().filter(counts).map(|unit| self.runs[unit].end).collect();
        if ends.iter().any(Option::is_none) {
            return Outcome::Open;
        }
        let last = ends.iter().flatten().map(|end| end.0).max().unwrap();
        let worst = ends.iter().flatten().map(|end| end.1).max().unwrap();
        ended((last, worst))
    }

    fn claims(&self, units: &[Unit]) -> BTreeSet<Claim> {
        let mut claims = BTreeSet::new();
        for run in units.iter().map(|unit| &self.runs[unit]) {
            claims.extend(run.inputs.union(&run.cited_inputs).map(|node| Claim::Input(*node)));
            claims.extend(run.outputs.union(&run.cited_outputs).map(|node| Claim::Output(*node)));
            claims.extend(run.pairs.iter().map(|(from, to)| Claim::Pair(*from, *to)));
        }
        claims
    }

    /// Every claim of a job with its state, by the words of the specification.
    pub fn job(&self, job: u8) -> BTreeMap<Claim, State> {
        let groups: Vec<(Outcome, BTreeSet<Claim>, [bool; 2], bool)> = self
            .groups()
            .into_iter()
            .filter(|(group, _)| group.0 == job)
            .map(|(_, units)| {
                let any = |test: fn(&Run) -> bool| units.iter().any(|unit| test(&self.runs[unit]));
                let declares = [any(|run| run.declares_inputs), any(|run| run.declares_outputs)];
                (self.outcome(&units), self.claims(&units), declares, any(|run| run.extraction_error))
            })
            .collect();
        let declared = declarations(self.history, job, &|claim| self.dropped(claim));
        let mut claims: BTreeSet<Claim> = groups.iter().flat_map(|group| group.1.iter().copied()).collect();
        claims.extend(declared.keys());
        let mut states: BTreeMap<Claim, State> = claims
            .into_iter()
            .map(|claim| {
                let stands = declared.get(&claim).copied().unwrap_or(false);
                (claim, if stands { State::Current } else { by_groups(&groups, claim, self.dropped(claim)) })
            })
            .collect();
        let sides = states.clone();
        for (claim, state) in &mut states {
            if let Claim::Pair(from, to) = claim {
                *state = (*state).min(sides[&Claim::Input(*from)]).min(sides[&Claim::Output(*to)]);
            }
        }
        states
    }

    /// When one of a claim's datasets was last dropped: by a run that completed, or by a declaration.
    fn dropped(&self, claim: Claim) -> i64 {
        let concerned = match claim {
            Claim::Input(node) | Claim::Output(node) => [node, node],
            Claim::Pair(from, to) => [from, to],
        };
        let happened = |ev: &&Ev| {
            ev.lifecycle.is_some_and(|(change, _)| change == "DROP")
                && (ev.kind != EventKind::Run || matches!(ev.event_type, None | Some(EventType::Complete)))
                && ev.outputs.iter().any(|node| concerned.contains(node))
        };
        self.history.iter().filter(happened).map(|ev| ev.time).max().unwrap_or(i64::MIN)
    }

    /// Ends of the successful groups that wrote a dataset, in order.
    pub fn versions(&self, node: u8) -> Vec<i64> {
        let wrote = |(_, units): (Group, Vec<Unit>)| match self.outcome(&units) {
            Outcome::Succeeded(end) if self.claims(&units).contains(&Claim::Output(node)) => Some(end),
            _ => None,
        };
        let mut ends: Vec<i64> = self.groups().into_iter().filter_map(wrote).collect();
        let declared = |ev: &&Ev| {
            ev.kind != EventKind::Run
                && ev.outputs.contains(&node)
                && ev.lifecycle.is_some_and(|(change, _)| change == "OVERWRITE")
        };
        ends.extend(self.history.iter().filter(declared).map(|ev| ev.time));
        ends.sort_unstable();
        ends
    }

    /// Datasets a walk reaches, with their depth.
    pub fn reach(&self, from: u8, downstream: bool, ever: bool) -> BTreeMap<u8, u32> {
        let mut reached = BTreeMap::from([(from, 0)]);
        let mut queue = std::collections::VecDeque::from([from]);
        let jobs: Vec<BTreeMap<Claim, State>> = (0..8).map(|job| self.job(job)).collect();
        while let Some(here) = queue.pop_front() {
            let depth = reached[&here];
            for claims in &jobs {
                for (claim, state) in claims {
                    let Claim::Pair(from, to) = *claim else { continue };
                    let (from, to) = if downstream { (from, to) } else { (to, from) };
                    if from == here && (ever || *state != State::Historical) && !reached.contains_key(&to) {
                        reached.insert(to, depth + 1);
                        queue.push_back(to);
                    }
                }
            }
        }
        reached
    }
}

fn run(events: &[&Ev]) -> Run {
    let mut run = Run {
        started: events.iter().map(|ev| ev.time).min().unwrap(),
        end: None,
        parent: None,
        inputs: BTreeSet::new(),
        outputs: BTreeSet::new(),
        cited_inputs: BTreeSet::new(),
        cited_outputs: BTreeSet::new(),
        pairs: BTreeSet::new(),
        declares_inputs: false,
        declares_outputs: false,
        extraction_error: false,
    };
    let mut explicit: Option<Vec<(u8, Vec<u8>)>> = None;
    let mut columns: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
    for ev in events {
        let rank = match ev.event_type {
            Some(EventType::Complete) => Some(0),
            Some(EventType::Abort) => Some(1),
            Some(EventType::Fail) => Some(2),
            _ => None,
        };
        run.end = run.end.max(rank.map(|rank| (ev.time, rank)));
        if let Some((parent, job)) = ev.parent {
            run.parent = Some((parent, job));
        }
        run.extraction_error |= ev.extraction_error;
        let said = said(ev);
        run.inputs.extend(&said.inputs);
        run.outputs.extend(&said.outputs);
        run.cited_inputs.extend(&said.cited_inputs);
        run.cited_outputs.extend(&said.cited_outputs);
        run.declares_inputs |= said.declares_inputs;
        run.declares_outputs |= said.declares_outputs;
        match &ev.explicit {
            Some(entries) => explicit = Some(entries.clone()),
            None if ev.deleted.contains(&"lineage") => explicit = None,
            None => {}
        }
        if !ev.columns.is_empty() {
            for output in &ev.outputs {
                columns.insert(*output, ev.columns.iter().map(|(_, source, _)| *source).collect());
            }
        }
    }
    run.pairs = pairs(&run.inputs, &run.outputs, explicit.as_deref(), &columns);
    run
}

fn pairs(
    inputs: &BTreeSet<u8>,
    outputs: &BTreeSet<u8>,
    explicit: Option<&[(u8, Vec<u8>)]>,
    columns: &BTreeMap<u8, BTreeSet<u8>>,
) -> BTreeSet<(u8, u8)> {
    let mut pairs = BTreeSet::new();
    let explicit = explicit.unwrap_or_default();
    for output in outputs {
        if !explicit.iter().any(|(target, _)| target == output) {
            pairs.extend(inputs.iter().map(|input| (*input, *output)));
        }
    }
    for (target, sources) in explicit {
        pairs.extend(sources.iter().map(|source| (*source, *target)));
    }
    for (target, sources) in columns {
        pairs.extend(sources.iter().map(|source| (*source, *target)));
    }
    pairs
}

#[derive(Default)]
struct Said {
    inputs: BTreeSet<u8>,
    outputs: BTreeSet<u8>,
    cited_inputs: BTreeSet<u8>,
    cited_outputs: BTreeSet<u8>,
    declares_inputs: bool,
    declares_outputs: bool,
}

fn said(ev: &Ev) -> Said {
    let mut said = Said::default();
    said.inputs.extend(&ev.inputs);
    said.outputs.extend(&ev.outputs);
    for (target, sources) in ev.explicit.iter().flatten() {
        said.cited_outputs.insert(*target);
        said.cited_inputs.extend(sources);
        said.declares_inputs = true;
    }
    if !ev.outputs.is_empty() {
        said.cited_inputs.extend(ev.columns.iter().map(|(_, source, _)| *source));
    }
    // A guess of intake declares nothing, unless the event also names the dataset itself.
    let guessed = |at: usize| ev.inferred.contains(&format!("$.inputs[{at}]").as_str());
    let own = ev.inputs.iter().enumerate().any(|(at, _)| !guessed(at));
    said.declares_inputs |= own || !said.cited_inputs.is_empty();
    said.declares_outputs = !said.outputs.is_empty() || !said.cited_outputs.is_empty();
    said
}

fn by_groups(groups: &[(Outcome, BTreeSet<Claim>, [bool; 2], bool)], claim: Claim, dropped: i64) -> State {
    let needs = |declares: &[bool; 2]| match claim {
        Claim::Input(_) => declares[0],
        Claim::Output(_) => declares[1],
        Claim::Pair(..) => declares[0] && declares[1],
    };
    // A later successful group that declared the side, reported no extraction error and leaves it out.
    let left_out_after = |end: i64| {
        groups.iter().any(|(outcome, claims, declares, error)| {
            matches!(outcome, Outcome::Succeeded(other) if *other > end)
                && needs(declares)
                && !error
                && !claims.contains(&claim)
        })
    };
    let naming = || groups.iter().filter(|(_, claims, _, _)| claims.contains(&claim));
    let confirmed = naming()
        .filter_map(|(outcome, ..)| if let Outcome::Succeeded(end) = outcome { Some(*end) } else { None })
        .max();
    if confirmed.is_some_and(|end| !left_out_after(end) && end > dropped) {
        return State::Current;
    }
    if naming().any(|(outcome, ..)| *outcome == Outcome::Open) {
        return State::InProgress;
    }
    let attempted = naming().any(|(outcome, ..)| match outcome {
        Outcome::Failed(end) | Outcome::Aborted(end) => !left_out_after(*end) && *end > dropped,
        _ => false,
    });
    if attempted && confirmed.is_none() { State::Attempted } else { State::Historical }
}

/// What is declared of a job, and whether it stands: replaced only by the same producer's later word on that side.
fn declarations(history: &[Ev], job: u8, dropped: &dyn Fn(Claim) -> i64) -> BTreeMap<Claim, bool> {
    let mut claims = BTreeMap::new();
    let events = || history.iter().filter(move |ev| ev.kind == EventKind::Job && ev.job == job);
    // Without the version: an upgraded producer stays the same one.
    let producers: BTreeSet<&str> = events().map(|ev| ev.producer.rsplit_once('/').unwrap().0).collect();
    for producer in producers {
        let of_producer = in_order(events().filter(|ev| ev.producer.starts_with(producer)));
        // The newest word, by event time.
        let newest =
            |test: &dyn Fn(&Said) -> bool| of_producer.iter().rev().find(|ev| test(&said(ev))).map(|ev| ev.time);
        let inputs = newest(&|said| said.declares_inputs);
        let outputs = newest(&|said| said.declares_outputs);
        let both = newest(&|said| said.declares_inputs && said.declares_outputs);
        for ev in of_producer {
            let (time, said) = (Some(ev.time), said(ev));
            let mut claim = |claim: Claim, stands: bool| {
                *claims.entry(claim).or_insert(false) |= stands && ev.time > dropped(claim);
            };
            for node in said.inputs.union(&said.cited_inputs) {
                claim(Claim::Input(*node), said.declares_inputs && time == inputs);
            }
            for node in said.outputs.union(&said.cited_outputs) {
                claim(Claim::Output(*node), said.declares_outputs && time == outputs);
            }
            let columns = if ev.columns.is_empty() {
                BTreeMap::new()
            } else {
                ev.outputs.iter().map(|out| (*out, ev.columns.iter().map(|column| column.1).collect())).collect()
            };
            for (from, to) in pairs(&said.inputs, &said.outputs, ev.explicit.as_deref(), &columns) {
                claim(Claim::Pair(from, to), said.declares_inputs && said.declares_outputs && time == both);
            }
        }
    }
    claims
}
