//! Decodes the escapes of a string that the scanner has checked. Never checks again.

use super::text::hex4;

/// The next piece of a checked string.
pub(crate) enum Piece<'p> {
    /// Text without escapes.
    Plain(&'p str),
    /// One decoded escape.
    Escape(char),
}

/// The characters of a checked string, escapes decoded.
#[derive(Clone, Debug)]
pub struct Decoded<'p> {
    rest: &'p str,
}

impl<'p> Decoded<'p> {
    pub(crate) fn new(raw: &'p str) -> Decoded<'p> {
        Decoded { rest: raw }
    }

    /// The next run of plain text, or the next escape.
    pub(crate) fn piece(&mut self) -> Option<Piece<'p>> {
        match memchr::memchr(b'\\', self.rest.as_bytes()) {
            Some(0) => Some(Piece::Escape(self.escape())),
            None if self.rest.is_empty() => None,
            found => {
                let (plain, rest) = self.rest.split_at(found.unwrap_or(self.rest.len()));
                self.rest = rest;
                Some(Piece::Plain(plain))
            }
        }
    }

    /// The whole text that is left, decoded.
    pub fn into_string(mut self) -> String {
        let mut text = String::with_capacity(self.rest.len());
        while let Some(piece) = self.piece() {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Escape(letter) => text.push(letter),
            }
        }
        text
    }

    fn escape(&mut self) -> char {
        let bytes = self.rest.as_bytes();
        let (decoded, used) = match bytes.get(1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => match hex4(bytes, 2) {
                Some(high @ 0xD800..=0xDBFF) => {
                    let low = hex4(bytes, 8).unwrap_or(0xDC00);
                    (combine(high, low), 12)
                }
                unit => (unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            },
            // Quote, backslash and slash stand for themselves.
            other => (other.map_or(char::REPLACEMENT_CHARACTER, |&byte| byte as char), 2),
        };
        self.rest = self.rest.get(used..).unwrap_or("");
        decoded
    }
}

fn combine(high: u32, low: u32) -> char {
    let point = 0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl Iterator for Decoded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        if first == '\\' {
            return Some(self.escape());
        }
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }
}
