//! Finds where a string ends, sixteen bytes at a time. Owns the string grammar; never decodes (that is `escape`'s).

use wide::u8x16;

use super::fault::{FaultKind, Stop};

/// The end of a string (index of its closing quote), and whether it holds escapes.
pub(super) struct Body {
    pub end: usize,
    pub escaped: bool,
}

/// Reads the string whose first byte after the quote is at `start`.
#[inline]
pub(super) fn body(bytes: &[u8], start: usize) -> Result<Body, Box<Stop>> {
    let at = plain(bytes, start);
    if bytes.get(at) == Some(&b'"') { Ok(Body { end: at, escaped: false }) } else { escaped_body(bytes, at) }
}

/// Index of the first byte at or after `start` that ends plain text (quote, backslash, control), or the length.
#[inline]
fn plain(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    let (blocks, last) = rest.as_chunks::<16>();
    let mut at = start;
    for block in blocks {
        let marks = marks(block);
        if marks != 0 {
            return at.wrapping_add(marks.trailing_zeros() as usize);
        }
        at = at.wrapping_add(16);
    }
    at + last.iter().take_while(|&&byte| byte >= b' ' && byte != b'"' && byte != b'\\').count()
}

/// One bit for each byte that ends plain text.
#[inline]
fn marks(block: &[u8; 16]) -> u32 {
    let block = u8x16::new(*block);
    let control = block.simd_eq(block.min(u8x16::splat(0x1F)));
    (control | block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

/// The rest of a string from its first escape (or fault) on.
#[inline(never)]
fn escaped_body(bytes: &[u8], mut at: usize) -> Result<Body, Box<Stop>> {
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
fn escape(bytes: &[u8], at: usize) -> Result<usize, Box<Stop>> {
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
