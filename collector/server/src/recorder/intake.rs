//! What intake says about its sources: how far it is, what it found missing, what it refused.

use ledger::digest;
use lineage::envelope::{Envelope, Progress, Rejections};
use store::tables::{self, PendingRow, ProgressRow, RejectionKey, RejectionRow, SourceKey};
use store::{Read, Table};

use super::coverage::Taken;
use super::{Halt, Recorder, Turn};

/// Rejections of channels without offsets are numbered within the record that reports them.
const ROWS_PER_RECORD_MAX: u64 = 1 << 16;

impl Recorder {
    pub(super) fn progress(&mut self, turn: &mut Turn<'_, '_>, progress: &Progress<'_>) -> Result<(), Halt> {
        let source = SourceKey { topic: progress.topic.to_owned(), partition: progress.partition };
        let offset = |value: i64| u64::try_from(value).ok();
        let Some(next_offset) = offset(progress.next_offset) else {
            return self.unappliable(turn, "negative-source-offset", None);
        };
        let gap = progress.gap.and_then(|gap| Some((offset(gap.first)?, offset(gap.last)?)));
        self.coverage.progress(&source, next_offset, gap);
        let row = ProgressRow { next_offset, caught_up_to_ns: progress.caught_up_to_ns };
        tables::put(&mut turn.batch, &source.bytes(), &row);
        Ok(())
    }

    pub(super) fn rejections(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        rejections: &Rejections<'_>,
    ) -> Result<(), Halt> {
        let failed = |error: store::StoreError| Halt::store(self.meta.partition, &error);
        let source = SourceKey { topic: rejections.topic.to_owned(), partition: rejections.partition };
        let Some(book) = self.books.get(envelope.tenant) else {
            return self.outside_reason(turn, super::refusal::UNKNOWN_TENANT);
        };
        let numbered = rejections.partition < 0;
        if numbered && let Some(key) = envelope.idempotency_key {
            if turn.batch.has(Table::Controls, &key.0).map_err(failed)? {
                turn.applied.duplicates += 1;
                return Ok(());
            }
            turn.batch.put(Table::Controls, &key.0, []);
        }
        let (tenant, identity) = (book.row.number, &book.identity);
        let pending_key = RejectionKey::source_bytes(tenant, &source);
        let mut pending = tables::get::<PendingRow>(&turn.batch, &pending_key).map_err(failed)?.unwrap_or_default();
        let mut fresh = 0;
        for (number, row) in (0..ROWS_PER_RECORD_MAX).zip(&rejections.rows) {
            let offset = match numbered {
                true => turn.record.offset.wrapping_mul(ROWS_PER_RECORD_MAX).wrapping_add(number),
                false => u64::try_from(row.offset).unwrap_or(u64::MAX),
            };
            let key = RejectionKey { tenant, source: source.clone(), offset }.bytes();
            if turn.batch.has(Table::Rejections, &key).map_err(failed)? {
                continue;
            }
            let rejected =
                RejectionRow { code: row.code.to_owned(), path: row.path.to_owned(), at_ns: envelope.received_at_ns };
            tables::put(&mut turn.batch, &key, &rejected);
            add(&mut pending, offset, row.code);
            pending.digest = identity.digest(digest::POSITIONS, &[&pending.digest, &offset.to_be_bytes()]);
            turn.applied.rejected += 1;
            fresh += 1;
            if !numbered {
                self.coverage.count(&source, offset, Taken::Rejected);
            }
        }
        if fresh > 0 {
            tables::put(&mut turn.batch, &pending_key, &pending);
        }
        if let Some(book) = self.books.get_mut(envelope.tenant) {
            (0..fresh).for_each(|_| book.count(Taken::Rejected));
        }
        Ok(())
    }
}

fn add(pending: &mut PendingRow, offset: u64, code: &str) {
    pending.first_offset = if pending.count == 0 { offset } else { pending.first_offset.min(offset) };
    pending.last_offset = pending.last_offset.max(offset);
    pending.count += 1;
    let counted = pending.codes.contains_key(code) || pending.codes.len() < PendingRow::CODES_MAX;
    *pending.codes.entry(if counted { code.to_owned() } else { "other".to_owned() }).or_default() += 1;
}
