//! `status`, readiness and the newest checkpoint.

use std::ops::ControlFlow;

use ledger::{LedgerName, Origin, Tenant};
use lineage::row::key::Index;
use lineage::row::{self, Read as _, Visit};
use store::tables::{self, CheckpointRow, TenantRow};
use store::{Read as _, Scan, Store, Table};

use super::scope::{Scope, broken};
use crate::http::ReadError;
use crate::http::model::{
    Checkpoint, PartitionState, PartitionStatus, Position, Readiness, ReadinessReason, Status, Time,
};
use crate::log::LogError;
use crate::serve::Core;
use crate::worker::{Partition, State};

/// Records behind the log's end from which on a partition counts as lagging.
const LAG_MAX: u64 = 100_000;
/// Rows that one question counts of one kind: some tens of milliseconds.
const COUNT_MAX: u64 = 100_000;

pub(super) fn status(core: &Core, scope: &Scope, tenant: &str) -> Result<Status, ReadError> {
    let mut at_least = Vec::new();
    let mut counted = |what: &str, table, start: &[u8]| -> Result<u64, ReadError> {
        let (count, is_all) = counted(scope, table, start)?;
        at_least.extend((!is_all).then(|| what.to_owned()));
        Ok(count)
    };
    let datasets = counted("datasets", row::Table::Name, &[Index::DatasetNamespace as u8])?;
    let jobs = counted("jobs", row::Table::Name, &[Index::JobNamespace as u8])?;
    let runs = counted("runs", row::Table::Run, &[])?;
    let alerts_firing = counted("alerts_firing", row::Table::OpenAlert, &[])?;
    let row = tables::get::<TenantRow>(scope.store(), tenant.as_bytes()).map_err(broken)?;
    let row = row.ok_or_else(|| unknown(scope, tenant))?;
    let partitions = core.owners().map(|owners| owners.all()).unwrap_or_default();
    Ok(Status {
        version: crate::intake::VERSION.to_owned(),
        log: if core.config.kafka.is_configured() { "kafka" } else { "embedded" }.to_owned(),
        tenant: tenant.to_owned(),
        leaves: scope.size,
        recorded: row.recorded,
        duplicates: row.duplicates,
        rejected: row.rejected,
        datasets,
        jobs,
        runs,
        alerts_firing,
        at_least,
        checkpoint_size: newest(scope, tenant)?.map(|row| row.size),
        partitions: partitions.iter().map(|partition| shown(core, partition)).collect::<Result<_, _>>()?,
    })
}

/// A tenant without a row: none has begun here, unless its genesis is still to be applied.
fn unknown(scope: &Scope, tenant: &str) -> ReadError {
    match scope.partition.status().state {
        State::Starting | State::CatchingUp => {
            let reason = format!("the partition of tenant {tenant} is still applying what it found; ask again");
            ReadError::Unavailable { reason }
        }
        State::Running | State::Halted { .. } | State::Stopped => {
            ReadError::NotFound { what: format!("tenant {tenant}") }
        }
    }
}

/// Rows of a table that begin so, and whether these are all of them: counting ends at [`COUNT_MAX`].
fn counted(scope: &Scope, table: row::Table, start: &[u8]) -> Result<(u64, bool), ReadError> {
    let mut count = 0;
    let scanned = scope.graph().scan(table, start, start, &mut |_, _| {
        count += 1;
        if count <= COUNT_MAX { Visit::Next } else { Visit::Stop }
    });
    scanned.map_err(broken)?;
    Ok((count.min(COUNT_MAX), count <= COUNT_MAX))
}

fn count(store: &Store, table: Table, prefix: &[u8]) -> Result<u64, ReadError> {
    let mut count = 0;
    let scanned = store.scan(Scan::prefix(table, prefix), &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    });
    scanned.map_err(broken)?;
    Ok(count)
}

fn shown(core: &Core, partition: &Partition) -> Result<PartitionStatus, ReadError> {
    let status = partition.status();
    let lag = status.end_offset.saturating_sub(status.next_offset);
    let (state, reason, remedy) = match (status.state, core.log.trouble()) {
        (State::Halted { reason, remedy }, _) => (PartitionState::Halted, Some(reason), Some(remedy)),
        (State::Stopped, _) => (PartitionState::Halted, Some("the process is stopping".to_owned()), None),
        (_, Some(trouble)) => (PartitionState::Halted, Some(trouble.to_string()), Some(remedy_of(&trouble).to_owned())),
        (State::Starting | State::CatchingUp, None) => (PartitionState::Starting, None, None),
        (State::Running, None) if lag > LAG_MAX => (PartitionState::Lagging, None, None),
        (State::Running, None) => (PartitionState::Running, status.unpublished, None),
    };
    let incarnation = ledger::leaf::Hex(core.desk.homes.at(partition.number).incarnation).to_string();
    let position = status.next_offset.checked_sub(1).map(|offset| Position {
        incarnation,
        partition: partition.number,
        offset,
        ordinal: None,
    });
    Ok(PartitionStatus {
        partition: partition.number,
        state,
        lag,
        position,
        log_time: (status.time_ns > 0).then_some(Time(status.time_ns)),
        reason,
        remedy,
        store_bytes: partition.store.sizes().iter().map(|size| size.bytes).sum(),
        underived: count(&partition.store, Table::Faults, &[])?,
    })
}

/// Fit for traffic: every partition of this process keeps up, and nothing gave up.
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
    for (partition, why) in owners.unopened() {
        reasons.push(because(&format!("partition {partition}"), why, Some("ledgerline doctor")));
    }
    for partition in owners.all() {
        let (part, status) = (format!("partition {}", partition.number), partition.status());
        let lag = status.end_offset.saturating_sub(status.next_offset);
        match status.state {
            State::Running if lag > LAG_MAX => {
                reasons.push(because(&part, format!("it is {lag} records behind"), None))
            }
            State::Running => {}
            State::Starting | State::CatchingUp => reasons.push(because(&part, "it is catching up".to_owned(), None)),
            State::Stopped => reasons.push(because(&part, "it is stopping".to_owned(), None)),
            State::Halted { reason, remedy } => {
                reasons.push(ReadinessReason { part, reason, remedy: Some(remedy) });
            }
        }
    }
    Readiness { ready: reasons.is_empty(), reasons }
}

fn remedy_of(trouble: &LogError) -> &'static str {
    if trouble.is_retry() {
        "make space on the disk; it goes on by itself"
    } else {
        "mend the disk, then start it again"
    }
}

fn because(part: &str, reason: String, remedy: Option<&str>) -> ReadinessReason {
    ReadinessReason { part: part.to_owned(), reason, remedy: remedy.map(str::to_owned) }
}

fn newest(scope: &Scope, tenant: &str) -> Result<Option<CheckpointRow>, ReadError> {
    tables::get::<CheckpointRow>(scope.store(), tenant.as_bytes()).map_err(broken)
}

pub(super) fn checkpoint(core: &Core, scope: &Scope, tenant: &str) -> Result<Checkpoint, ReadError> {
    let missing = || ReadError::NotFound { what: format!("a published checkpoint of {tenant}") };
    let row = newest(scope, tenant)?.ok_or_else(missing)?;
    let internal = |what: &str| ReadError::Internal(what.to_owned());
    let name = LedgerName::parse(&core.config.ledger.name).map_err(|_| internal("the ledger's name does not parse"))?;
    let origin = Origin::new(&name, &Tenant::parse_recorded(tenant).map_err(|_| missing())?);
    let root = row.note.lines().nth(2).ok_or_else(|| internal("a stored checkpoint has no root"))?.to_owned();
    let verifiers = vec![core.desk.keyring.signer(&origin).verifier().to_text()];
    Ok(Checkpoint { origin: origin.as_str().to_owned(), size: row.size, root, note: row.note, verifiers })
}
