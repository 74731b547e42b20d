//! The fold's tables by number. Owns which number is taken; never what a row looks like.

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
    /// [`UseKey`] → `UseRow`: what runs said of the datasets they used, newest run first.
    Use = 15,
    /// [`ChangeKey`] → `ChangeRow`: what became of a dataset as such, by kind of change, newest first.
    Change = 16,
    /// [`HistoryKey`] → `HistoryRow`: what jobs and datasets said before.
    History = 17,
}

impl Table {
    /// Every table, in the order of its number.
    pub const ALL: [Table; 17] = [
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
        Table::Use,
        Table::Change,
        Table::History,
    ];
}
