//! Table numbers and key bytes, named once; a number that was released is never used for anything else.
//! Owns the order of keys: fixed-width ids, big-endian times (inverted where the newest comes first), terminated text.

use smallvec::SmallVec;

use super::{FlowId, NodeKind};
use crate::id::{AlertId, NodeId, RunId};

/// A table. The number is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// [`RunKey`] → `RunRow`: what one run has said under one job.
    Run = 1,
    /// [`ChildKey`] → `ChildRow`: runs that name a run as their parent.
    Child = 2,
    /// [`GroupKey`] → `GroupRow`: execution groups.
    Group = 3,
    /// [`MemberKey`] → `MemberRow`: flows of a group.
    Member = 4,
    /// [`FlowKey`] → `FlowRow`: distinct flows of a job, each stored once.
    Flow = 5,
    /// [`FlowGroupKey`] → nothing: groups behind a flow.
    FlowGroup = 6,
    /// [`TimelineKey`] → nothing: groups of a job by class, newest first.
    Timeline = 7,
    /// [`EdgeKey`] → `EdgeRow`: what is next to a node.
    Edge = 8,
    /// [`NodeKey`] → `NodeRow`: jobs and datasets.
    Node = 9,
    /// [`ContentKey`] → content of facets, by digest.
    Content = 10,
    /// [`NameKey`] → nothing: names for search, lists and resolution.
    Name = 11,
    /// [`AlertKey`] → `AlertRow`.
    Alert = 12,
    /// [`OpenAlertKey`] → `OpenAlertRow`: alerts that are not resolved, by subject.
    OpenAlert = 13,
    /// [`DeclarationKey`] → `DeclarationRow`: what producers declared about a job or dataset, newest first.
    Declaration = 14,
}

impl Table {
    /// Every table, in the order of its number.
    pub const ALL: [Table; 14] = [
        Table::Run,
        Table::Child,
        Table::Group,
        Table::Member,
        Table::Flow,
        Table::FlowGroup,
        Table::Timeline,
        Table::Edge,
        Table::Node,
        Table::Content,
        Table::Name,
        Table::Alert,
        Table::OpenAlert,
        Table::Declaration,
    ];
}

/// Bytes of a key or of the beginning of one.
pub type KeyBytes = SmallVec<[u8; 72]>;

/// Bytes of a text that an index key holds; the rest is cut at a character.
pub const TEXT_BYTES_MAX: usize = 512;

/// A key of one table.
pub trait Key: Sized {
    /// Its bytes.
    fn bytes(&self) -> KeyBytes;
    /// Reads its bytes; `None` when they are not such a key.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

/// Strings the parts together: the beginning of a key.
pub fn prefix(parts: &[&[u8]]) -> KeyBytes {
    let mut bytes = KeyBytes::new();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A time so that the newest sorts first. Its inverse is itself, through [`time_of`].
pub fn newest_first(time_ns: i64) -> [u8; 8] {
    (!(time_ns.cast_unsigned() ^ (1 << 63))).to_be_bytes()
}

/// The time behind [`newest_first`].
pub fn time_of(bytes: [u8; 8]) -> i64 {
    (!u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

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
fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
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

/// Takes `N` bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

/// Declares a key of fixed-width parts and its two directions.
macro_rules! fixed_key {
    ($(#[$doc:meta])* $name:ident { $($(#[$part_doc:meta])* $part:ident: $type:ty = $width:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name { $($(#[$part_doc])* pub $part: $type),+ }

        impl Key for $name {
            fn bytes(&self) -> KeyBytes {
                let mut bytes = KeyBytes::new();
                $(bytes.extend_from_slice(&Part::part(&self.$part));)+
                bytes
            }

            fn parse(bytes: &[u8]) -> Option<Self> {
                let mut rest = bytes;
                let key = $name { $($part: <$type as Part<$width>>::whole(take::<$width>(&mut rest)?)?),+ };
                rest.is_empty().then_some(key)
            }
        }
    };
}

/// A part of fixed width.
trait Part<const N: usize>: Sized {
    fn part(&self) -> [u8; N];
    fn whole(bytes: [u8; N]) -> Option<Self>;
}

macro_rules! id_part {
    ($($type:ident = $width:literal),+) => {
        $(impl Part<$width> for $type {
            fn part(&self) -> [u8; $width] {
                self.0
            }
            fn whole(bytes: [u8; $width]) -> Option<Self> {
                Some($type(bytes))
            }
        })+
    };
}
id_part!(RunId = 16, NodeId = 16, FlowId = 16, AlertId = 32, NewestFirst = 8, ProducerId = 16, Digest = 16);

/// A time in a key, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewestFirst([u8; 8]);

impl NewestFirst {
    /// From nanoseconds since the epoch.
    pub fn new(time_ns: i64) -> Self {
        NewestFirst(newest_first(time_ns))
    }

    /// Nanoseconds since the epoch.
    pub fn time_ns(self) -> i64 {
        time_of(self.0)
    }
}

/// A producer without its version: what "the same producer" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProducerId(pub [u8; 16]);

/// Digest of a facet's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Digest(pub [u8; 16]);

/// What a group of [`Table::Timeline`] is; the order of the numbers is not meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Succeeded without extraction error, declaring neither side; its time is the group's end.
    CleanNone = 1,
    /// … declaring inputs only.
    CleanInputs = 2,
    /// … declaring outputs only.
    CleanOutputs = 3,
    /// … declaring both.
    CleanBoth = 4,
    /// Succeeded, with an extraction error: it confirms, and retires nothing.
    Partial = 5,
    /// Ended without success.
    Unsuccessful = 6,
    /// Not ended; its time is the group's start.
    Open = 7,
    /// Succeeded without extraction error, naming what intake guessed, on a side that it then need not declare. Comes on top
    /// of the group's other class.
    Inferring = 8,
}

impl Part<1> for Class {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        Some(match byte {
            1 => Class::CleanNone,
            2 => Class::CleanInputs,
            3 => Class::CleanOutputs,
            4 => Class::CleanBoth,
            5 => Class::Partial,
            6 => Class::Unsuccessful,
            7 => Class::Open,
            8 => Class::Inferring,
            _ => return None,
        })
    }
}

/// How the other node of an edge stands to this one. 2 and 4 stay reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Link {
    /// This dataset is read by that job, or by that dataset's own declaration. (What a job reads is in its flows.)
    ReadBy = 1,
    /// This dataset is written by that job, or says itself what it is made of.
    WrittenBy = 3,
    /// This job runs before that job.
    Before = 5,
    /// This job runs after that job.
    After = 6,
    /// This job's runs are parents of that job's.
    ParentOf = 7,
    /// This job's runs are children of that job's.
    ChildOf = 8,
    /// This dataset calls itself that, too.
    Alias = 9,
    /// That dataset calls itself this.
    AliasOf = 10,
}

impl Part<1> for Link {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        Some(match byte {
            1 => Link::ReadBy,
            3 => Link::WrittenBy,
            5 => Link::Before,
            6 => Link::After,
            7 => Link::ParentOf,
            8 => Link::ChildOf,
            9 => Link::Alias,
            10 => Link::AliasOf,
            _ => return None,
        })
    }
}

fixed_key! {
    /// One run under one job (a run id that two jobs use is two runs).
    RunKey { /// The run.
        run: RunId = 16, /// Its job.
        job: NodeId = 16 }
}
fixed_key! {
    /// A run and a run that names it as its parent.
    ChildKey { /// The parent.
        parent: RunId = 16, /// The child's job.
        job: NodeId = 16, /// The child.
        run: RunId = 16, /// The parent's job, as the child names it.
        parent_job: NodeId = 16 }
}
fixed_key! {
    /// An execution group.
    GroupKey { /// The job.
        job: NodeId = 16, /// The top run's parent, else the top run itself.
        root: RunId = 16 }
}
fixed_key! {
    /// A flow of a group (or of a declaration, whose root is made of its event).
    MemberKey { /// The job.
        job: NodeId = 16, /// The group's root.
        root: RunId = 16, /// The flow.
        flow: FlowId = 16 }
}
fixed_key! {
    /// A flow.
    FlowKey { /// Whose it is: a job, or a dataset that declares its own lineage.
        job: NodeId = 16, /// Digest of its content.
        flow: FlowId = 16 }
}
fixed_key! {
    /// A group behind a flow.
    FlowGroupKey { /// The job.
        job: NodeId = 16, /// The flow.
        flow: FlowId = 16, /// The group's root.
        root: RunId = 16 }
}
fixed_key! {
    /// A group of a job by class, newest first.
    TimelineKey { /// The job.
        job: NodeId = 16, /// The class.
        class: Class = 1, /// The group's end (its start while open).
        time: NewestFirst = 8, /// The group's root.
        root: RunId = 16 }
}
fixed_key! {
    /// An edge, from one of its ends.
    EdgeKey { /// This end.
        node: NodeId = 16, /// How the other stands to it.
        link: Link = 1, /// The other end.
        other: NodeId = 16 }
}
fixed_key! {
    /// A job or dataset.
    NodeKey { /// Its id.
        node: NodeId = 16 }
}
fixed_key! {
    /// Content of a facet.
    ContentKey { /// Its digest.
        digest: Digest = 16 }
}
fixed_key! {
    /// An alert.
    AlertKey { /// Its id.
        alert: AlertId = 32 }
}
fixed_key! {
    /// An alert that is not resolved.
    OpenAlertKey { /// What it is about.
        subject: NodeId = 16, /// Its id.
        alert: AlertId = 32 }
}
fixed_key! {
    /// A declaration.
    DeclarationKey { /// The job or dataset it is about.
        node: NodeId = 16, /// Who declared it.
        producer: ProducerId = 16, /// Event time.
        time: NewestFirst = 8, /// Stands for the group's root; made of the event id.
        root: RunId = 16 }
}

/// What a name is listed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Index {
    /// Datasets by lower-case name, and by the last part of it.
    Dataset = 1,
    /// Jobs by lower-case name, and by the last part of it.
    Job = 2,
    /// Columns by lower-case name; the node is their dataset.
    Column = 3,
    /// Datasets by namespace, then name, as written.
    DatasetNamespace = 4,
    /// Jobs by namespace, then name, as written.
    JobNamespace = 5,
}

impl Index {
    fn of(byte: u8) -> Option<Index> {
        Some(match byte {
            1 => Index::Dataset,
            2 => Index::Job,
            3 => Index::Column,
            4 => Index::DatasetNamespace,
            5 => Index::JobNamespace,
            _ => return None,
        })
    }

    /// The search index for nodes of a kind.
    pub fn names(kind: NodeKind) -> Index {
        if kind == NodeKind::Job { Index::Job } else { Index::Dataset }
    }

    /// The listing by namespace for nodes of a kind.
    pub fn namespaces(kind: NodeKind) -> Index {
        if kind == NodeKind::Job { Index::JobNamespace } else { Index::DatasetNamespace }
    }
}

/// An entry of the name index: one text, or namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey {
    /// Which listing.
    pub index: Index,
    /// The text searched for, or the namespace; at most [`TEXT_BYTES_MAX`] bytes of it.
    pub text: String,
    /// The name within the namespace, or the column as written; empty in the other listings.
    pub name: String,
    /// The node.
    pub node: NodeId,
}

impl Key for NameKey {
    fn bytes(&self) -> KeyBytes {
        prefix(&[&[self.index as u8], &terminated(&self.text), &terminated(&self.name), &self.node.0])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&index, rest) = bytes.split_first()?;
        let (text, rest) = take_text(rest)?;
        let (name, rest) = take_text(rest)?;
        Some(NameKey { index: Index::of(index)?, text, name, node: NodeId(rest.try_into().ok()?) })
    }
}
