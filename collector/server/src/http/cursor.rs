//! Opaque cursors. A cursor holds the key to go on after, and a digest of the question it belongs to, so that one
//! given to another question is refused instead of answering nonsense. It is no secret and grants nothing.

use super::problem::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// First byte of the form.
const VERSION: u8 = 1;

/// Bytes of the question's digest.
const DIGEST_BYTES: usize = 8;

/// Longest cursor taken, in characters.
const CHARS_MAX: usize = 16_384;

/// A cursor that goes on after `key` for the question `(route, tenant, filter)`.
pub(super) fn encode(question: [&str; 3], key: &[u8]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&digest(question));
    bytes.extend_from_slice(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key within a cursor that belongs to this question.
pub(super) fn decode(question: [&str; 3], cursor: &str) -> Result<Vec<u8>, Refusal> {
    let wrong = || Refusal::bad_parameter("cursor", "the cursor belongs to another question; begin without one");
    let short = (cursor.len() <= CHARS_MAX).then_some(cursor).ok_or_else(wrong)?;
    let bytes = URL_SAFE_NO_PAD.decode(short).map_err(|_| wrong())?;
    let (version, rest) = bytes.split_first().ok_or_else(wrong)?;
    let (bound_to, key) = rest.split_at_checked(DIGEST_BYTES).ok_or_else(wrong)?;
    match *version == VERSION && bound_to == digest(question) {
        true => Ok(key.to_vec()),
        false => Err(wrong()),
    }
}

fn digest(question: [&str; 3]) -> [u8; DIGEST_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("ledgerline v1 cursor");
    for part in question {
        hasher.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digest = [0; DIGEST_BYTES];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_serves_its_own_question_only() {
        let question = ["/v1/runs", "acme", "{}"];
        let cursor = encode(question, b"key");
        assert_eq!(decode(question, &cursor).unwrap(), b"key");
        for other in [["/v1/jobs", "acme", "{}"], ["/v1/runs", "other", "{}"], ["/v1/runs", "acme", "{1}"]] {
            assert_eq!(decode(other, &cursor).unwrap_err().code(), "parameter-invalid");
        }
        for text in ["", "AQ", "!", &"A".repeat(20_000)] {
            assert_eq!(decode(question, text).unwrap_err().code(), "parameter-invalid");
        }
    }
}
