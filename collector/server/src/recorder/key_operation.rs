//! Control records about the keys of a tree: judged by the tree's book of keys, recorded whether they took effect or not.
//! Believes the signatures within the note and no others, so that a revocation needs nothing but the root key.

use ledger::commitment::Opening;
use ledger::key::KeyOrder;
use ledger::leaf::{Hex, KeyOperation, KeyPurpose, Label, Outcome, Signatures};
use ledger::note::Note;
use lineage::envelope::{Control, Envelope};
use store::Table;
use store::tables::Beside;

use super::{Halt, Recorder, Turn, position};

/// The control record whose content is a signed note about a key (`docs/ledger-format.md`, "Key operations").
pub const KEY_OPERATION: &str = "key-operation";

/// A content that can be read.
pub(super) struct KeyContent {
    order: KeyOrder,
    note: Note,
}

impl KeyContent {
    /// Reads it; `None` where the record is another or its content is no order about a key.
    pub fn read(control: &Control<'_>) -> Option<Self> {
        let note = Note::from_bytes(control.content).ok().filter(|_| control.name == KEY_OPERATION)?;
        Some(Self { order: KeyOrder::from_note(&note).ok()?, note })
    }
}

impl Recorder {
    /// Judges an order for a tree that has begun here, carries it out or not, and records which.
    pub(super) fn key_operation(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        control: &Control<'_>,
        key: &[u8; 16],
        KeyContent { order, note }: &KeyContent,
    ) -> Result<(), Halt> {
        let (position, time_ns) = (position(&self.meta, turn.record), self.meta.time_ns);
        let Some(book) = self.books.get_mut(envelope.tenant) else { return Ok(()) };
        let index = book.row.size;
        let judged = book.keys.book().judge(order, note, &Hex(*key));
        let expected = control.expected_size.is_none_or(|expected| u64::try_from(expected) == Ok(index));
        let refused = |code: &str| Outcome::Refused(Label::parse(code).expect("reasons are kebab-case constants"));
        let outcome = match judged.verdict {
            Ok(()) if expected => Outcome::Applied,
            Ok(()) => refused("ledger-has-another-size"),
            Err(refusal) => refused(refusal.code()),
        };
        let opening = Opening::of_control(&book.identity, key, control.content);
        let detail = KeyOperation {
            action: order.action,
            purpose: KeyPurpose::Checkpoint,
            key_name: Some(order.key.name().clone()),
            key_id: order.key.id(),
            public_key: Some(Hex(*order.key.public_bytes())),
            replaces: order.replaces,
            effective_size: index + 1,
            artefacts: book.keys.artefacts(order),
            idempotency_key: Hex(*key),
            commitment: opening.commit(control.content),
            received_at_ns: envelope.received_at_ns,
            principal: envelope.principal.map(|principal| book.identity.pseudonym(principal)),
            signatures: Signatures::collect(judged.checks),
            outcome: outcome.clone(),
        };
        let could_sign = book.keys.can_sign();
        match outcome {
            Outcome::Applied => {
                turn.applied.controls += 1;
                // Before the first tick the log has no time of its own.
                let at_ns = if time_ns > 0 { time_ns } else { envelope.received_at_ns };
                book.keys.carry_out(order, note, index, at_ns);
            }
            Outcome::Refused(_) => turn.applied.controls_refused += 1,
        }
        let beside = Beside { event_id: None, opening: opening.as_bytes(), body: control.content };
        book.append(&mut turn.batch, position, time_ns, detail.into(), Some(beside));
        turn.batch.put(Table::Controls, key, index.to_be_bytes());
        let can_sign = book.keys.can_sign();
        match judged.verdict {
            Err(refusal) if refusal.is_for_authority() => self.key_refused(turn, envelope.tenant, refusal, index),
            Ok(()) if could_sign && !can_sign => self.key_missing(turn, envelope.tenant, index),
            Ok(()) if can_sign && !could_sign => self.key_back(turn, envelope.tenant),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
