//! Rounds of start, load and a kill at a moment drawn from a seed; then the oracle: what was acknowledged is in the ledger, once,
//! and in the log, and each alert fired once. Rows 3 and 5 differ in what the disk forgets between two rounds.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ledgerline_tests::{Around, Fault, Ledgerline, Load, Random, Standing, Witness, run_event};

use crate::oracle::judge;
use crate::site::Site;

/// Events that a producer sends to the input topic in each round on Kafka.
const STREAMED: usize = 40;
const CLIENTS: u64 = 3;

/// What is done to a deployment.
pub struct Storm<'s, 'k> {
    pub row: u32,
    pub site: &'s Site<'k>,
    pub rounds: u64,
    pub seed: u64,
    /// A round in so many ends while the server is starting; none where it is 0.
    pub young_one_in: usize,
}

impl Storm<'_, '_> {
    /// Runs it: `before` gives what is put around the server of a round, `after` does to its folder what the fault does.
    pub fn run(
        self,
        mut before: impl FnMut() -> Result<Around>,
        mut after: impl FnMut(&mut Random) -> Result<()>,
    ) -> Result<Fault> {
        let (witness, mut random) = (Arc::new(Witness::default()), Random::new(self.seed));
        let mut fault = Fault { row: self.row, log: self.site.log(), ..Fault::default() };
        for round in 0..self.rounds {
            let mut server = self.site.launch(&before()?)?;
            fault.rounds += 1;
            if self.young_one_in > 0 && random.once_in(self.young_one_in) {
                strike(&mut server, random.between(0, 250))?;
            } else {
                match server.standing()? {
                    Standing::Ready => self.under_load(&mut server, &witness, &mut random)?,
                    standing => {
                        fault.violations.push(format!("round {round}: the server does not come back: {standing:?}"));
                        return Ok(fault);
                    }
                }
            }
            drop(server);
            after(&mut random)?;
        }
        judge(self.site, &witness, &mut fault)?;
        Ok(fault)
    }

    /// Load over HTTP and, on Kafka, on the input topic; and the kill.
    fn under_load(&self, server: &mut Ledgerline, witness: &Arc<Witness>, random: &mut Random) -> Result<()> {
        let load = Load::start(&server.url(), witness, CLIENTS, random.draw());
        let delay_ms = random.between(5, 400);
        std::thread::scope(|scope| {
            let streaming = scope.spawn(|| self.stream(witness));
            strike(server, delay_ms)?;
            streaming.join().unwrap()
        })?;
        load.stop();
        Ok(())
    }

    /// Sends to the input topic and waits until the broker has it all: from then on it must come into the ledger.
    fn stream(&self, witness: &Witness) -> Result<()> {
        let Some(kafka) = self.site.kafka() else { return Ok(()) };
        let events = witness.next(STREAMED);
        let records: Vec<_> = events.iter().map(|(run, kind)| (None, vec![], run_event(*run, kind).into())).collect();
        kafka.produce(&self.site.input(), &records)?;
        witness.acknowledged(&events);
        Ok(())
    }
}

/// `kill -9` some milliseconds from now. The moment is the fault: nothing waits for anything here.
fn strike(server: &mut Ledgerline, delay_ms: usize) -> Result<()> {
    std::thread::sleep(Duration::from_millis(delay_ms as u64));
    server.crash()
}
