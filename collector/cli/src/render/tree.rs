//! A lineage answer as a tree: each dataset below what it feeds (or what fed it), by which job, when last, in which state.
//! A node that was shown before is named again and not walked again.

use std::collections::{BTreeMap, BTreeSet};

use server::http::model::{
    CutReason, Direction, EdgeState, Evidence, Lineage, LineageEdge, LineageNode, Node, NodeKind,
};

use super::time;
use crate::output::{ASIDE, BAD, DOUBTFUL, STRONG, painted};

/// Lines at most: what is longer is asked for as JSON.
const LINES_MAX: usize = 2_000;

/// The tree as text.
pub fn tree(answer: &Lineage, now_ns: i64) -> String {
    let mut tree = Tree::new(answer, now_ns);
    let root = &answer.root;
    let owners = tree.nodes.get(root.id.as_str()).map(|node| owned(node)).unwrap_or_default();
    tree.lines.push(format!("{}{owners}", painted(&label(root), STRONG)));
    tree.below(&root.id, "");
    for column in answer.nodes.iter().filter(|node| node.depth == 0 && node.node.id != root.id) {
        tree.lines.push(format!("· {}", label(&column.node)));
        tree.shown.insert(&column.node.id);
        tree.below(&column.node.id, "  ");
    }
    if tree.lines.len() == 1 {
        tree.lines.push(match answer.direction {
            Direction::Upstream => "└─ nothing feeds it, as far as is known".to_owned(),
            Direction::Downstream => "└─ it feeds nothing, as far as is known".to_owned(),
        });
    }
    if let Some(cut) = &answer.cut {
        let bound = match cut.reason {
            CutReason::Depth => "--depth",
            CutReason::Nodes => "the bound on nodes",
            CutReason::Edges => "the bound on edges",
            CutReason::Time => "the bound on time",
        };
        let from: Vec<String> = cut.frontier.iter().take(5).map(label).collect();
        tree.lines
            .push(painted(&format!("… not all: cut short by {bound}; it goes on from {}", from.join(", ")), DOUBTFUL));
    }
    tree.lines.join("\n")
}

/// How a node is named to people: what it is, its name, where it lives.
pub fn label(node: &Node) -> String {
    match node.kind {
        NodeKind::Run => format!("run {}", node.name),
        NodeKind::Partition | NodeKind::Ledger => node.id.clone(),
        NodeKind::Job => format!("job {}  ({})", node.name, node.namespace),
        NodeKind::Dataset => format!("{}  ({})", node.name, node.namespace),
        NodeKind::Column => {
            format!("{}.{}  ({})", node.name, node.field.as_deref().unwrap_or_default(), node.namespace)
        }
    }
}

struct Tree<'a> {
    answer: &'a Lineage,
    nodes: BTreeMap<&'a str, &'a LineageNode>,
    edges: BTreeMap<&'a str, Vec<&'a LineageEdge>>,
    shown: BTreeSet<&'a str>,
    lines: Vec<String>,
    now_ns: i64,
}

impl<'a> Tree<'a> {
    fn new(answer: &'a Lineage, now_ns: i64) -> Self {
        let mut edges: BTreeMap<&str, Vec<&LineageEdge>> = BTreeMap::new();
        for edge in &answer.edges {
            let near = if answer.direction == Direction::Upstream { &edge.to } else { &edge.from };
            edges.entry(near).or_default().push(edge);
        }
        let nodes = answer.nodes.iter().map(|node| (node.node.id.as_str(), node)).collect();
        Tree { answer, nodes, edges, shown: BTreeSet::from([answer.root.id.as_str()]), lines: Vec::new(), now_ns }
    }

    fn below(&mut self, node: &str, indent: &str) {
        let edges = self.edges.get(node).cloned().unwrap_or_default();
        let last = edges.len().saturating_sub(1);
        for (number, edge) in edges.into_iter().enumerate() {
            if self.lines.len() >= LINES_MAX {
                self.lines.push(format!("{indent}… more than {LINES_MAX} lines: ask with -o json"));
                return;
            }
            let far = if self.answer.direction == Direction::Upstream { &edge.from } else { &edge.to };
            let (branch, deeper) = if number == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let known = self.nodes.get(far.as_str());
            let name = known.map_or_else(|| far.clone(), |node| label(&node.node));
            let owners = known.map(|node| owned(node)).unwrap_or_default();
            let first = self.shown.insert(far.as_str());
            let again = if first { "" } else { "  (above)" };
            self.lines.push(format!("{indent}{branch}{name}{owners}  {}{again}", self.says(edge)));
            if first {
                self.below(far, &format!("{indent}{deeper}"));
            }
        }
    }

    /// By which job, how it is known, in which state, when last.
    fn says(&self, edge: &LineageEdge) -> String {
        let mut parts = Vec::new();
        if let Some(job) = &edge.job {
            let job = self.nodes.get(job.as_str()).map_or(job.as_str(), |node| node.node.name.as_str());
            parts.push(format!("by {}", job.strip_prefix("job:").unwrap_or(job)));
        }
        if let Some(via) = &edge.via {
            parts.push(format!("via {via}"));
        }
        parts.extend(edge.transformations.iter().cloned());
        parts.push(time::ago(edge.last_seen, self.now_ns));
        let aside = painted(&parts.join(" · "), ASIDE);
        let evidence = match edge.evidence {
            Evidence::Observed => None,
            Evidence::Declared => Some("declared"),
            Evidence::Inferred => Some("inferred"),
        };
        let state = match edge.state {
            EdgeState::Current => None,
            EdgeState::InProgress => Some(painted("in progress", DOUBTFUL)),
            EdgeState::Attempted => Some(painted("attempted", BAD)),
            EdgeState::Historical => Some(painted("historical", ASIDE)),
        };
        let marks: Vec<String> =
            state.into_iter().chain(evidence.map(str::to_owned)).map(|mark| format!("  [{mark}]")).collect();
        format!("{aside}{}", marks.concat())
    }
}

fn owned(node: &LineageNode) -> String {
    if node.owners.is_empty() {
        String::new()
    } else {
        painted(&format!("  owned by {}", node.owners.join(", ")), ASIDE)
    }
}

#[cfg(test)]
mod tests {
    use server::http::model::{EdgeKind, Time};

    use super::*;

    const NOW_NS: i64 = 1_772_344_830_000_000_000;

    fn answer(direction: Direction, pairs: &[(&str, &str, EdgeState)]) -> Lineage {
        let node = |name: &str| Node::dataset("db", name);
        let edge = |(from, to, state): &(&str, &str, EdgeState)| LineageEdge {
            from: node(from).id,
            to: node(to).id,
            kind: EdgeKind::Derives,
            evidence: Evidence::Observed,
            state: *state,
            job: Some(Node::job("etl", "load").id),
            run: None,
            via: None,
            transformations: vec![],
            first_seen: Time(NOW_NS - 60_000_000_000),
            last_seen: Time(NOW_NS - 60_000_000_000),
            count: 1,
            leaves: None,
        };
        let names: BTreeSet<&str> = pairs.iter().flat_map(|(from, to, _)| [*from, *to]).chain(["root"]).collect();
        let reached = |name: &&str| LineageNode {
            node: node(name),
            depth: 1,
            last_seen: None,
            state: None,
            owners: if *name == "owned" { vec!["team:shop".to_owned()] } else { vec![] },
        };
        Lineage {
            root: node("root"),
            direction,
            complete: true,
            cut: None,
            nodes: names.iter().map(reached).collect(),
            edges: pairs.iter().map(edge).collect(),
        }
    }

    fn check(direction: Direction, pairs: &[(&str, &str, EdgeState)], expected: &str) {
        let said = "  by etl:load · 1 min ago (2026-03-01 05:59:30Z)";
        assert_eq!(tree(&answer(direction, pairs), NOW_NS).replace(said, ""), expected);
    }

    #[test]
    fn trees_read_from_the_root_away() {
        use EdgeState::{Attempted, Current};
        check(Direction::Upstream, &[], "root  (db)\n└─ nothing feeds it, as far as is known");
        check(
            Direction::Upstream,
            &[("a", "root", Current), ("owned", "root", Attempted), ("c", "a", Current)],
            "root  (db)\n├─ a  (db)\n│  └─ c  (db)\n└─ owned  (db)  owned by team:shop  [attempted]",
        );
        check(
            Direction::Downstream,
            &[("root", "a", Current), ("root", "b", Current), ("a", "c", Current), ("b", "c", Current)],
            "root  (db)\n├─ a  (db)\n│  └─ c  (db)\n└─ b  (db)\n   └─ c  (db)  (above)",
        );
        check(Direction::Upstream, &[("root", "root", Current)], "root  (db)\n└─ root  (db)  (above)");
    }
}
