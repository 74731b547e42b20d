//! `deployment.*`: what tells two deployments on one cluster apart.

use super::keys::Keys;

/// `deployment.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `deployment.name`: prefixes consumer groups and transactional ids, and our topics when it is set, so that
    /// two deployments on one cluster never fence each other. Empty by default; a ledger's origin never holds it.
    pub name: String,
}

impl Deployment {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let name = keys.taken("deployment.name", String::new(), |name: &String| match prefix_is_sound(name) {
            true => Ok(()),
            false => Err("use up to 63 letters, digits, '.', '_' or '-' (a Kafka topic's alphabet)".to_owned()),
        });
        Self { name }
    }
}

fn prefix_is_sound(name: &str) -> bool {
    name.len() <= 63 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
