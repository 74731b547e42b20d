//! `alerts.*`: what alert messages say that no event does.

use super::keys::Keys;

/// `alerts.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// `alerts.fallback_owner`: to whom an alert goes when nobody is known to own its subject.
    pub fallback_owner: String,
    /// `alerts.runbook_base`: what the rule's name is put behind to make an alert's `runbook`: the address of your own pages,
    /// for instance `https://wiki.example.org/ledgerline#`. By default the page in this repository.
    pub runbook_base: String,
}

impl Alerts {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let said = |text: &String| match (1..=1_024).contains(&text.len()) && !text.chars().any(char::is_control) {
            true => Ok(()),
            false => Err("write 1 to 1024 bytes without control characters".to_owned()),
        };
        Self {
            fallback_owner: keys.taken("alerts.fallback_owner", "on-call".to_owned(), said),
            runbook_base: keys.taken("alerts.runbook_base", "docs/alerts.md#".to_owned(), said),
        }
    }
}
