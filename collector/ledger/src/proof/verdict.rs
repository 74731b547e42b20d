//! What a check comes to: `ok`, or one word for what is wrong and a sentence that says where and what was expected.

use std::fmt;

/// Writes the verdicts and their words, so that each is named once.
macro_rules! verdicts {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal,)*) => {
        /// Why something is not accepted. The words are a promise to scripts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verdict {
            $($(#[doc = $doc])* $name,)*
        }

        impl Verdict {
            /// Every verdict.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

verdicts! {
    /// Not in the form that it must have.
    Malformed = "malformed",
    /// A leaf that is spelled otherwise than leaves are.
    NotCanonical = "not-canonical",
    /// A known key's signature is not over this text.
    BadSignature = "bad-signature",
    /// None of the known keys signed.
    UnknownKey = "unknown-key",
    /// A known key signed, but none of those bears the tree's name.
    WrongName = "wrong-name",
    /// A public key that proves nothing.
    WeakKey = "weak-key",
    /// A known witness's line is not over this text.
    BadCosignature = "bad-cosignature",
    /// It is another tree's.
    WrongOrigin = "wrong-origin",
    /// The path does not lead from leaf to root.
    ProofMismatch = "proof-mismatch",
    /// A tree without leaves proves nothing.
    SizeZero = "size-zero",
    /// The index is not below the size.
    IndexBeyondSize = "index-beyond-size",
    /// Opening and body are not those that the leaf commits to.
    BodyMismatch = "body-mismatch",
    /// The leaf is not one of what was asked for.
    WrongSubject = "wrong-subject",
    /// A key operation that nobody entitled has signed.
    NotAuthorised = "not-authorised",
    /// Only revoked keys signed, and nothing shows on which side of the revocation.
    KeyStatusUnknown = "key-status-unknown",
    /// Smaller than what was seen before.
    Rollback = "rollback",
    /// Two trees under one name: same size and another root, or one that does not go on from the other.
    Fork = "fork",
    /// Nothing links it to what was seen before.
    Unlinked = "unlinked",
    /// A tile is not what the leaves make it.
    TileMismatch = "tile-mismatch",
    /// A bundle does not hold exactly the leaves of its place.
    BundleMismatch = "bundle-mismatch",
    /// The leaves have another root than was signed.
    RootMismatch = "root-mismatch",
    /// Something that must be there is not.
    Missing = "missing",
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something is not accepted, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{verdict}: {what}")]
pub struct Fault {
    /// In a word.
    pub verdict: Verdict,
    /// Where, and what was expected.
    pub what: String,
}

impl Fault {
    /// A fault.
    #[must_use]
    pub fn new(verdict: Verdict, what: impl Into<String>) -> Self {
        Self { verdict, what: what.into() }
    }

    /// The same, with the place that it was found at before it.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self { what: format!("{place}: {}", self.what), ..self }
    }
}
