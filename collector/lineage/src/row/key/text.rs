//! Texts in keys: terminated, so that other parts can follow without ambiguity, and cut so that a key stays short.

use super::KeyBytes;

/// Bytes of a text that an index key holds; the rest is cut at a character.
pub const TEXT_BYTES_MAX: usize = 512;

/// A text that other parts can follow without ambiguity: NUL is escaped, NUL NUL ends it. Cut to [`TEXT_BYTES_MAX`].
pub fn terminated(text: &str) -> KeyBytes {
    let mut bytes = open_text(text);
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// The beginning of every [`terminated`] text that begins with `text`.
pub fn open_text(text: &str) -> KeyBytes {
    let mut bytes = KeyBytes::new();
    for &byte in &text.as_bytes()[..text.floor_char_boundary(TEXT_BYTES_MAX)] {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(0xff);
        }
    }
    bytes
}

/// Takes a [`terminated`] text off the front.
pub(super) fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [0, 0, tail @ ..] => return Some((String::from_utf8(text).ok()?, tail)),
            [0, 0xff, tail @ ..] => {
                text.push(0);
                rest = tail;
            }
            [byte, tail @ ..] if *byte != 0 => {
                text.push(*byte);
                rest = tail;
            }
            _ => return None,
        }
    }
}
