//! The event mix: a seeded stream of plausible OpenLineage run events. Owns the classes of length and how often each comes.
//! Never reads a clock: its time begins at a fixed moment and moves on with every event.
//!
//! 10 % are about 0.6 KB, half about 4 KB, the rest 5 to 20 KB, and 0.1 % 200 KB. A body compressed alone (zstd, level 3)
//! comes to 27–29 % of its length, as real ones do; a test holds both.

mod body;
mod facet;
mod random {
    pub use ledgerline_tests::Random;
}
mod world;

use std::collections::VecDeque;
use std::io::{BufWriter, Write as _};

use anyhow::Result;

use self::body::Subject;
pub use self::random::Random;
use self::world::{Table, World};
use crate::options::Options;

/// The mix begins here: 2025-10-09T08:53:20Z, ms.
const BEGIN_MS: i64 = 1_760_000_000_000;
/// Runs that are open at once.
const OPEN_RUNS: usize = 40;

/// Prints as many events as the child is to make, one a line.
pub fn print(options: &Options) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for event in Mix::new(options.seed, 20).take(options.events) {
        out.write_all(&event)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// A run that has begun.
struct Run {
    job: usize,
    id: String,
    /// The scheduler's run above it: each execution of a job has another.
    parent: String,
    class: Class,
    bytes: usize,
    fails: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Small,
    Middle,
    Large,
    Huge,
}

/// A stream of events.
pub struct Mix {
    random: Random,
    world: World,
    wide: Table,
    open: VecDeque<Run>,
    now_ms: i64,
    failing_one_in: usize,
}

impl Mix {
    /// The stream of a seed. One run in `failing_one_in` fails.
    pub fn new(seed: u64, failing_one_in: usize) -> Self {
        let mut random = Random::new(seed);
        let world = World::new(&mut random);
        let wide = World::wide(&mut random);
        Self { random, world, wide, open: VecDeque::new(), now_ms: BEGIN_MS, failing_one_in }
    }

    fn begin(&mut self) -> Run {
        let random = &mut self.random;
        let (class, bytes) = match random.below(1_000) {
            0 => (Class::Huge, random.between(180_000, 220_000)),
            1..=100 => (Class::Small, random.between(540, 700)),
            101..=600 => (Class::Middle, random.between(3_500, 4_500)),
            _ => (Class::Large, random.between(5_000, 20_000)),
        };
        let job = random.below(self.world.jobs.len());
        Run { job, id: random.uuid(), parent: random.uuid(), class, bytes, fails: random.once_in(self.failing_one_in) }
    }

    fn write(&mut self, run: &Run, event: &'static str) -> Vec<u8> {
        self.now_ms += i64::try_from(self.random.below(40)).unwrap_or(0);
        let subject = Subject {
            world: &self.world,
            job: &self.world.jobs[run.job],
            run: &run.id,
            parent: &run.parent,
            event,
            at_ms: self.now_ms,
            bytes: run.bytes,
            wide: (run.class == Class::Huge).then_some(&self.wide),
        };
        body::write(&subject, &mut self.random).into_bytes()
    }
}

impl Iterator for Mix {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let full = self.open.len() >= OPEN_RUNS;
        if full || (!self.open.is_empty() && self.random.once_in(2)) {
            let at = self.random.below(self.open.len());
            if let Some(run) = self.open.remove(at) {
                return Some(self.write(&run, if run.fails { "FAIL" } else { "COMPLETE" }));
            }
        }
        let run = self.begin();
        let event = self.write(&run, "START");
        self.open.push_back(run);
        Some(event)
    }
}

#[cfg(test)]
mod tests;
