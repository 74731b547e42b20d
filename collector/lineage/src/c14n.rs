//! `c14n-1`, the canonical form behind event ids: RFC 8785 with null members dropped and integer literals kept digit for digit.
//! Owns its every byte, frozen and pinned by the vectors of `docs/canonical-form.md`. It is only hashed, never stored or sent.
//!
//! - Objects: members whose value is `null` are left out, the others sorted by the UTF-16 code units of their decoded names.
//!   Nothing else is left out: not a `null` in an array, not an object that is empty, or empties once its nulls are gone.
//! - Strings and names: RFC 8785's least escapes. Unicode is not normalised.
//! - Numbers: see `number`.
//! - Strings named in `lower` (the event's UUIDs): ASCII letters lower-cased.

mod number;
mod order;

use crate::json::{Decoded, Key, Kind, Piece, Value};
use order::Member;

/// Version of the form, as an envelope's `c14n` holds it.
pub const VERSION: i32 = 1;

/// Bytes kept free before the form, for what an event's id puts before it: so one call hashes both.
pub(crate) const FRAME_BYTES: usize = 27;

/// A canonical form.
#[derive(Debug)]
pub struct Form<'s> {
    framed: &'s mut [u8],
}

impl Form<'_> {
    /// The form.
    pub fn bytes(&self) -> &[u8] {
        &self.framed[FRAME_BYTES..]
    }

    /// The form after `frame`, in one piece.
    pub(crate) fn framed(&mut self, frame: &[u8; FRAME_BYTES]) -> &[u8] {
        self.framed[..FRAME_BYTES].copy_from_slice(frame);
        self.framed
    }
}

/// Holds the form of one event at a time; keep it and use it again, it allocates nothing once it has grown.
#[derive(Default, Debug)]
pub struct Scratch {
    bytes: Vec<u8>,
    members: Vec<Member>,
    frames: Vec<Frame>,
}

impl Scratch {
    /// Gives back memory that one huge event made it grow to: keeps room for a form of `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(bytes);
        self.members.shrink_to(bytes / 8);
    }
}

/// An array or object that is being written.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// The sorted members from `next` on; `base` is where the object's own begin.
    Object { base: usize, next: usize },
    /// The items whose nodes run from `next` to `end`.
    Array { next: u32, end: u32 },
}

/// Writes the canonical form of `root`. `lower` names strings to lower-case by their [`Value::index`], ascending.
///
/// The form is at most about five times as long as the payload (`1e20` has 21 digits).
pub fn canonical<'s>(root: Value<'_, '_>, lower: &[u32], scratch: &'s mut Scratch) -> Form<'s> {
    scratch.bytes.clear();
    scratch.bytes.resize(FRAME_BYTES, 0);
    scratch.members.clear();
    scratch.frames.clear();
    let mut value = root;
    loop {
        begin(value, lower, scratch);
        match next(root, scratch) {
            Some(following) => value = following,
            None => return Form { framed: &mut scratch.bytes },
        }
    }
}

/// Writes a scalar whole, or opens an array or object.
fn begin(value: Value<'_, '_>, lower: &[u32], scratch: &mut Scratch) {
    match value.kind() {
        Kind::String => {
            match value.raw_str() {
                _ if lower.binary_search(&value.index()).is_ok() => lower_case(value, &mut scratch.bytes),
                Some((raw, true)) => escaped_string(raw, &mut scratch.bytes),
                // What needed no escape needs none now.
                _ => scratch.bytes.extend_from_slice(value.raw()),
            }
        }
        Kind::Number => number::write(value.number_text().unwrap_or_default(), value.is_integer(), &mut scratch.bytes),
        Kind::Null | Kind::Bool => scratch.bytes.extend_from_slice(value.raw()),
        Kind::Object => {
            scratch.bytes.push(b'{');
            let base = scratch.members.len();
            order::sorted(value, &mut scratch.members);
            scratch.frames.push(Frame::Object { base, next: base });
        }
        Kind::Array => {
            scratch.bytes.push(b'[');
            let nodes = value.nodes();
            scratch.frames.push(Frame::Array { next: nodes.start + 1, end: nodes.end });
        }
    }
}

/// Closes what has ended, and finds the value that follows.
fn next<'p, 't>(root: Value<'p, 't>, scratch: &mut Scratch) -> Option<Value<'p, 't>> {
    let Scratch { bytes, members, frames } = scratch;
    loop {
        match frames.last_mut()? {
            Frame::Object { base, next } => {
                if let Some(member) = members.get(*next) {
                    if *next > *base {
                        bytes.push(b',');
                    }
                    *next += 1;
                    let (key, value) = root.member_at(member.name);
                    if key.is_escaped() {
                        escaped_string(key.raw(), bytes);
                        bytes.push(b':');
                    } else {
                        quoted_with_colon(key, bytes);
                    }
                    return Some(value);
                }
                members.truncate(*base);
                bytes.push(b'}');
            }
            Frame::Array { next, end } => {
                if next < end {
                    let value = root.value_at(*next);
                    if bytes.last() != Some(&b'[') {
                        bytes.push(b',');
                    }
                    *next = value.nodes().end;
                    return Some(value);
                }
                bytes.push(b']');
            }
        }
        frames.pop();
    }
}

/// Most names are sent just as they are written here, colon and all.
fn quoted_with_colon(key: Key<'_, '_>, bytes: &mut Vec<u8>) {
    let (quoted, colon) = key.raw_with_colon();
    bytes.extend_from_slice(quoted);
    if !colon {
        bytes.push(b':');
    }
}

#[inline(never)]
fn escaped_string(raw: &str, bytes: &mut Vec<u8>) {
    bytes.push(b'"');
    let mut pieces = Decoded::new(raw);
    while let Some(piece) = pieces.piece() {
        match piece {
            Piece::Plain(plain) => bytes.extend_from_slice(plain.as_bytes()),
            Piece::Escape(letter) => least(letter, bytes),
        }
    }
    bytes.push(b'"');
}

/// One character as RFC 8785 (3.2.2.2) writes it.
fn least(letter: char, bytes: &mut Vec<u8>) {
    let short = match letter {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{9}' => b't',
        '\u{a}' => b'n',
        '\u{c}' => b'f',
        '\u{d}' => b'r',
        control if control < ' ' => {
            let code = control as u8;
            bytes.extend_from_slice(b"\\u00");
            return bytes.extend([code >> 4, code & 15].map(|half| b"0123456789abcdef"[half as usize]));
        }
        letter => return bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    bytes.extend([b'\\', short]);
}

/// Writes a string with its ASCII letters in lower case.
fn lower_case(value: Value<'_, '_>, bytes: &mut Vec<u8>) {
    if let Some((_, false)) = value.raw_str() {
        let start = bytes.len();
        bytes.extend_from_slice(value.raw());
        return bytes[start..].make_ascii_lowercase();
    }
    bytes.push(b'"');
    for letter in value.chars().into_iter().flatten() {
        least(letter.to_ascii_lowercase(), bytes);
    }
    bytes.push(b'"');
}

#[cfg(test)]
mod tests;
