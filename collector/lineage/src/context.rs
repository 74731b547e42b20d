//! BLAKE3 in its key-derivation mode under one of our contexts, whose key is computed once a process.
//! Owns nothing but that key: each context stands where its digest is defined.

use std::sync::LazyLock;

use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};

/// A context of digests. The same as `Hasher::new_derive_key` with its text, less a third of the work on a short input.
pub(crate) struct Context(LazyLock<ContextKey>);

impl Context {
    /// `key` is [`context_key`] of the text.
    pub(crate) const fn new(key: fn() -> ContextKey) -> Self {
        Context(LazyLock::new(key))
    }

    /// A hasher with nothing in it yet.
    pub(crate) fn hasher(&self) -> Hasher {
        Hasher::new_from_context_key(&self.0)
    }
}

/// The key of a context's text.
pub(crate) fn context_key(text: &str) -> ContextKey {
    hash_derive_key_context(text)
}

/// The first 16 bytes of a digest.
pub(crate) fn short(hasher: &Hasher) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
