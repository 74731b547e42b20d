//! Records that are not ours, not to be trusted, or can't be applied: each becomes a leaf, none stops the stream.

use ledger::Tenant;
use ledger::leaf::{Foreign, Hex, Label, Refused, Unappliable, record_digest};
use lineage::frame::{Refusal, VERSION};

use super::{Halt, Recorder, Turn, position};

impl Recorder {
    /// A record that our intake did not write here: a leaf of the partition's own tree.
    pub(super) fn outside(&mut self, turn: &mut Turn<'_, '_>, refusal: Option<Refusal>) -> Result<(), Halt> {
        match refusal {
            Some(refusal) => self.outside_reason(turn, refusal.code()),
            None => self.leave(turn, None),
        }
    }

    /// The same, refused for a reason that the frame can't see.
    pub(super) fn outside_reason(&mut self, turn: &mut Turn<'_, '_>, reason: &'static str) -> Result<(), Halt> {
        self.leave(turn, Some(reason))
    }

    fn leave(&mut self, turn: &mut Turn<'_, '_>, reason: Option<&'static str>) -> Result<(), Halt> {
        let own = Tenant::partition(self.meta.partition);
        let Some(book) = self.books.get_mut(own.as_str()) else {
            // Nothing can be recorded before the genesis record begins the tree.
            self.meta.before_genesis += 1;
            return Ok(());
        };
        let (key, value) = (turn.record.key.as_deref(), turn.record.value.as_deref());
        let detail = match reason {
            None => {
                turn.applied.foreign += 1;
                Foreign::of(key, value, &book.identity).into()
            }
            Some(reason) => {
                turn.applied.refused += 1;
                let claimed = |at: usize| value.and_then(|value| value.get(at..at + 4));
                Refused {
                    reason: Label::parse(reason).expect("reasons are kebab-case constants"),
                    envelope_version: value
                        .and_then(|value| Some(u32::from(u16::from_be_bytes(value.get(4..6)?.try_into().ok()?)))),
                    intake_key: claimed(6).map(|id| Hex(id.try_into().expect("four bytes were taken"))),
                    value_bytes: value.map_or(0, |value| value.len() as u64),
                    digest: record_digest(key, value, &book.identity),
                }
                .into()
            }
        };
        let position = position(&self.meta, turn.record);
        let leaf = book.append(&mut turn.batch, position, self.meta.time_ns, detail, None);
        reason.map_or(Ok(()), |reason| self.refusal(turn, reason, leaf))
    }

    /// A record of ours that can't be applied.
    pub(super) fn unappliable(
        &mut self,
        turn: &mut Turn<'_, '_>,
        reason: &'static str,
        event_id: Option<[u8; 32]>,
    ) -> Result<(), Halt> {
        let own = Tenant::partition(self.meta.partition);
        let position = position(&self.meta, turn.record);
        let (key, value) = (turn.record.key.as_deref(), turn.record.value.as_deref().unwrap_or_default());
        let Some(book) = self.books.get_mut(own.as_str()) else { return Ok(()) };
        let sealed_by = value.get(6..10).and_then(|id| id.try_into().ok()).unwrap_or_default();
        let detail = Unappliable {
            reason: Label::parse(reason).expect("reasons are kebab-case constants"),
            envelope_version: u32::from(VERSION),
            intake_key: Hex(sealed_by),
            event_id: event_id.map(Hex),
            value_bytes: value.len() as u64,
            digest: record_digest(key, Some(value), &book.identity),
        };
        turn.applied.unappliable += 1;
        book.append(&mut turn.batch, position, self.meta.time_ns, detail.into(), None);
        Ok(())
    }
}
