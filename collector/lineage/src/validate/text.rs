//! Texts with escapes, unescaped into the caller's arena.

use crate::json::{Decoded, Piece, Value};

use super::Walk;

impl<'a> Walk<'a> {
    /// The decoded text of a string, in the arena.
    #[cold]
    pub(super) fn unescape(&mut self, value: Value<'a, 'a>) -> Option<&'a str> {
        value.chars().map(|text| self.decode(text))
    }

    #[cold]
    pub(super) fn decode(&mut self, mut text: Decoded<'a>) -> &'a str {
        self.buffer.clear();
        while let Some(piece) = text.piece() {
            match piece {
                Piece::Plain(plain) => self.buffer.push_str(plain),
                Piece::Escape(letter) => self.buffer.push(letter),
            }
        }
        self.arena.alloc_str(&self.buffer)
    }
}
