//! The number grammar. Owns where a number ends and whether it is an integer literal; never computes its value.

use super::fault::Stop;

/// A number's end, and whether it is an integer literal: digits alone, with no fraction and no exponent.
pub(super) struct Number {
    pub end: usize,
    pub integer: bool,
}

/// Reads the number that starts at `start` with a digit or a minus.
pub(super) fn number(bytes: &[u8], start: usize) -> Result<Number, Box<Stop>> {
    let first = if bytes[start] == b'-' { start + 1 } else { start };
    let mut at = digits(bytes, first);
    if at == first {
        return Err(Stop::not_json(at, "A minus needs a digit after it; JSON has no infinity and no NaN."));
    }
    if bytes[first] == b'0' && at > first + 1 {
        return Err(Stop::not_json(first, "A number starts with a needless zero; send it without, or as a string."));
    }
    let whole = at;
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = some_digits(bytes, at)?;
    }
    Ok(Number { end: at, integer: at == whole })
}

fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

fn some_digits(bytes: &[u8], at: usize) -> Result<usize, Box<Stop>> {
    let end = digits(bytes, at);
    if end == at {
        return Err(Stop::not_json(at, "A number lacks the digits after its point or exponent; send them."));
    }
    Ok(end)
}
