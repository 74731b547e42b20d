//! One leaf's proof as text (`c2sp.org/tlog-proof`): index, audit path, signed checkpoint.
//! Owns its one spelling. Never says whether it proves anything: that takes the leaf and keys, which are `check`'s.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::note::NOTE_BYTES_MAX;
use crate::tree::Hash;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Hashes in the longest audit path that is read: a tree of 2^63 leaves has no longer one.
pub const PATH_HASHES_MAX: usize = 63;

/// Bytes of a line that a path or an index takes, with room to spare; the `extra` line may be longer.
const LINE_BYTES_MAX: usize = 64;

/// An inclusion proof with the checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// The leaf's index, from 0.
    pub index: u64,
    /// Audit path, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The checkpoint as it was signed.
    pub checkpoint: Vec<u8>,
}

/// The text is not one of these proofs; says which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tlog-proof: {0}")]
pub struct TlogProofFault(&'static str);

impl TlogProof {
    /// The text, as it lies in a `.tlog-proof` file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{FIRST_LINE}\nindex {}\n", self.index);
        for hash in &self.hashes {
            BASE64_STANDARD.encode_string(hash, &mut text);
            text.push('\n');
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.checkpoint);
        bytes
    }

    /// Reads a proof. An `extra` line is read over, as the format says: nothing signs it.
    ///
    /// # Errors
    /// [`TlogProofFault`] for anything that [`TlogProof::to_bytes`] would spell otherwise.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TlogProofFault> {
        let fault = TlogProofFault;
        let mut rest = bytes;
        let mut line = |what: &'static str, max: usize| -> Result<&str, TlogProofFault> {
            let end = rest.iter().position(|byte| *byte == b'\n').filter(|end| *end <= max).ok_or(fault(what))?;
            let text = std::str::from_utf8(&rest[..end]).map_err(|_| fault(what))?;
            rest = &rest[end + 1..];
            Ok(text)
        };
        if line("its first line is another", LINE_BYTES_MAX)? != FIRST_LINE {
            return Err(fault("its first line is another"));
        }
        let mut next = line("it has no index line", NOTE_BYTES_MAX)?;
        if let Some(extra) = next.strip_prefix("extra ") {
            exact(extra).ok_or(fault("its extra line is no base64"))?;
            next = line("it has no index line", LINE_BYTES_MAX)?;
        }
        let index = next.strip_prefix("index ").and_then(decimal).ok_or(fault("its index is no decimal number"))?;
        let mut hashes = Vec::new();
        loop {
            let next = line("it ends within its hashes", LINE_BYTES_MAX)?;
            if next.is_empty() {
                break;
            }
            if hashes.len() == PATH_HASHES_MAX {
                return Err(fault("it has more hashes than any tree asks for"));
            }
            hashes.push(hash(next).ok_or(fault("a hash is not 32 bytes in base64"))?);
        }
        Ok(Self { index, hashes, checkpoint: rest.to_vec() })
    }
}

/// A number in its one spelling.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// A hash in its one spelling.
#[must_use]
pub fn hash(text: &str) -> Option<Hash> {
    exact(text)?.try_into().ok()
}

/// Base64 that comes out the same when encoded again.
pub(crate) fn exact(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok().filter(|bytes| BASE64_STANDARD.encode(bytes) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(hashes: usize) -> TlogProof {
        let hashes = (0..hashes).map(|n| [u8::try_from(n).unwrap(); 32]).collect();
        TlogProof { index: 73_894, hashes, checkpoint: b"l/t\n100000\nroot\n\nsignature\n".to_vec() }
    }

    #[test]
    fn it_comes_back_at_every_length() {
        for hashes in 0..=PATH_HASHES_MAX {
            assert_eq!(TlogProof::from_bytes(&sample(hashes).to_bytes()), Ok(sample(hashes)));
        }
        assert!(TlogProof::from_bytes(&sample(PATH_HASHES_MAX + 1).to_bytes()).is_err());
    }

    #[test]
    fn the_text_is_that_of_the_format() {
        let text = String::from_utf8(sample(1).to_bytes()).unwrap();
        let expected = "c2sp.org/tlog-proof@v1\nindex 73894\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nl/t\n100000\nroot\n\nsignature\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn extra_is_read_over() {
        let text = String::from_utf8(sample(2).to_bytes()).unwrap();
        let with = |extra: &str| text.replacen("\nindex", &format!("\nextra {extra}\nindex"), 1);
        assert_eq!(TlogProof::from_bytes(with("YWJj").as_bytes()), Ok(sample(2)));
        assert!(TlogProof::from_bytes(with("YWJ").as_bytes()).is_err());
    }

    #[test]
    fn other_spellings() {
        let text = String::from_utf8(sample(1).to_bytes()).unwrap();
        let check = |from: &str, to: &str| {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from:?}");
            assert!(TlogProof::from_bytes(changed.as_bytes()).is_err(), "{changed}");
        };
        check("@v1", "@v2");
        check("index 73894", "index 073894");
        check("index 73894", "index +73894");
        check("index 73894", "index -1");
        check("index 73894", "index 73894 ");
        check("index 73894", "index 18446744073709551616");
        check("index 73894\n", "");
        check("AAA=\n", "AAB=\n");
        check("AAA=\n", "AAA\n");
        check("AAA=\n", "AA==\n");
        check("AAA=\n", "AAA=\r\n");
        check("AAA=\n\nl/t", "AAA=");
    }
}
