//! The signing of a checkpoint: by every key that its tree has for it and that this process holds. Never by a revoked one, and
//! never by none: what no key is here for waits.

use ledger::checkpoint::Checkpoint;
use ledger::key::{KeyBook, SignError, Signer};
use ledger::{LedgerName, Tenant};

use super::{PublishError, Publisher};
use crate::keyring::key_book_of;
use crate::recorder::Halt;

impl Publisher {
    /// The signed note, as text. `None` where the tree has no key that may sign: there is nothing to wait for, and a later
    /// checkpoint covers what this one would have.
    pub(super) fn signed(&self, checkpoint: &Checkpoint) -> Result<Option<String>, PublishError> {
        let origin = &checkpoint.origin;
        let Some(book) = self.book(&origin.ledger(), origin.tenant())? else {
            return Err(self.stop(format!("the store has no keys of {origin}")));
        };
        let wanted = book.signers(checkpoint.size);
        if wanted.is_empty() {
            tracing::error!(%origin, size = checkpoint.size, "every key of this ledger is revoked: it is not signed");
            return Ok(None);
        }
        let here = self.keyring.signers_of(&book, checkpoint.size);
        let mut failed = None;
        let mut note = checkpoint.sign(&[]).map_err(|error| self.unsigned(error))?;
        for signer in &here {
            // One key of several is enough; the others sign again when they can.
            if let Err(error) = note.sign(signer) {
                tracing::warn!(%origin, key = %signer.key_id(), %error, "a key did not sign");
                failed = Some(error);
            }
        }
        match (note.signatures().is_empty(), failed) {
            (false, _) => Ok(Some(String::from_utf8(note.to_bytes()).expect("a note is text"))),
            (true, Some(error)) => Err(self.unsigned(error)),
            (true, None) => {
                let ids: Vec<String> = wanted.iter().map(|key| key.verifier.id().to_string()).collect();
                let unreached = self.keyring.unreached();
                let told =
                    unreached.iter().map(|one| format!("; {}: {}", one.provider, one.reason)).collect::<String>();
                Err(PublishError::Recover(format!(
                    "{origin} is signed by key {}, which is not in {}{told}: copy its file there, or see `ledgerline keys list`",
                    ids.join(" or "),
                    self.keyring.folder().display()
                )))
            }
        }
    }

    /// The keys of a tree, as the store has them now.
    pub(super) fn book(&self, ledger: &LedgerName, tenant: &Tenant) -> Result<Option<KeyBook>, PublishError> {
        key_book_of(&self.store, ledger, tenant).map_err(|error| self.broken(error))
    }

    /// What does not answer is asked again; what refuses is not: an HSM locks itself after a few wrong PINs.
    fn unsigned(&self, error: SignError) -> PublishError {
        match error {
            SignError::Unavailable(_) => PublishError::Recover(error.to_string()),
            SignError::Refused(_) => PublishError::Halt(Halt::new(
                self.partition,
                error.to_string(),
                "Mend the place of the key (`ledgerline doctor` names it), then restart.",
            )),
        }
    }
}
