//! The alert about the keys of a tree: somebody reached for a key without the right to it (one for a tree, a reason and an hour
//! of the log's time), or no key is left to sign with (until there is one). Owns its words; windows and counting are `refusal`'s.

use ledger::key::{KeyName, KeyRefusal};
use ledger::{LedgerName, Origin, Tenant};
use lineage::alert::{AlertMessage, MessageOccurrence, MessageOccurrenceKind, MessageSubjectKind, rfc3339};
use lineage::rule::Severity;
use store::Table;
use store::tables::{self, RefusalsRow};

use super::alarm::Alarm;
use super::refusal::until_ns;
use super::{Halt, Recorder, Turn};

/// The rule.
pub const LEDGER_KEY: &str = "ledger-key";

/// In place of a refusal's reason: no key is left to sign with.
const NO_KEY: &str = "no-key";

/// The row under which an alert about a tree's keys is counted. Reasons of refused records have no slash.
fn row_key(tenant: &str, reason: &str) -> String {
    format!("{tenant}/{reason}")
}

/// The tree and reason of such a row; `None` where it is one about refused records.
pub(super) fn parts(row_key: &str) -> Option<(&str, &str)> {
    row_key.split_once('/')
}

/// Whether an alert stands until it is over, and not for an hour.
pub(super) fn stands(row_key: &str) -> bool {
    parts(row_key).is_some_and(|(_, reason)| reason == NO_KEY)
}

impl Recorder {
    /// Counts an order that was refused for want of authority, and tells of the first of its hour.
    pub(super) fn key_refused(
        &self,
        turn: &mut Turn<'_, '_>,
        tenant: &str,
        refusal: KeyRefusal,
        leaf: u64,
    ) -> Result<(), Halt> {
        self.count_refusal(turn, &row_key(tenant, refusal.code()), leaf)
    }

    /// The only key that signed a tree is revoked.
    pub(super) fn key_missing(&self, turn: &mut Turn<'_, '_>, tenant: &str, leaf: u64) -> Result<(), Halt> {
        self.count_refusal(turn, &row_key(tenant, NO_KEY), leaf)
    }

    /// A tree has a key again.
    pub(super) fn key_back(&self, turn: &mut Turn<'_, '_>, tenant: &str) -> Result<(), Halt> {
        let key = row_key(tenant, NO_KEY);
        let row = tables::get::<RefusalsRow>(&turn.batch, key.as_bytes());
        let Some(row) = row.map_err(|error| Halt::store(self.meta.partition, &error))? else { return Ok(()) };
        if row.told {
            let mut message = self.key_message(tenant, NO_KEY, &row);
            message.resolve("a key was enrolled, and signs", 1, self.meta.time_ns);
            self.tell(turn, &message, 0);
        }
        turn.batch.delete(Table::Refusals, key.as_bytes());
        Ok(())
    }

    /// The message about a tree's keys, as its row has it.
    pub(super) fn key_message(&self, tenant: &str, reason: &str, row: &RefusalsRow) -> AlertMessage {
        let (from, until) = (rfc3339(row.window_ns), rfc3339(until_ns(row)));
        let mut leaves = vec![(row.first.leaf, row.first.offset)];
        if row.count > 1 {
            leaves.push((row.last.leaf, row.last.offset));
        }
        let standing = reason == NO_KEY;
        let occurrence = match standing {
            true => MessageOccurrence {
                kind: MessageOccurrenceKind::Standing,
                key: format!("{NO_KEY}/{}", row.first.leaf),
                from: None,
                until: None,
            },
            false => MessageOccurrence {
                kind: MessageOccurrenceKind::Window,
                key: format!("{reason}/{from}"),
                from: Some(from),
                until: Some(until),
            },
        };
        let show = format!("See who ordered it: `ledgerline --tenant {tenant} ledger prove {}`.", row.first.leaf);
        let (summary, remedy) = if standing {
            (
                format!(
                    "The only key that signed the ledger of {tenant} is revoked: nothing of it is signed any more."
                ),
                vec![
                    format!(
                        "Where the root key is, enrol another one: `ledgerline --tenant {tenant} keys rotate --root FILE`."
                    ),
                    "What is recorded meanwhile is kept, and signed then; docs/keys.md has the steps.".to_owned(),
                ],
            )
        } else {
            (
                format!(
                    "An order about a key of the ledger of {tenant} was refused ({reason}): somebody without the right to it \
                     wrote it; the first is leaf {}.",
                    row.first.leaf
                ),
                vec![
                    show,
                    "Find out who sent it: whoever may order holds an admin's token or the intake key. Take both from them.".to_owned(),
                    format!("If a key may be in other hands, revoke it with the root key: `ledgerline --tenant {tenant} keys revoke KEYID --root FILE --reason TEXT`."),
                ],
            )
        };
        let origin = LedgerName::parse(&self.meta.ledger_name)
            .ok()
            .zip(Tenant::parse_recorded(tenant).ok())
            .map(|(ledger, tenant)| KeyName::of_checkpoints(&Origin::new(&ledger, &tenant)).to_string());
        self.firing(Alarm {
            rule: LEDGER_KEY,
            tenant,
            kind: MessageSubjectKind::Ledger,
            name: origin.unwrap_or_else(|| tenant.to_owned()),
            occurrence,
            severity: Severity::Critical,
            summary,
            leaves_total: (row.count > leaves.len() as u64).then_some(row.count),
            leaves,
            remedy,
            mode: "live",
            times_ns: (row.opened_ns, row.opened_ns),
        })
    }
}
