//! Keys of fixed-width parts, one for each table that has such.

use super::part::{Digest, Part, ProducerId, take};
use super::{Class, Key, KeyBytes, LifeChange, Link, NewestFirst, Side};
use crate::id::{AlertId, NodeId, RunId};
use crate::row::{FacetKey, FlowId};

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
fixed_key! {
    /// A dataset on one side of a run.
    UseKey { /// The dataset.
        dataset: NodeId = 16, /// The side.
        side: Side = 1, /// Least event time of the run.
        started: NewestFirst = 8, /// The run's job.
        job: NodeId = 16, /// The run.
        run: RunId = 16 }
}
fixed_key! {
    /// A change of a dataset's life.
    ChangeKey { /// The dataset.
        dataset: NodeId = 16, /// What happened.
        change: LifeChange = 1, /// Event time.
        time: NewestFirst = 8, /// Made of the event id.
        event: RunId = 16 }
}
fixed_key! {
    /// Something a node said before.
    HistoryKey { /// The node.
        node: NodeId = 16, /// The facet, by number.
        facet: FacetKey = 1, /// Digest of what it said.
        digest: Digest = 16 }
}
