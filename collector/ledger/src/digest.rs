//! Domain-separated BLAKE3: the only way this crate turns fields into an id or a keyed digest.
//! Never used for what an outside verifier checks: that is SHA-256 alone (`tree`, `commitment`, `checkpoint`).
//!
//! `digest(context, fields)` = BLAKE3 `derive_key` with the context string, over every field in order, each preceded by
//! its length in bytes as u32 big-endian. `keyed(key, context, fields)` = BLAKE3 keyed hash, over the context string as
//! the first field and then the fields, all length-prefixed the same way. So no two contexts, and no two ways of
//! cutting the same bytes into fields, share an input.

/// What a digest is for. Its text opens with `ledgerline v1 `, is written once, here or beside its only user, and is
/// never reused for another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(&'static str);

impl Context {
    /// What every context opens with.
    pub const PREFIX: &'static str = "ledgerline v1 ";

    /// Names a purpose. Meant for constants: a text without the prefix, or with nothing after it, fails to compile there.
    ///
    /// # Panics
    /// Where the text does not open with [`Context::PREFIX`].
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        let (bytes, prefix) = (text.as_bytes(), Self::PREFIX.as_bytes());
        assert!(bytes.len() > prefix.len(), "a context names a purpose after the prefix");
        let mut at = 0;
        while at < prefix.len() {
            assert!(bytes[at] == prefix[at], "a context opens with `ledgerline v1 `");
            at += 1;
        }
        Self(text)
    }

    /// The whole text, prefix included.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.0
    }
}

/// The tail of a name too long for a leaf.
pub const LONG_NAME: Context = Context::new("ledgerline v1 long name");
/// The stand-in for a principal in a leaf.
pub const PRINCIPAL: Context = Context::new("ledgerline v1 principal");
/// The bytes of a record that was not ours, was refused, or could not be applied.
pub const RECORD: Context = Context::new("ledgerline v1 record");
/// The list of source positions behind a rejections leaf.
pub const POSITIONS: Context = Context::new("ledgerline v1 positions");
/// The list of artefacts behind a key operation.
pub const ARTEFACTS: Context = Context::new("ledgerline v1 artefacts");
/// The words of an audited query.
pub const QUERY: Context = Context::new("ledgerline v1 query");
/// The opening of a control record, which travels without one of its own.
pub const CONTROL_OPENING: Context = Context::new("ledgerline v1 control opening");
/// The check value that tells a mistyped key file from a sound one.
pub const KEY_CHECK: Context = Context::new("ledgerline v1 key check");

/// The bytes of a file of a snapshot, which is kept under this digest: see [`object_hasher`].
pub const SNAPSHOT_OBJECT: Context = Context::new("ledgerline v1 snapshot object");

/// Takes the bytes of a file, piece by piece: BLAKE3 `derive_key` with [`SNAPSHOT_OBJECT`] over them as they are. The one
/// digest without a length before its field: there is one field only, and a file's may be longer than four bytes can say.
#[must_use]
pub fn object_hasher() -> blake3::Hasher {
    blake3::Hasher::new_derive_key(SNAPSHOT_OBJECT.0)
}

/// Takes fields one by one; for callers that hold no slice of them.
#[derive(Clone)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// Starts an unkeyed digest.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self(blake3::Hasher::new_derive_key(context.0))
    }

    /// Starts a keyed digest.
    #[must_use]
    pub fn keyed(key: &[u8; 32], context: Context) -> Self {
        let mut hasher = Self(blake3::Hasher::new_keyed(key));
        hasher.field(context.0.as_bytes());
        hasher
    }

    /// Adds one field.
    ///
    /// # Panics
    /// Where the field is 4 GiB or longer. Nothing that reaches a digest is: payloads are bounded at 32 MiB.
    pub fn field(&mut self, bytes: &[u8]) -> &mut Self {
        let len = u32::try_from(bytes.len()).expect("payload bounds keep every field far below 4 GiB");
        self.0.update(&len.to_be_bytes());
        self.0.update(bytes);
        self
    }

    /// The digest of the fields so far.
    #[must_use]
    pub fn finish(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher(..)")
    }
}

/// The unkeyed digest of `fields`. Stays inside: no unkeyed digest of an event may leave the process.
#[must_use]
pub fn digest(context: Context, fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Hasher::new(context);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

/// The digest of `fields` under `key`.
#[must_use]
pub fn keyed(key: &[u8; 32], context: Context, fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Hasher::keyed(key, context);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
