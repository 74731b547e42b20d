//! Bundles of leaves: each preceded by its length in bytes as u16 big-endian.
//! Never accepts a bundle with a byte or a leaf too many or too few.

/// Bytes in the longest leaf that a bundle can hold.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// The bundle is not what its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// A leaf over [`ENTRY_BYTES_MAX`].
    #[error("a leaf is longer than a bundle can say")]
    EntryTooLong,
    /// It ends within a leaf, or holds fewer leaves than asked for.
    #[error("the bundle ends before its last leaf does")]
    Truncated,
    /// Bytes after the last leaf.
    #[error("the bundle goes on after its last leaf")]
    Surplus,
}

/// Writes a bundle.
///
/// # Errors
/// [`BundleFault::EntryTooLong`].
pub fn encode_bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleFault> {
    let mut bundle = Vec::new();
    for leaf in leaves {
        let len = u16::try_from(leaf.len()).map_err(|_| BundleFault::EntryTooLong)?;
        bundle.extend_from_slice(&len.to_be_bytes());
        bundle.extend_from_slice(leaf);
    }
    Ok(bundle)
}

/// Reads a bundle of exactly `width` leaves.
///
/// # Errors
/// [`BundleFault`].
pub fn decode_bundle(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleFault> {
    let mut leaves = Vec::new();
    let mut rest = bundle;
    for _ in 0..width {
        let (len, after) = rest.split_first_chunk::<2>().ok_or(BundleFault::Truncated)?;
        let (leaf, after) =
            after.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or(BundleFault::Truncated)?;
        leaves.push(leaf);
        rest = after;
    }
    if rest.is_empty() { Ok(leaves) } else { Err(BundleFault::Surplus) }
}
