//! The alert for refused records of the event log, and the windows that alerts about keys share: one for a partition, a reason and an hour of the log's time, however many
//! records there are. It fires at the first, and is resolved with the count when the hour is over. Owns its words and its
//! windows. Trusts nothing of the record: the alert is the partition's own.

use std::ops::ControlFlow;

use ledger::Tenant;
use lineage::alert::{AlertMessage, MessageOccurrence, MessageOccurrenceKind, MessageSubjectKind, rfc3339};
use lineage::frame::Refusal;
use lineage::rule::Severity;
use store::tables::{self, RefusalsRow, RefusedAt, Row};
use store::{Read, Scan, Table};

use super::alarm::Alarm;
use super::key_alarm::{self, LEDGER_KEY};
use super::{Halt, Recorder, Turn};

/// The rule.
pub const REFUSED_RECORD: &str = "refused-record";

/// The reason of a record for a tenant that the ledger has not begun; the others are the frame's.
pub(super) const UNKNOWN_TENANT: &str = "unknown-tenant";

/// How long records of one reason stay one alert, ns of the log's time.
const WINDOW_NS: i64 = 3_600_000_000_000;

/// What a reason means, how urgent it is, and what to do first.
struct Words {
    severity: Severity,
    means: &'static str,
    remedy: &'static str,
}

/// The rule that counts under a row, and how urgent its alert is.
pub(crate) fn rule_of_row(row_key: &str) -> (&'static str, Severity) {
    match key_alarm::parts(row_key) {
        Some(_) => (LEDGER_KEY, Severity::Critical),
        None => (REFUSED_RECORD, words(row_key).severity),
    }
}

fn words(reason: &str) -> Words {
    let (severity, means, remedy) = match reason {
        _ if reason == Refusal::BadMac.code() => (
            Severity::Critical,
            "its MAC does not verify, so it was changed on its way or written by somebody without the intake key",
            "Treat it as an attempt to forge: list who may write to the event log (`kafka-acls.sh --list`) and take the right \
             from everyone but ledgerline.",
        ),
        _ if reason == Refusal::Misplaced.code() => (
            Severity::Critical,
            "its tenant, key, partition and incarnation contradict one another, so it was copied from elsewhere",
            "Find out who copied records (a mirror, a restored topic, a second deployment of the same name) and stop it.",
        ),
        _ if reason == Refusal::UnknownKey.code() => (
            Severity::Warning,
            "it is sealed under an intake key that this deployment does not hold",
            "Give every process the same key folder (`ledger.keys_dir`): what an intake with keys of its own has acknowledged is \
             not recorded, and has to be sent again.",
        ),
        _ if reason == Refusal::Truncated.code() => (
            Severity::Warning,
            "it is shorter or longer than its own preamble says",
            "Look for what else writes to the event log, and for a proxy or mirror that cuts records.",
        ),
        _ if reason == UNKNOWN_TENANT => (
            Severity::Warning,
            "it is of a tenant whose ledger has not begun",
            "Name the tenant in the configuration and restart, so that its ledger begins; then have its events sent again.",
        ),
        _ => (
            Severity::Warning,
            "its MAC verifies and its content can't be read",
            "Compare the versions of the processes with `ledgerline status`: recorders are upgraded before intakes.",
        ),
    };
    Words { severity, means, remedy }
}

impl Recorder {
    /// Counts a refused record, and tells of the first of its window.
    pub(super) fn refusal(&self, turn: &mut Turn<'_, '_>, reason: &'static str, leaf: u64) -> Result<(), Halt> {
        self.count_refusal(turn, reason, leaf)
    }

    /// Counts under a row, and tells of the first of its window.
    pub(super) fn count_refusal(&self, turn: &mut Turn<'_, '_>, row_key: &str, leaf: u64) -> Result<(), Halt> {
        let at = RefusedAt { leaf, offset: turn.record.offset };
        let time_ns = self.meta.time_ns;
        let known = tables::get::<RefusalsRow>(&turn.batch, row_key.as_bytes());
        let known = known.map_err(|error| Halt::store(self.meta.partition, &error))?;
        let mut row = match known {
            Some(row) => RefusalsRow { count: row.count + 1, last: at, ..row },
            None => RefusalsRow {
                window_ns: window(time_ns),
                opened_ns: time_ns,
                count: 1,
                first: at,
                last: at,
                told: false,
            },
        };
        if !row.told && time_ns > 0 {
            row.told = true;
            let message = self.window_message(row_key, &row);
            self.tell(turn, &message, 0);
        }
        tables::put(&mut turn.batch, row_key.as_bytes(), &row);
        Ok(())
    }

    /// At a tick: tells of what came before the log had a time, and ends the windows that are over.
    pub(super) fn refusal_windows(&self, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let time_ns = self.meta.time_ns;
        let mut rows = Vec::new();
        let scanned = turn.batch.scan(Scan::prefix(Table::Refusals, &[]), &mut |key, value| {
            rows.push((String::from_utf8_lossy(key).into_owned(), RefusalsRow::decode(value)));
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| Halt::store(self.meta.partition, &error))?;
        for (row_key, row) in rows {
            let row = row.ok_or_else(|| Halt::store(self.meta.partition, &tables::undecodable(Table::Refusals)))?;
            if !row.told {
                let row = RefusalsRow { window_ns: window(time_ns), opened_ns: time_ns, told: true, ..row };
                let message = self.window_message(&row_key, &row);
                self.tell(turn, &message, 0);
                tables::put(&mut turn.batch, row_key.as_bytes(), &row);
            } else if until_ns(&row) <= time_ns && !key_alarm::stands(&row_key) {
                let mut message = self.window_message(&row_key, &row);
                let count = row.count;
                message.resolve(
                    &format!("its hour is over; {count} in all, the last at offset {}", row.last.offset),
                    1,
                    time_ns,
                );
                self.tell(turn, &message, 0);
                turn.batch.delete(Table::Refusals, row_key.as_bytes());
            }
        }
        Ok(())
    }

    /// The message of a row: about the keys of a tree, or about refused records.
    fn window_message(&self, row_key: &str, row: &RefusalsRow) -> AlertMessage {
        match key_alarm::parts(row_key) {
            Some((tenant, reason)) => self.key_message(tenant, reason, row),
            None => self.refusal_message(row_key, row),
        }
    }

    fn refusal_message(&self, reason: &str, row: &RefusalsRow) -> AlertMessage {
        let Words { severity, means, remedy } = words(reason);
        let own = Tenant::partition(self.meta.partition);
        let (from, until) = (rfc3339(row.window_ns), rfc3339(until_ns(row)));
        let mut leaves = vec![(row.first.leaf, row.first.offset)];
        if row.count > 1 {
            leaves.push((row.last.leaf, row.last.offset));
        }
        self.firing(Alarm {
            rule: REFUSED_RECORD,
            tenant: own.as_str(),
            kind: MessageSubjectKind::Partition,
            name: own.as_str().to_owned(),
            occurrence: MessageOccurrence {
                kind: MessageOccurrenceKind::Window,
                key: format!("{reason}/{from}"),
                from: Some(from),
                until: Some(until),
            },
            severity,
            summary: format!(
                "A record of partition {} of the event log was refused ({reason}): {means}; the first is at offset {}.",
                self.meta.partition, row.first.offset
            ),
            leaves_total: (row.count > leaves.len() as u64).then_some(row.count),
            leaves,
            remedy: vec![
                remedy.to_owned(),
                format!(
                    "See what is kept of it: `ledgerline --tenant {} events show {}`. Nothing of it was believed or applied.",
                    own.as_str(),
                    row.first.leaf
                ),
            ],
            mode: "live",
            times_ns: (row.opened_ns, row.opened_ns),
        })
    }
}

/// End of a row's window, ns.
pub(super) fn until_ns(row: &RefusalsRow) -> i64 {
    row.window_ns.saturating_add(WINDOW_NS)
}

/// Start of the window that a time lies in.
fn window(time_ns: i64) -> i64 {
    time_ns.saturating_sub(time_ns.rem_euclid(WINDOW_NS))
}
