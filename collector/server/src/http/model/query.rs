//! Parameters of questions. An unknown parameter is an error: a slip in a filter would otherwise answer another
//! question.

use super::{AlertState, NodeKind, RunState, Severity, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A question about one thing that its path names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    /// Ledger size or position the answer must cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

/// `ledger prove`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProofQuery {
    /// An event id (64 hexadecimal digits), a leaf's index, `run:UUID`, `dataset:NAMESPACE:NAME`, `alert:ID`, two nodes as
    /// `NODE -> NODE` for an edge, or `keys`.
    pub subject: String,
    /// With openings and bodies, where the caller may read them.
    #[serde(default)]
    pub bodies: bool,
    /// Ledger size or position the answer must cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

/// `ledger consistency`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// Leaves of the smaller tree; at least 1.
    pub old: u64,
    /// Leaves of the larger tree; those of the newest published checkpoint when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    /// Ledger size or position the answer must cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

/// A question about one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NodeQuery {
    /// NODE text, with or without its kind.
    pub node: String,
    /// Ledger size or position the answer must cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

/// `lineage upstream|downstream`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LineageQuery {
    /// NODE text, with or without its kind.
    pub node: String,
    /// Dataset hops, 1 to 1000; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// Nodes in the answer, 1 to 100000; 10000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes_max: Option<u32>,
    /// Of a dataset: walk each of its columns. A column is walked as one anyway.
    #[serde(default)]
    pub columns: bool,
    /// Edges that ever were, not only current ones.
    #[serde(default)]
    pub ever: bool,
    /// As it was at this event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Time>,
    /// As it was known at this time of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_at: Option<Time>,
    /// Ledger size or position the answer must cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

impl LineageQuery {
    /// Bounds of `depth`.
    pub const DEPTH_MAX: u32 = 1_000;
    /// Bounds of `nodes_max`.
    pub const NODES_MAX: u32 = 100_000;

    /// The depth asked for, or the default.
    pub fn depth(&self) -> u32 {
        self.depth.unwrap_or(20)
    }

    /// The bound on nodes asked for, or the default.
    pub fn nodes_max(&self) -> u32 {
        self.nodes_max.unwrap_or(10_000)
    }
}

/// Where a list that grows begins when no cursor is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// At its first row.
    #[default]
    Start,
    /// Behind its last row: for whoever waits for news.
    End,
}

/// Parameters that choose a part of an answer, not another answer: a cursor stays good when they change.
const PAGING: [&str; 5] = ["cursor", "limit", "at_least", "from", "wait_ms"];

/// Declares a list's question: its own filters, then what every list takes.
macro_rules! list_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)*
            /// From an earlier answer's `next`; only for the same question.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cursor: Option<String>,
            /// Rows of a page, at most `http.page_rows_max`; 100 when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub limit: Option<u32>,
            /// Ledger size or position the answer must cover.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at_least: Option<String>,
        }

        impl Listing for $name {
            fn paging(&self) -> Paging<'_> {
                Paging { cursor: self.cursor.as_deref(), limit: self.limit, at_least: self.at_least.as_deref() }
            }
            fn filter(&self) -> String {
                let mut members = serde_json::to_value(self).unwrap_or_default();
                if let Some(members) = members.as_object_mut() {
                    members.retain(|name, _| !PAGING.contains(&name.as_str()));
                }
                members.to_string()
            }
        }
    };
}

/// What every list's question holds.
#[derive(Debug, Clone, Copy)]
pub struct Paging<'q> {
    /// As given.
    pub cursor: Option<&'q str>,
    /// As given.
    pub limit: Option<u32>,
    /// As given.
    pub at_least: Option<&'q str>,
}

/// A question that a list answers.
pub trait Listing {
    /// The parts that every list takes.
    fn paging(&self) -> Paging<'_>;
    /// The filters, as text: what a cursor is bound to.
    fn filter(&self) -> String;
}

list_query! {
    /// `run list`
    RunsQuery {
        /// Only this job's: NODE text.
        job: String,
        /// Only in this state.
        state: RunState,
        /// Only those heard of at this event time or later.
        since: Time,
    }
}

list_query! {
    /// `job list`, `dataset list`
    NodesQuery {
        /// Only of this namespace.
        namespace: String,
        /// Only names that begin so.
        prefix: String,
    }
}

list_query! {
    /// `search`
    SearchQuery {
        /// The beginning of a name, or of a part of it.
        q: String,
        /// Only of this kind.
        kind: NodeKind,
    }
}

list_query! {
    /// `events tail`
    EventsQuery {
        /// Only this run's: UUID.
        run: String,
        /// Only this job's: NODE text.
        job: String,
        /// Only leaves of this kind: `event`, `control`, `rejections`, …
        kind: String,
        /// The newest first, back to the first leaf; without `from` and `wait_ms`.
        newest: bool,
        /// Where to begin without a cursor.
        from: From,
        /// With no rows to give, wait this long for one, at most `http.wait_ms_max`.
        wait_ms: u64,
    }
}

list_query! {
    /// `alerts list`, `alerts watch`
    AlertsQuery {
        /// Only messages of this state.
        state: AlertState,
        /// Only this bad, or worse.
        severity: Severity,
        /// Only of this rule.
        rule: String,
        /// Only those that began at this event time or later.
        since: Time,
        /// Alerts in their newest state, the newest first, instead of messages; without `from` and `wait_ms`.
        newest: bool,
        /// Where to begin without a cursor.
        from: From,
        /// With no rows to give, wait this long for one, at most `http.wait_ms_max`.
        wait_ms: u64,
    }
}

list_query! {
    /// `rejected list`
    RejectedQuery {
        /// Only with this code.
        code: String,
        /// Only from this source: a topic, or `http`.
        source: String,
        /// Only those received at this time or later.
        since: Time,
    }
}
