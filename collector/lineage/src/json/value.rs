//! A look at one value on the tape. Copies no text unless escapes force it; never fails: a value of another kind gives `None`
//! or nothing to iterate.

use std::borrow::Cow;
use std::ops::Range;

use super::escape::Decoded;
use super::path;
use super::tape::*;

/// A value. What it hands out borrows from the payload (`'p`), so it outlives the tape (`'t`), which may be used again.
#[derive(Clone, Copy)]
pub struct Value<'p, 't> {
    text: &'p str,
    nodes: &'t [Node],
    index: u32,
}

impl<'p, 't> Value<'p, 't> {
    #[inline]
    pub(super) fn new(text: &'p str, nodes: &'t [Node], index: u32) -> Value<'p, 't> {
        Value { text, nodes, index }
    }

    #[inline]
    fn node(&self) -> &'t Node {
        &self.nodes[self.index as usize]
    }

    #[inline]
    fn slice(&self) -> &'p str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// What it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self.node().tag() {
            NULL => Kind::Null,
            FALSE | TRUE => Kind::Bool,
            INTEGER | FRACTION => Kind::Number,
            STRING | STRING_ESCAPED => Kind::String,
            ARRAY => Kind::Array,
            _ => Kind::Object,
        }
    }

    /// Its place on the tape: names it to [`crate::c14n`]. Below the index of everything that follows it in the payload.
    #[inline]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Its nodes: its own, then those of what it holds.
    #[inline]
    pub(crate) fn nodes(&self) -> Range<u32> {
        self.index..self.node().link
    }

    /// The value at `index` of the same tape.
    #[inline]
    pub(crate) fn value_at(&self, index: u32) -> Value<'p, 't> {
        Value { index, ..*self }
    }

    /// The member whose name is at `index` of the same tape.
    #[inline]
    pub(crate) fn member_at(&self, index: u32) -> (Key<'p, 't>, Value<'p, 't>) {
        (Key { text: self.text, node: &self.nodes[index as usize] }, self.value_at(index + 1))
    }

    /// Whether it is `null`.
    #[inline]
    pub fn is_null(&self) -> bool {
        self.node().tag() == NULL
    }

    /// Its truth, when it is a boolean.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        match self.node().tag() {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        }
    }

    /// Its text, when it is a string: borrowed unless it holds escapes.
    #[inline]
    pub fn as_str(&self) -> Option<Cow<'p, str>> {
        match self.node().tag() {
            STRING => Some(Cow::Borrowed(self.slice())),
            STRING_ESCAPED => Some(Cow::Owned(Decoded::new(self.slice()).into_string())),
            _ => None,
        }
    }

    /// Its characters, when it is a string, decoded one by one.
    pub fn chars(&self) -> Option<Decoded<'p>> {
        matches!(self.node().tag(), STRING | STRING_ESCAPED).then(|| Decoded::new(self.slice()))
    }

    /// Its text as written between the quotes, and whether that holds escapes, when it is a string.
    #[inline]
    pub fn raw_str(&self) -> Option<(&'p str, bool)> {
        match self.node().tag() {
            STRING => Some((self.slice(), false)),
            STRING_ESCAPED => Some((self.slice(), true)),
            _ => None,
        }
    }

    /// Its text, when it is a string without escapes.
    #[inline]
    pub(crate) fn plain_str(&self) -> Option<&'p str> {
        let node = self.node();
        if node.tag() == STRING { Some(&self.text[node.start as usize..node.end as usize]) } else { None }
    }

    /// As written, in bytes: of a string, what stands between the quotes.
    #[inline]
    pub(crate) fn token(&self) -> &'p [u8] {
        let node = self.node();
        &self.text.as_bytes()[node.start as usize..node.end as usize]
    }

    /// One bit for its kind, to test against a set of kinds: see `Kind::bits`.
    #[inline]
    pub(crate) fn kind_bit(&self) -> u32 {
        1 << self.node().tag()
    }

    /// The number as written, when it is one.
    #[inline]
    pub fn number_text(&self) -> Option<&'p str> {
        matches!(self.node().tag(), INTEGER | FRACTION).then(|| self.slice())
    }

    /// Whether it is a number with no fraction and no exponent, as written: `1`, but neither `1.0` nor `1e0`.
    #[inline]
    pub fn is_integer(&self) -> bool {
        self.node().tag() == INTEGER
    }

    /// Its value, when it is an integer literal that fits.
    pub fn as_i64(&self) -> Option<i64> {
        if self.is_integer() { self.slice().parse().ok() } else { None }
    }

    /// The nearest double, when it is a number within a double's range.
    pub fn as_f64(&self) -> Option<f64> {
        self.number_text()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Number of members or items; 0 for anything else.
    #[inline]
    pub fn len(&self) -> usize {
        self.node().count() as usize
    }

    /// Whether it has no members and no items.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its members in document order; none unless it is an object.
    #[inline]
    pub fn members(&self) -> Members<'p, 't> {
        let node = self.node();
        let end = if node.tag() == OBJECT { node.link } else { self.index + 1 };
        Members { text: self.text, nodes: self.nodes, next: self.index + 1, end }
    }

    /// Its items in order; none unless it is an array.
    #[inline]
    pub fn items(&self) -> Items<'p, 't> {
        let node = self.node();
        let end = if node.tag() == ARRAY { node.link } else { self.index + 1 };
        Items { text: self.text, nodes: self.nodes, next: self.index + 1, end }
    }

    /// The member of this name, when it is an object that has one. Compares each name: to read many members, walk [`Value::members`].
    pub fn get(&self, name: &str) -> Option<Value<'p, 't>> {
        self.members().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    /// Where it stands in the payload, bytes; with its quotes or brackets.
    #[inline]
    pub fn span(&self) -> Range<usize> {
        let node = self.node();
        let quote = usize::from(matches!(node.tag(), STRING | STRING_ESCAPED));
        node.start as usize - quote..node.end as usize + quote
    }

    /// Its bytes as sent, with its quotes or brackets.
    #[inline]
    pub fn raw(&self) -> &'p [u8] {
        &self.text.as_bytes()[self.span()]
    }

    /// Its JSON path, such as `$.run.facets.parent`, at most 512 bytes. Descends from the root: for findings, not for hot paths.
    pub fn path(&self) -> String {
        path::of_value(self.text, self.nodes, self.index)
    }
}

impl std::fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text[self.span()])
    }
}

/// A member's name.
#[derive(Clone, Copy)]
pub struct Key<'p, 't> {
    text: &'p str,
    node: &'t Node,
}

impl<'p> Key<'p, '_> {
    /// As written between the quotes.
    #[inline]
    pub fn raw(&self) -> &'p str {
        &self.text[self.node.start as usize..self.node.end as usize]
    }

    /// The first eight bytes as written, most significant first, zeros after the end.
    #[inline]
    pub(crate) fn prefix(&self) -> u64 {
        let (start, end) = (self.node.start as usize, self.node.end as usize);
        let kept = 8 * (end - start).min(8) as u32;
        // Reads past a short name's end instead of copying it.
        match self.text.as_bytes()[start..].first_chunk::<8>() {
            Some(chunk) => u64::from_be_bytes(*chunk) & !u64::MAX.checked_shr(kept).unwrap_or(0),
            None => self.raw().bytes().rev().fold(0, |word, byte| word >> 8 | u64::from(byte) << 56),
        }
    }

    /// As written, quotes included, and the colon too when it follows at once; whether it does.
    #[inline]
    pub(crate) fn raw_with_colon(&self) -> (&'p [u8], bool) {
        let (start, end) = (self.node.start as usize - 1, self.node.end as usize + 1);
        let bytes = self.text.as_bytes();
        let colon = bytes[end] == b':';
        (&bytes[start..end + usize::from(colon)], colon)
    }

    /// As written between the quotes, in bytes.
    #[inline]
    pub(crate) fn raw_bytes(&self) -> &'p [u8] {
        &self.text.as_bytes()[self.node.start as usize..self.node.end as usize]
    }

    /// Whether it is written with escapes.
    #[inline]
    pub fn is_escaped(&self) -> bool {
        self.node.tag() == NAME_ESCAPED
    }

    /// The name: borrowed unless it holds escapes.
    #[inline]
    pub fn as_str(&self) -> Cow<'p, str> {
        if self.is_escaped() { Cow::Owned(self.chars().into_string()) } else { Cow::Borrowed(self.raw()) }
    }

    /// Its characters, decoded one by one.
    pub fn chars(&self) -> Decoded<'p> {
        Decoded::new(self.raw())
    }

    /// Whether it is this name.
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        if self.is_escaped() { self.chars().eq(name.chars()) } else { self.raw() == name }
    }

    /// Hash of the decoded name, equal to [`super::key_hash`] of it: for look-up tables, which still compare the text.
    #[inline]
    pub fn hash(&self) -> u32 {
        self.node.link
    }
}

impl std::fmt::Debug for Key<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.raw())
    }
}

/// An object's members in document order.
#[derive(Clone)]
pub struct Members<'p, 't> {
    text: &'p str,
    nodes: &'t [Node],
    next: u32,
    end: u32,
}

impl<'p, 't> Iterator for Members<'p, 't> {
    type Item = (Key<'p, 't>, Value<'p, 't>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let key = Key { text: self.text, node: &self.nodes[self.next as usize] };
        let value = Value { text: self.text, nodes: self.nodes, index: self.next + 1 };
        self.next = value.node().link;
        Some((key, value))
    }
}

/// An array's items in order.
#[derive(Clone)]
pub struct Items<'p, 't> {
    text: &'p str,
    nodes: &'t [Node],
    next: u32,
    end: u32,
}

impl<'p, 't> Iterator for Items<'p, 't> {
    type Item = Value<'p, 't>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let value = Value { text: self.text, nodes: self.nodes, index: self.next };
        self.next = value.node().link;
        Some(value)
    }
}
