//! `status` and the newest checkpoint.

use ledger::{LedgerName, Origin, Tenant};
use lineage::row::key::Index;
use lineage::row::{self, Read as _, Visit};
use store::tables::{self, CheckpointRow, TenantRow};

use super::scope::{Scope, broken};
use super::served::served_checkpoint;
use super::standing;
use crate::http::ReadError;
use crate::http::model::{Checkpoint, Status};
use crate::keyring::key_book;
use crate::serve::Core;
use crate::worker::State;

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
        partitions: standing::partitions(core)?,
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

fn newest(scope: &Scope, tenant: &str) -> Result<Option<CheckpointRow>, ReadError> {
    tables::get::<CheckpointRow>(scope.store(), tenant.as_bytes()).map_err(broken)
}

pub(super) fn checkpoint(core: &Core, scope: &Scope, tenant: &str) -> Result<Checkpoint, ReadError> {
    let missing = || {
        let published = format!("a published checkpoint of {tenant}");
        let what = match core.config.witness.quorum {
            0 => published,
            quorum => format!("{published} with {quorum} cosignatures"),
        };
        ReadError::NotFound { what }
    };
    let row = served_checkpoint(scope, tenant)?.ok_or_else(missing)?;
    let internal = |what: &str| ReadError::Internal(what.to_owned());
    let name = LedgerName::parse(&core.config.ledger.name).map_err(|_| internal("the ledger's name does not parse"))?;
    let origin = Origin::new(&name, &Tenant::parse_recorded(tenant).map_err(|_| missing())?);
    let root = row.note.lines().nth(2).ok_or_else(|| internal("a stored checkpoint has no root"))?.to_owned();
    let book = tables::get::<TenantRow>(scope.store(), tenant.as_bytes()).map_err(broken)?;
    let book = book.map(|row| key_book(scope.store(), origin.clone(), &row)).transpose().map_err(broken)?;
    let keys = book.iter().flat_map(|book| book.keys()).filter(|key| key.revoked_at.is_none());
    let verifiers = keys.map(|key| key.verifier.to_text()).collect();
    Ok(Checkpoint { origin: origin.as_str().to_owned(), size: row.size, root, note: row.note, verifiers })
}
