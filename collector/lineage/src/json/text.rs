//! Finds where a string ends, eight bytes at a time. Owns the string grammar; never decodes (that is `escape`'s).

use super::fault::{FaultKind, Stop};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Marks bytes that end plain text: quote, backslash, control. The lowest mark is exact; borrows may set false ones above it.
#[inline]
fn marks(word: u64) -> u64 {
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    (quote | backslash | control) & !word & HIGHS
}

/// The end of a string (index of its closing quote), and whether it holds escapes.
pub(super) struct Body {
    pub end: usize,
    pub escaped: bool,
}

/// Reads the string whose first byte after the quote is at `start`.
#[inline]
pub(super) fn body(bytes: &[u8], start: usize) -> Result<Body, Stop> {
    let at = plain(bytes, start);
    if bytes.get(at) == Some(&b'"') { Ok(Body { end: at, escaped: false }) } else { escaped_body(bytes, at) }
}

/// Index of the first byte at or after `at` that is not plain text, or the length.
#[inline]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let marks = marks(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

/// The rest of a string from its first escape (or fault) on.
#[inline(never)]
fn escaped_body(bytes: &[u8], mut at: usize) -> Result<Body, Stop> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(Body { end: at, escaped: true }),
            Some(b'\\') => at = escape(bytes, at)?,
            Some(_) => {
                return Err(Stop::not_json(at, "A control character stands bare in a string; write it as an escape."));
            }
            None => return Err(Stop::not_json(at, "The payload ends inside a string; send the whole event.")),
        }
        at = plain(bytes, at);
    }
}

/// Checks the escape at `at`; returns the index after it (after both halves of a surrogate pair).
fn escape(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    const BAD: &str =
        "No such escape; use one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u with four hexadecimal digits.";
    const LONE: &str = "An escape names half of a surrogate pair; write the whole character, or U+FFFD in its place.";
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(bytes, at + 2) {
            None => Err(Stop::not_json(at, BAD)),
            Some(0xD800..=0xDBFF) => {
                let low = if bytes.get(at + 6..at + 8) == Some(b"\\u") { hex4(bytes, at + 8) } else { None };
                match low {
                    Some(0xDC00..=0xDFFF) => Ok(at + 12),
                    _ => Err(Stop::new(FaultKind::LoneSurrogate, at, LONE)),
                }
            }
            Some(0xDC00..=0xDFFF) => Err(Stop::new(FaultKind::LoneSurrogate, at, LONE)),
            Some(_) => Ok(at + 6),
        },
        _ => Err(Stop::not_json(at, BAD)),
    }
}

/// Four hexadecimal digits of any case.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.iter().try_fold(0, |sum, &digit| Some(sum << 4 | (digit as char).to_digit(16)?))
}
