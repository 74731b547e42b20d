//! BLAKE3 in its key-derivation mode under one of our contexts, whose key is computed once a process.
//! Owns nothing but that key: each context stands where its digest is defined.

use std::sync::OnceLock;

use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};

/// A context of digests. The same as `Hasher::new_derive_key` with its text, less a third of the work on a short input.
pub(crate) struct Context {
    text: &'static str,
    key: OnceLock<ContextKey>,
}

impl Context {
    /// The context with this text.
    pub(crate) const fn new(text: &'static str) -> Self {
        Context { text, key: OnceLock::new() }
    }

    /// A hasher with nothing in it yet.
    pub(crate) fn hasher(&self) -> Hasher {
        Hasher::new_from_context_key(self.key.get_or_init(|| hash_derive_key_context(self.text)))
    }
}

/// The first 16 bytes of a digest.
pub(crate) fn short(hasher: &Hasher) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
