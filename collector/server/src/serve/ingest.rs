//! Intake from lines of text, in this process: what `--data DIR ingest` runs. The same path as HTTP, and the answer waits until
//! every event is recorded.

use std::io::{BufRead, Read as _};
use std::time::Duration;

use bytes::Bytes;

use super::{Core, StartError};
use crate::http::{Mode, Refused, Submission};
use crate::intake::DirectIntake;
use crate::worker::{State, Totals};

/// Pause before events are offered again to a log that is busy.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// Longest wait for the recorder after the last line.
const RECORD_MAX: Duration = Duration::from_secs(120);

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Events that became leaves.
    pub recorded: u64,
    /// Events that were leaves before.
    pub duplicates: u64,
    /// Events that were refused; each is in `lineage.rejected` with its reason.
    pub rejected: u64,
}

/// Why lines were not all taken. Those before are recorded; sending all of them again doubles nothing.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The lines can't be read.
    #[error("line {line} can't be read: {error}")]
    Read {
        /// Its number, from 1.
        line: u64,
        /// Why.
        error: std::io::Error,
    },
    /// The log does not take them.
    #[error("the log takes no events: {0}")]
    Unavailable(String),
    /// The recorder did not come that far.
    #[error("the events are durable and not recorded yet: {0}")]
    Unrecorded(String),
    /// Intake can't be had.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// How lines are taken.
pub struct Lines<'a> {
    /// Whose they are.
    pub tenant: &'a str,
    /// Who sends them; empty when nobody says.
    pub principal: &'a str,
    /// How they came about.
    pub mode: Mode,
    /// Told, after each batch, how many lines were taken in all.
    pub progress: &'a mut dyn FnMut(u64),
}

impl Core {
    /// Takes one event a line (blank lines are passed over) and waits until all are recorded.
    ///
    /// # Errors
    /// [`IngestError`].
    pub fn ingest_lines(&self, input: &mut dyn BufRead, lines: Lines<'_>) -> Result<Ingested, IngestError> {
        let intake = self.direct("file")?;
        let (before, mut ingested) = (self.totals(lines.tenant), Ingested::default());
        let (mut taken, mut last, mut number) = (0, None, 0);
        loop {
            let batch = self.batch(input, &lines, &mut number)?;
            if batch.is_empty() {
                break;
            }
            taken += batch.len() as u64;
            let (position, rejected) = self.offer(&intake, batch)?;
            last = position.or(last);
            ingested.rejected += rejected;
            (lines.progress)(taken);
        }
        if let Some(offset) = last {
            self.await_recorded(lines.tenant, offset)?;
        }
        let after = self.totals(lines.tenant);
        ingested.recorded = after.recorded.saturating_sub(before.recorded);
        ingested.duplicates = after.duplicates.saturating_sub(before.duplicates);
        Ok(ingested)
    }

    /// The next lines, as many as one batch of intake takes.
    fn batch(
        &self,
        input: &mut dyn BufRead,
        lines: &Lines<'_>,
        number: &mut u64,
    ) -> Result<Vec<Submission>, IngestError> {
        let settings = &self.config.intake;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < settings.batch_records_max && bytes < settings.batch_bytes_max {
            *number += 1;
            let line =
                line(input, settings.payload_bytes_max).map_err(|error| IngestError::Read { line: *number, error })?;
            let Some(line) = line else { break };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            bytes += line.len();
            batch.push(Submission {
                tenant: lines.tenant.to_owned(),
                principal: lines.principal.to_owned(),
                payload: Bytes::from(line),
                traceparent: None,
                mode: lines.mode,
            });
        }
        Ok(batch)
    }

    /// Offers events until each is durable or refused. Gives the greatest offset, and how many were refused.
    fn offer(&self, intake: &DirectIntake, mut batch: Vec<Submission>) -> Result<(Option<u64>, u64), IngestError> {
        let (mut last, mut rejected) = (None, 0);
        while !batch.is_empty() {
            let mut again = Vec::new();
            for (submission, answer) in batch.iter().zip(intake.take(batch.clone())) {
                match answer {
                    Ok(accepted) => last = last.max(Some(accepted.position.offset)),
                    Err(Refused::Rejected(_)) => rejected += 1,
                    Err(Refused::Busy { .. }) => again.push(submission.clone()),
                    Err(Refused::Unavailable { reason }) => return Err(IngestError::Unavailable(reason)),
                }
            }
            if !again.is_empty() {
                std::thread::sleep(BUSY_PAUSE);
            }
            batch = again;
        }
        Ok((last, rejected))
    }

    fn totals(&self, tenant: &str) -> Totals {
        let home = self.desk.homes.of(tenant).partition;
        let partition = self.owners().and_then(|owners| owners.get(home));
        partition.map(|partition| partition.status().totals).unwrap_or_default()
    }

    fn await_recorded(&self, tenant: &str, offset: u64) -> Result<(), IngestError> {
        let home = self.desk.homes.of(tenant).partition;
        let clock = self.host.clock.as_ref();
        let until = clock.monotonic() + RECORD_MAX;
        loop {
            let partition = self.owners().and_then(|owners| owners.get(home));
            let Some(status) = partition.map(|partition| partition.status()) else {
                return Err(IngestError::Unrecorded(format!("partition {home} is not open in this process")));
            };
            match status.state {
                _ if status.next_offset > offset => return Ok(()),
                State::Halted { reason, remedy } => return Err(IngestError::Unrecorded(format!("{reason}. {remedy}"))),
                _ if clock.monotonic() >= until => {
                    let what = format!("the recorder is at {} of {offset}", status.next_offset);
                    return Err(IngestError::Unrecorded(what));
                }
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

/// One line without its end, or `None` at the end of input. Of one that is longer than any event may be, the beginning comes
/// back, long enough to be refused for it; the rest is passed over.
fn line(input: &mut dyn BufRead, bytes_max: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let kept = bytes_max as u64 + 2;
    if input.take(kept).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == kept {
        loop {
            let buffered = input.fill_buf()?;
            let end = buffered.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(buffered.len(), |end| end + 1);
            input.consume(passed);
            if end.is_some() || passed == 0 {
                break;
            }
        }
    }
    let end = line.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    line.truncate(line.len() - end);
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_texts_do_and_long_ones_are_cut() {
        let mut input: &[u8] = b"ab\r\n\nlonger than ten bytes\nlast";
        let mut lines = Vec::new();
        while let Some(line) = line(&mut input, 10).unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["ab", "", "longer than ", "last"]);
    }
}
