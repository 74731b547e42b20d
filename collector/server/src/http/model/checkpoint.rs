//! The newest published checkpoint.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signed statement of size and root; nothing beyond it is shown to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    /// `<ledger.name>/<tenant>`
    pub origin: String,
    /// Leaves it covers.
    pub size: u64,
    /// Root hash, base64.
    pub root: String,
    /// The C2SP signed note, as it is verified.
    pub note: String,
    /// Verifier keys of the origin (`name+id+key`), for a first look; trust them from elsewhere.
    pub verifiers: Vec<String>,
}

impl Example for Checkpoint {
    fn example() -> Self {
        let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned();
        Self {
            origin: "ledgerline/default".to_owned(),
            size: 5,
            note: format!("ledgerline/default\n5\n{root}\n\n— ledgerline/default AAAA\n"),
            root,
            verifiers: vec!["ledgerline/default+00000000+AQAA".to_owned()],
        }
    }
}
