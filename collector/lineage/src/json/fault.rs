//! Why a payload is not the JSON we take. Owns the names of the faults; never quotes more of the payload than a path.

/// What is wrong, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Not UTF-8.
    NotUtf8,
    /// Not one JSON value by RFC 8259.
    NotJson,
    /// Two members of one object have the same decoded name.
    DuplicateKey,
    /// An escape names half of a surrogate pair, which no UTF-8 text can hold.
    LoneSurrogate,
    /// Nested deeper than `depth_max`.
    TooDeep,
    /// Longer than `payload_bytes_max`.
    TooLarge,
    /// More values and names than `nodes_max`.
    TooManyNodes,
}

impl FaultKind {
    /// Stable code, used in findings, headers and metrics.
    pub fn code(self) -> &'static str {
        match self {
            FaultKind::NotUtf8 => "not-utf8",
            FaultKind::NotJson => "not-json",
            FaultKind::DuplicateKey => "duplicate-key",
            FaultKind::LoneSurrogate => "lone-surrogate",
            FaultKind::TooDeep => "too-deep",
            FaultKind::TooLarge => "too-large",
            FaultKind::TooManyNodes => "too-many-nodes",
        }
    }
}

/// The first fault found, its place, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({} at byte {offset}, {path})", .kind.code())]
pub struct Fault {
    /// What is wrong, by name.
    pub kind: FaultKind,
    /// Byte offset in the payload.
    pub offset: usize,
    /// JSON path of the value being read, as far as it had been read; at most 512 bytes.
    pub path: String,
    /// What is wrong and what to change, one sentence.
    pub message: &'static str,
}

/// A fault before its path is known. Small, so that the scanner's results stay in registers.
pub(super) struct Stop {
    pub kind: FaultKind,
    pub offset: usize,
    pub message: &'static str,
}

impl Stop {
    #[cold]
    pub fn new(kind: FaultKind, offset: usize, message: &'static str) -> Box<Stop> {
        Box::new(Stop { kind, offset, message })
    }

    #[cold]
    pub fn not_json(offset: usize, message: &'static str) -> Box<Stop> {
        Box::new(Stop { kind: FaultKind::NotJson, offset, message })
    }
}
