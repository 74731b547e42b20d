//! The keys of ledgers, and what became of orders about them.

use ledger::key::{BookKey, KeyState};
use ledger::leaf::{Detail, Outcome};
use ledger::{LedgerName, Origin, Tenant};
use store::tables::{self, KeyRow, LeafKey, Meta, TenantRow};
use store::{Read as _, Table};

use super::scope::{Scope, broken};
use crate::http::ReadError;
use crate::http::model::{KeyOrderOutcome, LedgerKey, LedgerKeyState, Time, TreeKeys};
use crate::keyring::key_book;
use crate::serve::Core;

/// Trees of one answer: more than a partition has tenants.
const TREES_MAX: usize = 10_000;

pub(super) fn trees(core: &Core, scope: &Scope, tenant: &str) -> Result<Vec<TreeKeys>, ReadError> {
    let unknown = || ReadError::NotFound { what: format!("tenant {tenant}") };
    let name = Tenant::parse_recorded(tenant).map_err(|_| unknown())?;
    let meta = tables::get::<Meta>(scope.store(), &[]).map_err(broken)?.ok_or_else(unknown)?;
    let ledger = LedgerName::parse(&meta.ledger_name).map_err(|_| unknown())?;
    let mut tenants = tables::tenants(scope.store()).map_err(broken)?;
    if name.as_partition().is_none() {
        tenants.retain(|(known, _)| known == tenant);
    }
    if tenants.is_empty() {
        return Err(unknown());
    }
    tenants.truncate(TREES_MAX);
    tenants.iter().map(|(tenant, row)| tree(core, scope, &ledger, tenant, row)).collect()
}

fn tree(core: &Core, scope: &Scope, ledger: &LedgerName, tenant: &str, row: &TenantRow) -> Result<TreeKeys, ReadError> {
    let name = Tenant::parse_recorded(tenant).map_err(|error| ReadError::Internal(error.to_string()))?;
    let origin = Origin::new(ledger, &name);
    let book = key_book(scope.store(), origin.clone(), row).map_err(broken)?;
    let rows = tables::keys(scope.store(), row.number).map_err(broken)?;
    let shown = |(key, row): (&BookKey, &KeyRow)| LedgerKey {
        id: key.verifier.id().to_string(),
        verifier: key.verifier.to_text(),
        purpose: "checkpoint".to_owned(),
        state: match key.state() {
            KeyState::Active => LedgerKeyState::Active,
            KeyState::Overlap => LedgerKeyState::Overlap,
            KeyState::Retired => LedgerKeyState::Retired,
            KeyState::Revoked => LedgerKeyState::Revoked,
        },
        provider: core.desk.keyring.provider(&key.verifier),
        own: core.desk.keyring.is_own(&key.verifier, &origin),
        from_size: key.from_size,
        enrolled_at: (row.enrolled_ns > 0).then_some(Time(row.enrolled_ns)),
        retires_at: row.retires_ns.filter(|_| key.state() == KeyState::Overlap).map(Time),
        retired_from: key.retired_from,
        revoked_at: key.revoked_at,
        signed: row.signed.count,
        signed_last_size: (row.signed.count > 0).then_some(row.signed.last_size),
    };
    Ok(TreeKeys {
        tenant: tenant.to_owned(),
        origin: origin.to_string(),
        root_key: book.root().to_text(),
        keys: book.keys().iter().zip(&rows).map(shown).collect(),
    })
}

pub(super) fn outcome(scope: &Scope, order: &[u8; 16]) -> Result<KeyOrderOutcome, ReadError> {
    let missing = || ReadError::NotFound { what: format!("an outcome of order {}", ledger::leaf::Hex(*order)) };
    let row = scope.store().get(Table::Controls, order).map_err(broken)?.ok_or_else(missing)?;
    let index = row.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| missing())?;
    let leaf = tables::leaf_at(scope.store(), LeafKey { tenant: scope.number, index }).map_err(broken)?;
    let leaf = leaf.as_deref().and_then(|leaf| ledger::leaf::decode(leaf).ok()).ok_or_else(missing)?;
    let outcome = match leaf.detail {
        Detail::KeyOperation(operation) if operation.idempotency_key.0 == *order => operation.outcome,
        Detail::Control(control) if control.idempotency_key.0 == *order => control.outcome,
        // Another tenant's order.
        _ => return Err(missing()),
    };
    let refused = match outcome {
        Outcome::Applied => None,
        Outcome::Refused(reason) => Some(reason.as_str().to_owned()),
    };
    Ok(KeyOrderOutcome { leaf: index, refused })
}
