//! `node.*`: which of several processes this one is, and what it does with its seat among them.

use super::keys::Keys;
use super::{Kafka, Roles};

/// `node.*`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// `node.id`: names the seats of this process in the groups that share partitions out, so that a restart comes back to
    /// them at once. By default it follows from machine and data folder.
    pub id: Option<String>,
    /// `node.leave`: a process that stops gives its seats up at once instead of keeping them for its restart.
    pub leave: bool,
    /// `node.standby_for`: the node whose partitions this process keeps current, to take them over.
    pub standby_for: Option<String>,
}

impl Node {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let named = |name: &Option<String>| match name {
            Some(name) if !is_sound(name) => Err("use 1 to 63 letters, digits, '.', '_' or '-'".to_owned()),
            _ => Ok(()),
        };
        Self {
            id: keys.taken("node.id", None::<String>, named),
            leave: keys.take("node.leave", false),
            standby_for: keys.taken("node.standby_for", None::<String>, named),
        }
    }

    /// A standby needs a group to take a seat in, and one that is kept.
    pub(super) fn check(&self, kafka: &Kafka, roles: Roles, keys: &mut Keys) {
        let Some(primary) = &self.standby_for else { return };
        let mut fault = |what: &str, remedy: &str| keys.fault("node.standby_for", what.to_owned(), remedy.to_owned());
        if !kafka.is_configured() {
            fault("is set, and the embedded log has this process alone", "leave it out, or set kafka.brokers");
        }
        if !roles.recorder {
            fault("is set, and roles leave the recorder out", "add recorder to roles");
        }
        if self.leave {
            fault("is set with node.leave, which keeps no seat", "leave one of the two out");
        }
        if self.id.as_ref() == Some(primary) {
            fault("is this process's own node.id", "name the primary's, and give this process another");
        }
    }
}

fn is_sound(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
