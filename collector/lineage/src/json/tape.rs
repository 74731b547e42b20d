//! The tape: one 16-byte node for each value and each member name, in document order. Owns the layout of a node.
//! Never holds text: a node is a span of the payload.
//!
//! An object is followed by its members (name node, then the value's nodes), an array by its items. A value's `link` is the
//! index just past its last node, so a walker steps over what it does not care for; a name's `link` is its hash.

/// What is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest payload, bytes. At most 2 GiB whatever is set here.
    pub payload_bytes_max: usize,
    /// Deepest nesting of arrays and objects; the outermost is 1.
    pub depth_max: usize,
    /// Most nodes: one for each value and one for each member name, 16 bytes each. At most 2²⁴ − 1 whatever is set here.
    pub nodes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { payload_bytes_max: 1 << 20, depth_max: 64, nodes_max: 1 << 20 }
    }
}

pub(super) const PAYLOAD_BYTES_CAP: usize = 1 << 31;
pub(super) const NODES_CAP: usize = (1 << 24) - 1;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The bits that [`super::Value::kind_bit`] has for values of this kind.
    pub(crate) const fn bits(self) -> u32 {
        match self {
            Kind::Null => 1 << NULL,
            Kind::Bool => 1 << FALSE | 1 << TRUE,
            Kind::Number => 1 << INTEGER | 1 << FRACTION,
            Kind::String => 1 << STRING | 1 << STRING_ESCAPED,
            Kind::Array => 1 << ARRAY,
            Kind::Object => 1 << OBJECT,
        }
    }
}

/// One node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// First byte of the token; of a string or name, the first byte after the quote.
    pub start: u32,
    /// Just past the last byte; of a string or name, the closing quote.
    pub end: u32,
    /// Of a value, the index just past its last node; of a name, its hash.
    pub link: u32,
    /// A tag below, and above it the number of members or items.
    pub meta: u32,
}

pub(super) const NULL: u32 = 0;
pub(super) const FALSE: u32 = 1;
pub(super) const TRUE: u32 = 2;
pub(super) const INTEGER: u32 = 3;
pub(super) const FRACTION: u32 = 4;
pub(super) const STRING: u32 = 5;
pub(super) const STRING_ESCAPED: u32 = 6;
pub(super) const ARRAY: u32 = 7;
pub(super) const OBJECT: u32 = 8;
pub(super) const NAME: u32 = 9;
pub(super) const NAME_ESCAPED: u32 = 10;

/// Of a frame only.
pub(super) const NONE: u32 = 11;

pub(super) const TAG_BITS: u32 = 8;

impl Node {
    pub const EMPTY: Node = Node { start: 0, end: 0, link: 0, meta: NULL };

    pub fn tag(&self) -> u32 {
        self.meta & ((1 << TAG_BITS) - 1)
    }

    pub fn count(&self) -> u32 {
        self.meta >> TAG_BITS
    }
}

/// An array or object that is still open while scanning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Its node.
    pub node: u32,
    /// Members or items begun so far.
    pub count: u32,
    /// Node of the newest member's name.
    pub name: u32,
    /// Its tag: [`OBJECT`] or [`ARRAY`].
    pub tag: u32,
    /// One bit for each of 64 classes of name hashes seen: as many bits as members proves the names distinct.
    pub seen: u64,
}

impl Frame {
    /// What holds the outermost value: neither array nor object.
    pub const NONE: Frame = Frame { node: 0, count: 0, name: 0, tag: NONE, seen: 0 };
}

/// Holds the nodes of one payload at a time; keep it and use it again, it allocates nothing once it has grown.
#[derive(Default, Debug)]
pub struct Tape {
    /// As long as any payload needed so far; the first `used` are this payload's.
    pub(super) nodes: Vec<Node>,
    pub(super) used: usize,
    pub(super) frames: Vec<Frame>,
    pub(super) names: Vec<u32>,
}

impl Tape {
    /// Gives back memory that one huge payload made it grow to: keeps room for `nodes` nodes.
    pub fn shrink_to(&mut self, nodes: usize) {
        self.used = 0;
        self.nodes.truncate(nodes);
        self.names.clear();
        self.nodes.shrink_to(nodes);
        self.names.shrink_to(nodes);
    }
}
