//! The keys of a tree as a store keeps them. Owns the way between its rows and the book of keys that they are.

use ledger::key::{BookKey, KeyBook, KeyName, VerifierKey};
use ledger::{LedgerName, Origin, Tenant};
use store::tables::{self, KeyRow, TenantRow};
use store::{Read, StoreError, Table};

/// The keys of a tree, as a store has them now.
///
/// # Errors
/// When the store fails, or holds what no build wrote.
pub fn key_book(state: &impl Read, origin: Origin, row: &TenantRow) -> Result<KeyBook, StoreError> {
    restored(origin, &row.root_key, &tables::keys(state, row.number)?)
}

/// The keys of a tree by its tenant's name; `None` where the store has no such tenant.
///
/// # Errors
/// As [`key_book`].
pub fn key_book_of(state: &impl Read, ledger: &LedgerName, tenant: &Tenant) -> Result<Option<KeyBook>, StoreError> {
    let row = tables::get::<TenantRow>(state, tenant.as_str().as_bytes())?;
    row.map(|row| key_book(state, Origin::new(ledger, tenant), &row)).transpose()
}

/// A book out of its rows. The root key goes by the tree's name, whichever it was begun with.
pub(crate) fn restored(origin: Origin, root: &str, rows: &[KeyRow]) -> Result<KeyBook, StoreError> {
    let undecodable = || tables::undecodable(Table::Keys);
    let key = |text: &str| VerifierKey::from_text(text).map_err(|_| undecodable());
    let root = VerifierKey::from_ed25519(KeyName::of_root(&origin), key(root)?.public_bytes());
    let kept = |row: &KeyRow| {
        Ok(BookKey {
            verifier: key(&row.verifier)?,
            from_size: row.from_size,
            replaced_at: row.replaced_at,
            retired_from: row.retired_from,
            revoked_at: row.revoked_at,
            enrolled_by: row.enrolled_by.iter().map(|text| key(text)).collect::<Result<_, _>>()?,
        })
    };
    let keys = rows.iter().map(kept).collect::<Result<_, StoreError>>()?;
    Ok(KeyBook::restore(origin, root.map_err(|_| undecodable())?, keys))
}
