//! The watch over the keys of this process's ledgers: says which are missing here, marks those that were revoked, and rotates on
//! the schedule. Everything that it orders is a record of the log, once whoever orders it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::digest::{Context, digest};
use ledger::key::{KeyOrder, Reason, Signer as _, VerifierKey};
use ledger::leaf::{Hex, KeyAction};

use super::keys::Tree;
use super::{Core, StartError};
use crate::http::model::ReadinessReason;

const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at all keys.
const WATCH: Duration = Duration::from_secs(2);
const DAY_NS: i64 = 86_400_000_000_000;
/// Reasons that are shown at once.
const REASONS_MAX: usize = 16;

const SCHEDULED: Context = Context::new("ledgerline v1 scheduled rotation");

impl Core {
    /// Starts the watch.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn watch_keys(self: &Arc<Self>) -> Result<(), StartError> {
        let core = Arc::clone(self);
        self.spawn("keys", move || {
            let (stop, clock) = (core.stop_flag(), Arc::clone(&core.host.clock));
            let mut due = clock.monotonic();
            while !stop.load(Ordering::Relaxed) {
                if clock.monotonic() >= due {
                    core.look_at_keys();
                    due = clock.monotonic() + WATCH;
                }
                std::thread::sleep(LOOK);
            }
        })
    }

    /// What stands in the way of signing, as of the last look.
    pub(crate) fn key_faults(&self) -> Vec<ReadinessReason> {
        self.key_faults.lock().clone()
    }

    /// One look.
    fn look_at_keys(&self) {
        let trees = self.trees();
        let mut faults: Vec<ReadinessReason> = self
            .desk
            .keyring
            .unreached()
            .into_iter()
            .map(|one| ReadinessReason {
                part: "keys".to_owned(),
                reason: format!("the keys of {} can't be reached: {}", one.provider, one.reason),
                remedy: Some("mend the place or ledger.signer; it is asked again when it is needed".to_owned()),
            })
            .collect();
        for tree in &trees {
            self.mark_revoked(tree);
            faults.extend(self.fault(tree));
            self.rotate_when_due(tree);
        }
        faults.truncate(REASONS_MAX);
        *self.key_faults.lock() = faults;
    }

    /// A key that was revoked in the log signs nothing here any more, in whatever the store may yet say.
    fn mark_revoked(&self, tree: &Tree) {
        for key in tree.book.keys().iter().filter(|key| key.revoked_at.is_some()) {
            if let Err(error) = self.desk.keyring.revoke(&key.verifier) {
                tracing::warn!(%error, key = %key.verifier.id(), "that a key was revoked can't be noted in the key folder");
            }
        }
    }

    /// What is wrong with the keys of a tree here.
    fn fault(&self, tree: &Tree) -> Option<ReadinessReason> {
        let (origin, tenant) = (tree.book.origin(), &tree.tenant);
        let wanted = tree.book.signers(tree.size);
        let missing: Vec<String> = wanted
            .iter()
            .filter(|key| self.desk.keyring.provider(&key.verifier).is_none())
            .map(|key| key.verifier.id().to_string())
            .collect();
        let (reason, remedy) = match () {
            () if wanted.is_empty() => (
                format!("every key of {origin} is revoked: nothing of it is signed"),
                format!("ledgerline --tenant {tenant} keys rotate --root FILE"),
            ),
            () if missing.len() == wanted.len() => (
                format!("no key that signs {origin} is here (it is {})", missing.join(" or ")),
                format!(
                    "copy its file into {}, or see `ledgerline --tenant {tenant} keys list`",
                    self.desk.keyring.folder().display()
                ),
            ),
            () if !missing.is_empty() => (
                format!("of the keys that sign {origin}, {} is not here; the others sign", missing.join(" and ")),
                format!("copy its file into {} before the others retire", self.desk.keyring.folder().display()),
            ),
            () => return None,
        };
        Some(ReadinessReason { part: format!("keys of {tenant}"), reason, remedy: Some(remedy) })
    }

    /// Rotates a key that has signed as long as it may.
    fn rotate_when_due(&self, tree: &Tree) {
        let every_ns = i64::from(self.config.ledger.rotate_every_days).saturating_mul(DAY_NS);
        let Some((key, row)) = tree.active().filter(|_| every_ns > 0) else { return };
        let age_ns = tree.time_ns.saturating_sub(row.enrolled_ns);
        if tree.time_ns <= 0 || age_ns < every_ns {
            return;
        }
        // Of the key and of how often it was due: whoever writes it, the recorder carries it out once.
        let period = (age_ns / every_ns).to_be_bytes();
        let full = digest(SCHEDULED, &[key.verifier.to_text().as_bytes(), &period]);
        let mut order_key = [0; 16];
        order_key.copy_from_slice(&full[..16]);
        if self.is_ordered(tree, &order_key) {
            return;
        }
        if let Err(what) = self.rotate(tree, Hex(order_key)) {
            tracing::error!(origin = %tree.book.origin(), what, "a scheduled rotation failed; it is tried again");
        }
    }

    fn is_ordered(&self, tree: &Tree, order_key: &[u8; 16]) -> bool {
        use store::Read as _;
        let partition = self.owners().and_then(|owners| owners.get(tree.partition));
        partition.is_none_or(|partition| {
            partition.store.get(store::Table::Controls, order_key).map_or(true, |row| row.is_some())
        })
    }

    fn rotate(&self, tree: &Tree, order: Hex<16>) -> Result<(), String> {
        let (origin, told) = (tree.book.origin(), |error: &dyn std::fmt::Display| error.to_string());
        let Some((replaced, _)) = tree.active() else { return Ok(()) };
        let is_known = |key: &VerifierKey| tree.book.keys().iter().any(|known| known.verifier == *key);
        // The newest that is here and not taken up yet: another process, or an earlier try, may have made it.
        let newest = self.next_key(origin, false, false).map_err(|error| told(&error))?;
        let next = match is_known(newest.verifier()) {
            false => newest,
            true => {
                let own = self.desk.keyring.is_own(newest.verifier(), origin);
                self.next_key(origin, true, own).map_err(|error| told(&error))?
            }
        };
        let overlap = self.config.ledger.rotate_overlap_hours.saturating_mul(3_600);
        let order = KeyOrder {
            origin: origin.clone(),
            action: KeyAction::Rotate,
            key: next.verifier().clone(),
            replaces: Some(replaced.verifier.id()),
            overlap_seconds: Some(overlap.min(KeyOrder::OVERLAP_SECONDS_MAX)),
            reason: Some(Reason::parse("scheduled").expect("a short word")),
            order,
        };
        let mut note = order.note();
        self.sign_order(&order, &mut note).map_err(|error| format!("{error:?}"))?;
        if !note.signatures().iter().any(|line| line.id() == replaced.verifier.id()) {
            return Err(format!("the key that signs now ({}) is not here", replaced.verifier.id()));
        }
        let pending = self.order_key(&tree.tenant, "schedule", order.order.0, &note.to_bytes())?;
        pending.wait().map_err(|error| error.what)?;
        tracing::info!(%origin, replaced = %replaced.verifier.id(), key = %next.key_id(), "a rotation was ordered on schedule");
        Ok(())
    }
}
