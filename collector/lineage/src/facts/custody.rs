//! Facts of our own custody facets (prefix `ledgerline_`): who, under whose approval, which bytes, which records.

use serde::{Deserialize, Serialize};

use super::Text;

/// `ledgerline_actor`: who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor<'a> {
    /// Who, e.g. `user:jane`.
    #[serde(borrow)]
    pub name: &'a str,
    /// Role.
    pub role: Option<&'a str>,
    /// Session or ticket.
    pub session: Option<&'a str>,
    /// On behalf of whom.
    pub on_behalf_of: Option<&'a str>,
    /// `read`, `write`, `transform`, `external-call`, `delete`, `scrub`.
    pub operation: Option<&'a str>,
    /// True when the producer authenticated the actor; otherwise claimed.
    pub authenticated: bool,
}

/// `ledgerline_approval`: a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval<'a> {
    /// Id of the request or decision.
    #[serde(borrow)]
    pub id: Option<&'a str>,
    /// `approved`, `denied`, `override`, `revoked`.
    pub decision: &'a str,
    /// Who decided.
    pub approver: &'a str,
    /// Why.
    pub rationale: Option<Text<'a>>,
    /// Policy it was taken under.
    pub policy: Option<&'a str>,
    /// When it lapses, ns UTC.
    pub expires_ns: Option<i64>,
}

/// `ledgerline_digest`: a digest of what was read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest<'a> {
    /// `sha256`, `blake3`, …
    #[serde(borrow)]
    pub algorithm: &'a str,
    /// Hex.
    pub value: &'a str,
    /// Of what: a file, a partition; absent: the whole dataset.
    pub of: Option<&'a str>,
}

/// `ledgerline_records`: which records went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet<'a> {
    /// `keys` (keyed commitments), `versions` or `offsets`.
    #[serde(borrow)]
    pub kind: &'a str,
    /// Commitments in hex, versions, or `topic/partition/from-to`.
    pub values: Vec<&'a str>,
    /// Records in all.
    pub count: Option<i64>,
}

/// `ledgerline_export`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export<'a> {
    /// Export id.
    #[serde(borrow)]
    pub id: &'a str,
    /// Stage: `requested`, `validated`, `approved`, `handed-over`, `delivered`, …
    pub stage: Option<&'a str>,
    /// Destination.
    pub destination: Option<&'a str>,
    /// Recipients.
    pub recipients: Vec<&'a str>,
    /// Classification.
    pub classification: Option<&'a str>,
    /// Purpose.
    pub purpose: Option<&'a str>,
    /// Digest of the manifest, hex.
    pub manifest: Option<&'a str>,
}

/// `ledgerline_deployment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment<'a> {
    /// Deployment id.
    #[serde(borrow)]
    pub id: &'a str,
    /// Environment.
    pub environment: Option<&'a str>,
    /// Stage: `requested`, `promoted`, `live`, `rolled-back`, …
    pub stage: Option<&'a str>,
    /// Digest of the artefact, hex.
    pub artefact: Option<&'a str>,
    /// Version.
    pub version: Option<&'a str>,
    /// Reviewers.
    pub reviewers: Vec<&'a str>,
}
