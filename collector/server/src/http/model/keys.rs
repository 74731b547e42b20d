//! Keys that sign the ledgers.

use super::{Example, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The keys of one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeKeys {
    /// The tree's tenant.
    pub tenant: String,
    /// The tree: `<ledger.name>/<tenant>`.
    pub origin: String,
    /// The key that authorises what no other may, as verifier text.
    pub root_key: String,
    /// In the order in which they were enrolled.
    pub keys: Vec<LedgerKey>,
}

/// A key of a tree. Sizes are leaves of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerKey {
    /// Its id in this tree, 8 hex digits.
    pub id: String,
    /// The key, as verifier text.
    pub verifier: String,
    /// What it is for.
    pub purpose: String,
    /// Where it stands.
    pub state: LedgerKeyState,
    /// Where the process that answers holds it; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Whether it is for this tree alone, and not shared with others.
    pub own: bool,
    /// It signs checkpoints from this size on.
    pub from_size: u64,
    /// When it was enrolled, by the log's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Time>,
    /// When it retires by itself, once it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires_at: Option<Time>,
    /// It signs no checkpoint of this size or a larger one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_from: Option<u64>,
    /// Index of the leaf that revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<u64>,
    /// Checkpoints that it was to sign.
    pub signed: u64,
    /// Size of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_last_size: Option<u64>,
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKeyState {
    /// It signs.
    Active,
    /// It signs still; another has taken its place.
    Overlap,
    /// It signs no more; what it signed is good.
    Retired,
    /// What it alone signed proves nothing.
    Revoked,
}

/// `POST /v1/keys/next`: the key that a tree would be rotated to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextKeyOrder {
    /// Make a file key first, whatever is there.
    #[serde(default)]
    pub make: bool,
    /// Of this tree alone.
    #[serde(default)]
    pub own: bool,
}

/// The newest key that this process holds for a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextKey {
    /// The key under the tree's name, as verifier text.
    pub verifier: String,
    /// Where it is held.
    pub provider: String,
}

/// An order about a key: a signed note, as `docs/ledger-format.md` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyOrderNote {
    /// The note.
    pub note: String,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyOrderOutcome {
    /// Index of its leaf.
    pub leaf: u64,
    /// Why it was refused; absent where it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Example for TreeKeys {
    fn example() -> Self {
        Self {
            tenant: "default".to_owned(),
            origin: "ledgerline/default".to_owned(),
            root_key: "ledgerline/default#root+00000000+AQAA".to_owned(),
            keys: vec![LedgerKey {
                id: "6f1d2c3b".to_owned(),
                verifier: "ledgerline/default+6f1d2c3b+AQAA".to_owned(),
                purpose: "checkpoint".to_owned(),
                state: LedgerKeyState::Active,
                provider: Some("/var/lib/ledgerline/keys/ledger.key".to_owned()),
                own: false,
                from_size: 1,
                enrolled_at: Some(Time(1_777_798_800_000_000_000)),
                retires_at: None,
                retired_from: None,
                revoked_at: None,
                signed: 1_042,
                signed_last_size: Some(840_000),
            }],
        }
    }
}

impl Example for NextKeyOrder {
    fn example() -> Self {
        Self { make: true, own: false }
    }
}

impl Example for NextKey {
    fn example() -> Self {
        let key = TreeKeys::example().keys.remove(0);
        Self { verifier: key.verifier, provider: "/var/lib/ledgerline/keys/ledger.2.key".to_owned() }
    }
}

impl Example for KeyOrderNote {
    fn example() -> Self {
        Self {
            note: "ledgerline key operation v1\norigin ledgerline/default\n…\n\n— ledgerline/default#root …\n"
                .to_owned(),
        }
    }
}

impl Example for KeyOrderOutcome {
    fn example() -> Self {
        Self { leaf: 840_001, refused: None }
    }
}
