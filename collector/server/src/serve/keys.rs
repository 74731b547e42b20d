//! The keys that this process holds, as the API uses them: which would be next, and signatures of orders about them.
//! Signs no text that is not an order about a key of the caller's tree, and no order with a key that it is not about.

use std::sync::Arc;

use ledger::key::{KeyOrder, KeyState, Signer as _};
use ledger::leaf::KeyAction;
use ledger::note::Note;
use ledger::{LedgerName, Origin, Tenant};

use super::Core;
use crate::http::model::NextKey;
use crate::http::{Answering, Keys, NoKey};
use crate::keyring::{KeyringError, NamedSigner, key_book_of};

/// Uses the keys of a core.
pub(super) struct HeldKeys(pub Arc<Core>);

impl Keys for HeldKeys {
    fn next(&self, tenant: String, make: bool, own: bool) -> Answering<Result<NextKey, NoKey>> {
        let core = Arc::clone(&self.0);
        on_thread(move || {
            let origin = origin(&core, &tenant)?;
            let next = core.next_key(&origin, make, own).map_err(|error| unavailable(&error))?;
            let provider = core.desk.keyring.provider(next.verifier()).unwrap_or_default();
            Ok(NextKey { verifier: next.verifier().to_text(), provider })
        })
    }

    fn sign(&self, tenant: String, note: String) -> Answering<Result<String, NoKey>> {
        let core = Arc::clone(&self.0);
        on_thread(move || {
            let malformed = |reason: String| NoKey::Malformed { reason };
            let (order, mut note) =
                KeyOrder::read_draft(note.as_bytes()).map_err(|fault| malformed(fault.to_string()))?;
            let origin = origin(&core, &tenant)?;
            if order.origin != origin {
                return Err(malformed(format!("it is about {}, and the caller speaks for {origin}", order.origin)));
            }
            core.sign_order(&order, &mut note)?;
            Ok(String::from_utf8(note.to_bytes()).expect("a note is text"))
        })
    }
}

impl Core {
    /// The newest key that is here for a tree; a new file where that is ordered, or where there is none.
    pub(super) fn next_key(&self, origin: &Origin, make: bool, own: bool) -> Result<NamedSigner, KeyringError> {
        let keyring = &self.desk.keyring;
        if !make {
            keyring.refresh()?;
            match keyring.signer(origin) {
                // None is here that was not revoked: the next one is still to be made.
                Err(KeyringError::Missing { .. }) => {}
                found => return found,
            }
        }
        let mut seed = [0; 32];
        self.host.random.fill(&mut seed);
        let made = keyring.make(origin, own, seed)?;
        tracing::info!(%origin, key = %made.key_id(), own, "a key was made");
        Ok(made)
    }

    /// Signs an order with the key that it replaces and with the key that it takes up, as far as they are here. Revocations
    /// and recoveries are the root key's alone.
    pub(super) fn sign_order(&self, order: &KeyOrder, note: &mut Note) -> Result<(), NoKey> {
        let keyring = &self.desk.keyring;
        keyring.refresh().map_err(|error| unavailable(&error))?;
        let signs = |key: &NamedSigner| match order.action {
            KeyAction::Rotate | KeyAction::Enrol => {
                key.verifier() == &order.key || order.replaces == Some(key.key_id())
            }
            KeyAction::Retire => key.verifier() == &order.key,
            KeyAction::Revoke | KeyAction::Recover | KeyAction::Destroy => false,
        };
        for key in keyring.all(&order.origin).iter().filter(|key| signs(key)) {
            note.sign(key).map_err(|error| unavailable(&error))?;
        }
        Ok(())
    }

    /// The keys of trees of this process's partitions, with the time of their log.
    pub(super) fn trees(&self) -> Vec<Tree> {
        let Ok(ledger) = LedgerName::parse(&self.config.ledger.name) else { return Vec::new() };
        let mut trees = Vec::new();
        for partition in self.owners().map(|owners| owners.all()).unwrap_or_default() {
            let time_ns = partition.status().time_ns;
            let Ok(tenants) = store::tables::tenants(&partition.store) else { continue };
            for (name, row) in tenants {
                let Ok(tenant) = Tenant::parse_recorded(&name) else { continue };
                let book = key_book_of(&partition.store, &ledger, &tenant);
                let rows = store::tables::keys(&partition.store, row.number);
                if let (Ok(Some(book)), Ok(rows)) = (book, rows) {
                    trees.push(Tree { tenant, size: row.size, book, rows, time_ns, partition: partition.number });
                }
            }
        }
        trees
    }
}

/// A tree's keys, as this process's store has them.
pub(super) struct Tree {
    pub tenant: Tenant,
    pub size: u64,
    pub book: ledger::key::KeyBook,
    pub rows: Vec<store::tables::KeyRow>,
    /// Time of the log, ns UTC.
    pub time_ns: i64,
    pub partition: u32,
}

impl Tree {
    /// The key that signs and that nothing has replaced, with its row; the newest of several.
    pub fn active(&self) -> Option<(&ledger::key::BookKey, &store::tables::KeyRow)> {
        let mut keys = self.book.keys().iter().zip(&self.rows);
        keys.rfind(|(key, _)| key.state() == KeyState::Active)
    }
}

fn origin(core: &Core, tenant: &str) -> Result<Origin, NoKey> {
    let ledger = LedgerName::parse(&core.config.ledger.name).map_err(|error| unavailable(&error))?;
    let tenant = Tenant::parse_recorded(tenant).map_err(|error| NoKey::Malformed { reason: error.to_string() })?;
    Ok(Origin::new(&ledger, &tenant))
}

/// Files, an HSM or Vault may keep whoever asks waiting.
fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NoKey> + Send + 'static,
) -> Answering<Result<T, NoKey>> {
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|_| Err(NoKey::Unavailable { reason: "it failed; see the server's log".to_owned() }))
    })
}

fn unavailable(error: &dyn std::fmt::Display) -> NoKey {
    NoKey::Unavailable { reason: error.to_string() }
}
