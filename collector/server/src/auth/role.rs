//! Roles and what each may do. A role is a set of permissions; none inherits from another.

use std::fmt;
use std::str::FromStr;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends events.
    Producer,
    /// Asks the graph and the alerts.
    Consumer,
    /// Corrects: sees what was rejected, sends it again, gives orders to the log.
    Steward,
    /// Reads everything, changes nothing.
    Auditor,
    /// Everything.
    Admin,
}

/// One thing that may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Send events.
    Submit,
    /// Ask for lineage, runs, jobs, datasets, names and alerts: metadata, no bodies.
    ReadGraph,
    /// Read bodies of recorded events.
    ReadEvents,
    /// Read rejections, and the bytes that were rejected.
    ReadRejected,
    /// Read checkpoints and proofs.
    ReadLedger,
    /// Write control records.
    Control,
    /// Make and list snapshots, which hold every tenant's; order something about keys.
    Operate,
}

impl Role {
    /// Every role, least first.
    pub const ALL: [Self; 5] = [Self::Producer, Self::Consumer, Self::Steward, Self::Auditor, Self::Admin];

    /// Whether this role holds `permission`.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Producer => matches!(permission, P::Submit),
            Self::Consumer => matches!(permission, P::ReadGraph | P::ReadLedger),
            Self::Steward => {
                matches!(permission, P::Submit | P::ReadGraph | P::ReadLedger | P::ReadRejected | P::Control)
            }
            Self::Auditor => matches!(permission, P::ReadGraph | P::ReadEvents | P::ReadRejected | P::ReadLedger),
            Self::Admin => true,
        }
    }

    /// The name used in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Steward => "steward",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}
