//! How the partitions of this process stand: for `status`, for `/v1/partitions` and for whoever routes traffic. One place
//! names what is in the way and the command to run.

use std::ops::ControlFlow;

use store::{Read as _, Scan, Store, Table};

use super::scope::broken;
use crate::http::ReadError;
use crate::http::model::{PartitionState, PartitionStatus, Position, Readiness, ReadinessReason, Time, WitnessTrouble};
use crate::log::LogError;
use crate::serve::Core;
use crate::worker::{self, Partition, State};

/// Records behind the log's end from which on a partition counts as lagging.
const LAG_MAX: u64 = 100_000;

/// What is said of one state.
struct Standing {
    state: PartitionState,
    reason: Option<String>,
    remedy: Option<String>,
    /// Whether traffic may come.
    ready: bool,
}

impl Standing {
    fn of(status: worker::PartitionStatus) -> Self {
        let lag = status.end_offset.saturating_sub(status.next_offset);
        let shown = |state, reason: Option<String>, remedy: Option<&str>, ready| Self {
            state,
            reason,
            remedy: remedy.map(str::to_owned),
            ready,
        };
        match status.state {
            State::Starting => {
                shown(PartitionState::Starting, Some("its store is being opened".to_owned()), None, false)
            }
            State::CatchingUp => {
                let reason = match (lag, status.unpublished) {
                    (_, Some(why)) => format!("it can't take over what was published yet: {why}"),
                    (0, None) => "it compares itself with what was published".to_owned(),
                    (lag, None) => format!("it is catching up: {lag} records to go"),
                };
                shown(PartitionState::Starting, Some(reason), None, false)
            }
            State::Running if lag > LAG_MAX => {
                let remedy = "Wait; if it does not shrink, run `ledgerline doctor` and see docs/scale.md.";
                shown(PartitionState::Lagging, Some(format!("it is {lag} records behind")), Some(remedy), false)
            }
            State::Running => {
                let remedy =
                    status.unpublished.as_ref().map(|_| "It is tried again; `ledgerline doctor` checks the log.");
                let reason = status.unpublished.map(|why| format!("nothing is published at the moment: {why}"));
                shown(PartitionState::Running, reason, remedy, true)
            }
            State::Halted { reason, remedy } => shown(PartitionState::Halted, Some(reason), Some(&remedy), false),
            State::Stopped => shown(PartitionState::Halted, Some("the process is stopping".to_owned()), None, false),
        }
    }
}

/// A row for each partition of this process, and for each that it follows.
pub(super) fn partitions(core: &Core) -> Result<Vec<PartitionStatus>, ReadError> {
    let Some(owners) = core.owners() else { return Ok(Vec::new()) };
    let mut rows: Vec<_> = owners.all().iter().map(|one| shown(core, one)).collect::<Result<_, _>>()?;
    for partition in owners.followed() {
        let row = shown(core, &partition)?;
        let state = if row.state == PartitionState::Halted { row.state } else { PartitionState::Following };
        rows.push(PartitionStatus { state, ..row });
    }
    for (partition, why) in owners.unopened() {
        let remedy = Some("Run `ledgerline doctor`; it is tried again.".to_owned());
        let reason = Some(format!("its store can't be opened: {why}"));
        let row = PartitionStatus::unknown(partition, String::new(), owner(core));
        rows.push(PartitionStatus { state: PartitionState::Halted, reason, remedy, ..row });
    }
    rows.sort_by_key(|row| row.partition);
    Ok(rows)
}

fn owner(core: &Core) -> Option<String> {
    core.config.kafka.is_configured().then(|| core.url())
}

fn shown(core: &Core, partition: &Partition) -> Result<PartitionStatus, ReadError> {
    let status = partition.status();
    let lag = status.end_offset.saturating_sub(status.next_offset);
    let incarnation = ledger::leaf::Hex(core.desk.homes.at(partition.number).incarnation).to_string();
    let position = status.next_offset.checked_sub(1).map(|offset| Position {
        incarnation,
        partition: partition.number,
        offset,
        ordinal: None,
    });
    let log_time = (status.time_ns > 0).then_some(Time(status.time_ns));
    let at_rest = matches!(status.state, State::Halted { .. } | State::Stopped);
    let Standing { mut state, mut reason, mut remedy, .. } = Standing::of(status);
    if let Some(trouble) = core.log.trouble().filter(|_| !at_rest) {
        state = PartitionState::Halted;
        (reason, remedy) = (Some(trouble.to_string()), Some(remedy_of(&trouble).to_owned()));
    }
    Ok(PartitionStatus {
        partition: partition.number,
        owner: owner(core),
        state,
        lag,
        position,
        log_time,
        reason,
        remedy,
        store_bytes: partition.store.sizes().iter().map(|size| size.bytes).sum(),
        underived: count(&partition.store, Table::Faults)?,
        witnesses: witnesses(core, partition.number),
        snapshot_at: core.newest_snapshot(partition.number).map(|newest| Time(newest.written_at_ns)),
    })
}

fn witnesses(core: &Core, partition: u32) -> Vec<WitnessTrouble> {
    let told = core.cosigning.troubles(partition).into_iter();
    told.map(|one| WitnessTrouble { witness: one.witness, since: Time(one.since_ns), reason: one.why }).collect()
}

fn count(store: &Store, table: Table) -> Result<u64, ReadError> {
    let mut count = 0;
    let scanned = store.scan(Scan::prefix(table, &[]), &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    });
    scanned.map_err(broken)?;
    Ok(count)
}

/// Fit for traffic: it is known what falls to this process, every partition of it keeps up, and nothing gave up.
pub(super) fn readiness(core: &Core) -> Readiness {
    let mut reasons: Vec<ReadinessReason> = core
        .stopped()
        .into_iter()
        .map(|reason| because("server", reason, Some("restart it, then `ledgerline doctor`")))
        .collect();
    let Some(owners) = core.owners() else {
        reasons.push(because("server", "it is starting or stopping".to_owned(), None));
        return Readiness { ready: false, reasons };
    };
    if let Some(trouble) = core.log.trouble() {
        reasons.push(because("log", trouble.to_string(), Some(remedy_of(&trouble))));
    }
    if !owners.is_settled() {
        let reason = "the group has not yet said which partitions are this process's";
        reasons.push(because("group", reason.to_owned(), None));
    }
    if core.config.kafka.is_configured() && !core.peers.is_caught_up() {
        let reason = "it is still reading who owns which partition";
        reasons.push(because("group", reason.to_owned(), None));
    }
    for partition in owners.opening() {
        reasons.push(because(&part(partition), "its store is being opened".to_owned(), None));
    }
    for (partition, why) in owners.unopened() {
        reasons.push(because(&part(partition), why, Some("ledgerline doctor")));
    }
    // What stops the signing alone is told, and no reason to stay away: events are taken and questions answered.
    let mut warnings = core.key_faults();
    for partition in owners.all() {
        let Standing { reason: told, remedy, ready, .. } = Standing::of(partition.status());
        let reason = |reason| ReadinessReason { part: part(partition.number), reason, remedy };
        match told {
            told if !ready => reasons.push(reason(told.unwrap_or_default())),
            Some(told) => warnings.push(reason(told)),
            None => {}
        }
    }
    // One that is followed has no publisher, which would say that it agrees with what was published.
    for partition in owners.followed() {
        let Standing { reason, remedy, .. } = Standing::of(partition.status());
        if !partition.is_current() {
            reasons.push(ReadinessReason { part: part(partition.number), reason: reason.unwrap_or_default(), remedy });
        }
    }
    let ready = reasons.is_empty();
    reasons.extend(warnings);
    Readiness { ready, reasons }
}

fn remedy_of(trouble: &LogError) -> &'static str {
    if trouble.is_retry() {
        "make space on the disk; it goes on by itself"
    } else {
        "mend the disk, then start it again"
    }
}

fn part(partition: u32) -> String {
    format!("partition {partition}")
}

fn because(part: &str, reason: String, remedy: Option<&str>) -> ReadinessReason {
    ReadinessReason { part: part.to_owned(), reason, remedy: remedy.map(str::to_owned) }
}
