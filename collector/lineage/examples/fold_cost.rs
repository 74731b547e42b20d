//! What folding one event costs, for an instruction counter: `fold_cost REPEATS FILE` reads a file of one event a line and folds all
//! of them REPEATS times, each time as new runs an hour later. Two runs that differ in REPEATS alone give the cost of a round; what
//! the state itself costs stands under `Counted`.

use lineage::alert::Settings;
use lineage::decode::{Limits, Scratch, decode};
use lineage::envelope::Mode;
use lineage::fold::{Accepted, Position, apply};
use lineage::id::EventId;
use lineage::query::Known;
use lineage::row::memory::Memory;
use lineage::row::{Corrupt, Read, State, Table, Visit};
use lineage::schema::Schemas;

/// Memory, kept out of the callers so that a profile tells them apart.
#[derive(Default)]
struct Counted {
    memory: Memory,
    gets: std::cell::Cell<u64>,
    scans: std::cell::Cell<u64>,
    puts: u64,
    put_bytes: u64,
}

impl Read for Counted {
    type Error = Corrupt;

    #[inline(never)]
    fn get<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Corrupt> {
        self.gets.set(self.gets.get() + 1);
        Ok(lookup(&self.memory, table, key).map(|row| read(&row)))
    }

    #[inline(never)]
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), Corrupt> {
        self.scans.set(self.scans.get() + 1);
        self.memory.scan(table, prefix, from, visit)
    }
}

#[inline(never)]
fn lookup(memory: &Memory, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    memory.rows.get(&(table, key.to_vec())).cloned()
}

impl State for Counted {
    #[inline(never)]
    fn put(&mut self, table: Table, key: &[u8], row: &[u8]) -> Result<(), Corrupt> {
        self.puts += 1;
        self.put_bytes += (key.len() + row.len()) as u64;
        self.memory.put(table, key, row)
    }

    #[inline(never)]
    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), Corrupt> {
        self.memory.delete(table, key)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().expect("usage: fold_cost REPEATS FILE");
    let (repeats, file) = (argument(), argument());
    let repeats: u64 = repeats.parse().expect("a number of rounds");
    let text = std::fs::read(&file).expect("a readable file");
    let schemas = Schemas::built_in().expect("the build's own schemas compile");
    let limits = Limits::default();
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut scratches: Vec<Scratch> = lines.iter().map(|_| Scratch::default()).collect();
    let mut events = Vec::new();
    for (line, scratch) in lines.iter().zip(&mut scratches) {
        events.push(decode(line, scratch, &schemas, &limits).expect("an event that decodes").facts);
    }
    let known = Known::default();
    let mut state = Counted::default();
    let (mut leaf, mut alerts) = (0u64, 0);
    for round in 0..repeats {
        for facts in &mut events {
            leaf += 1;
            facts.event_time_ns += 3_600_000_000_000;
            if let Some(run) = &mut facts.run {
                let renew = |bytes: &mut [u8; 16]| bytes[..8].copy_from_slice(&round.to_be_bytes());
                renew(&mut run.id.0);
                if let Some(parent) = &mut run.parent {
                    renew(&mut parent.run.0);
                }
            }
            let mut event_id = [0; 32];
            event_id[..8].copy_from_slice(&leaf.to_be_bytes());
            let accepted = Accepted {
                tenant: "default",
                position: Position { incarnation: [0; 16], partition: 0, offset: 0 },
                event_id: EventId(event_id),
                leaf,
                received_at_ns: 0,
                mode: Mode::Live,
                facts,
            };
            let applied = apply(&mut state, &accepted, facts.event_time_ns, &Settings::default(), &known);
            alerts += applied.expect("memory does not fail").alerts.len();
        }
    }
    let per_event = |count: u64| count as f64 / leaf as f64;
    println!(
        "an event: {:.1} gets, {:.1} scans, {:.1} puts of {:.0} bytes; {} rows of {} bytes; {alerts} alerts of {leaf} events",
        per_event(state.gets.get()),
        per_event(state.scans.get()),
        per_event(state.puts),
        per_event(state.put_bytes),
        state.memory.rows.len(),
        state.memory.rows.iter().map(|((_, key), row)| key.len() + row.len()).sum::<usize>(),
    );
}
