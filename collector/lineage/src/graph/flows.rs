//! From an event's datasets and lineage facets to flows. Owns what an explicit facet replaces: it explains its target, and
//! the product of the sets then does not count for that one.

use super::name::index_column;
use super::touched::Touched;
use crate::context::{Context, short};
use crate::facts::{Column, ColumnSource, Dataset, EndpointKind, Facts, LineageEntry, LineageSource, Transformation};
use crate::id::NodeId;
use crate::row::key::{FlowKey, Link, Side};
use crate::row::{self, ColumnLink, FlowId, FlowRow, State};

/// Context of a flow's digest.
const CONTEXT: &str = "ledgerline v1 flow";

/// A flow's id: the digest of its row.
pub fn flow_id(flow: &[u8]) -> FlowId {
    static DIGEST: Context = Context::new(CONTEXT);
    let mut hasher = DIGEST.hasher();
    hasher.update(flow);
    FlowId(short(&hasher))
}

/// Stores a flow of a job unless it is there.
///
/// # Errors
/// The store's own.
pub fn put_flow<S: State>(state: &mut S, job: NodeId, flow: &FlowRow) -> Result<FlowId, S::Error> {
    let id = flow_id(&row::Row::encode(flow));
    let key = FlowKey { job, flow: id };
    if !row::has::<FlowRow, S>(state, &key)? {
        row::put(state, &key, flow)?;
        index_links(state, flow)?;
    }
    Ok(id)
}

/// What became of a dataset that was added to [`Sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was there.
    Known,
    /// Facets had cited it; now it is an input or output itself.
    Promoted,
    /// It was not there on that side.
    Fresh,
}

/// Puts the columns of column lineage into the name index, also those of a facet that came too late to stand.
///
/// # Errors
/// The store's own.
pub fn index_links<S: State>(state: &mut S, flow: &FlowRow) -> Result<(), S::Error> {
    let FlowRow::Columns { target, links } = flow else { return Ok(()) };
    for link in links {
        for (node, field) in [(*target, &link.field), (link.source, &link.source_field)] {
            if let Some(field) = field {
                index_column(state, node, field)?;
            }
        }
    }
    Ok(())
}

/// All that a run or declaration named, by role; each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// Inputs.
    pub inputs: Vec<NodeId>,
    /// Outputs.
    pub outputs: Vec<NodeId>,
    /// Named by facets only, as sources.
    pub cited_inputs: Vec<NodeId>,
    /// Named by facets only, as targets.
    pub cited_outputs: Vec<NodeId>,
}

impl Sets {
    /// Datasets that one list keeps: the least ids, so that what is kept does not depend on what came first. Intake finds
    /// fault with an event beyond it.
    pub const DATASETS_MAX: usize = 4096;

    /// The sets of a stored flow.
    pub fn of(flow: FlowRow) -> Sets {
        match flow {
            FlowRow::Sets { inputs, outputs, cited_inputs, cited_outputs, .. } => {
                Sets { inputs, outputs, cited_inputs, cited_outputs }
            }
            FlowRow::Pairs { .. } | FlowRow::Columns { .. } => Sets::default(),
        }
    }

    /// Adds a dataset on a side.
    pub fn add(&mut self, node: NodeId, side: Side, cited: bool) -> Added {
        let (named, only_cited) = match side {
            Side::Input => (&mut self.inputs, &mut self.cited_inputs),
            Side::Output => (&mut self.outputs, &mut self.cited_outputs),
        };
        let was_named = named.binary_search(&node).is_ok();
        let was_cited = only_cited.binary_search(&node);
        match (cited, was_named, was_cited) {
            (_, true, _) | (true, false, Ok(_)) => Added::Known,
            (true, false, Err(at)) => {
                insert(only_cited, at, node);
                Added::Fresh
            }
            (false, false, was_cited) => {
                if let Ok(at) = was_cited {
                    only_cited.remove(at);
                }
                let at = named.partition_point(|other| *other < node);
                insert(named, at, node);
                if was_cited.is_ok() { Added::Promoted } else { Added::Fresh }
            }
        }
    }

    /// Datasets in all.
    pub fn len(&self) -> usize {
        self.inputs.len() + self.outputs.len() + self.cited_inputs.len() + self.cited_outputs.len()
    }

    /// Whether nothing was named.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a dataset is on a side, named or cited.
    pub fn holds(&self, node: NodeId, side: Side) -> bool {
        let (named, only_cited) = match side {
            Side::Input => (&self.inputs, &self.cited_inputs),
            Side::Output => (&self.outputs, &self.cited_outputs),
        };
        named.binary_search(&node).is_ok() || only_cited.binary_search(&node).is_ok()
    }

    /// Every dataset with its side.
    pub fn named(&self) -> impl Iterator<Item = (Side, NodeId)> {
        let side = |side, list: &'_ [NodeId]| list.iter().map(move |node| (side, *node)).collect::<Vec<_>>();
        [
            side(Side::Input, &self.inputs),
            side(Side::Input, &self.cited_inputs),
            side(Side::Output, &self.outputs),
            side(Side::Output, &self.cited_outputs),
        ]
        .into_iter()
        .flatten()
    }

    /// The flow of these sets, given the targets that facets explain; `None` when nothing was named.
    pub fn flow(self, mut explained: Vec<NodeId>) -> Option<FlowRow> {
        let Sets { inputs, outputs, cited_inputs, cited_outputs } = self;
        explained.sort_unstable();
        explained.dedup();
        explained.retain(|target| outputs.binary_search(target).is_ok());
        let empty = [&inputs, &outputs, &cited_inputs, &cited_outputs].iter().all(|list| list.is_empty());
        (!empty).then_some(FlowRow::Sets { inputs, outputs, explained, cited_inputs, cited_outputs })
    }
}

fn insert(list: &mut Vec<NodeId>, at: usize, node: NodeId) {
    list.insert(at, node);
    list.truncate(Sets::DATASETS_MAX);
}

/// What one lineage facet of an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The node that carries the facet.
    pub node: NodeId,
    /// True for `columnLineage`.
    pub columns: bool,
    /// What it makes; empty also when it was deleted.
    pub flows: Vec<FlowRow>,
    /// Targets that it explains.
    pub explained: Vec<NodeId>,
    /// It says something about inputs, if only that there are none.
    pub declares_inputs: bool,
}

/// The lineage facets of an event, and through `touched` every dataset that it names.
pub struct Lineages;

impl Lineages {
    /// Reads them. `own` is the event's job.
    pub fn read<'a>(facts: &'a Facts<'a>, own: Option<NodeId>, touched: &mut Touched<'a>) -> Vec<Said> {
        for (side, list, place) in
            [(Side::Input, &facts.inputs, "$.inputs"), (Side::Output, &facts.outputs, "$.outputs")]
        {
            for (at, dataset) in list.iter().enumerate() {
                let node = touched.dataset_id(dataset.namespace, dataset.name);
                touched.add(node, side, false, inferred(facts, place, at));
            }
        }
        let mut said = Vec::new();
        if let (Some(job), Some(own)) = (&facts.job, own) {
            match &job.lineage {
                Some(entries) => said.push(explicit(own, Some(own), entries, touched)),
                None if job.deleted.contains(&"lineage") => said.push(deleted(own, false)),
                None => {}
            }
        }
        for dataset in facts.inputs.iter().chain(&facts.outputs).chain(&facts.dataset) {
            of_dataset(dataset, own, touched, &mut said);
        }
        said
    }
}

fn inferred(facts: &Facts<'_>, place: &str, at: usize) -> bool {
    facts.inferred.iter().any(|path| {
        let index = path.strip_prefix(place).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
        index.is_some_and(|index| index.parse() == Ok(at))
    })
}

fn deleted(node: NodeId, columns: bool) -> Said {
    Said { node, columns, flows: Vec::new(), explained: Vec::new(), declares_inputs: false }
}

fn of_dataset<'a>(dataset: &'a Dataset<'a>, own: Option<NodeId>, touched: &mut Touched<'a>, said: &mut Vec<Said>) {
    let node = touched.dataset_id(dataset.namespace, dataset.name);
    match &dataset.lineage {
        Some(entries) => said.push(explicit(node, own, entries, touched)),
        None if dataset.deleted.contains(&"lineage") => said.push(deleted(node, false)),
        None => {}
    }
    if dataset.columns.is_some() || !dataset.column_dataset.is_empty() {
        let fields = dataset.columns.as_deref().unwrap_or_default();
        said.push(columns(node, fields, &dataset.column_dataset, touched));
    } else if dataset.deleted.contains(&"columnLineage") {
        said.push(deleted(node, true));
    }
}

/// `columnLineage` of one target.
fn columns<'a>(
    target: NodeId,
    fields: &'a [Column<'a>],
    whole: &'a [ColumnSource<'a>],
    touched: &mut Touched<'a>,
) -> Said {
    let mut links = Vec::new();
    let mut link = |field: Option<&str>, source: &'a ColumnSource<'a>| {
        let node = touched.dataset_id(source.namespace, source.name);
        touched.add(node, Side::Input, true, false);
        links.push(ColumnLink {
            field: field.map(str::to_owned),
            source: node,
            source_field: Some(source.field.to_owned()),
            transformations: steps(&source.transformations),
        });
    };
    for column in fields {
        for source in &column.inputs {
            link(Some(column.field), source);
        }
    }
    for source in whole {
        link(None, source);
    }
    touched.add(target, Side::Output, true, false);
    links.sort_unstable();
    links.dedup();
    let declares_inputs = !links.is_empty();
    Said {
        node: target,
        columns: true,
        flows: vec![FlowRow::Columns { target, links }],
        explained: vec![],
        declares_inputs,
    }
}

/// `lineage` as carried by `node`.
fn explicit<'a>(node: NodeId, own: Option<NodeId>, entries: &'a [LineageEntry<'a>], touched: &mut Touched<'a>) -> Said {
    let mut said = Said { node, columns: false, flows: Vec::new(), explained: Vec::new(), declares_inputs: false };
    for entry in entries {
        let target = match entry.target.kind {
            EndpointKind::Dataset => touched.dataset_id(entry.target.namespace, entry.target.name),
            EndpointKind::Job => touched.job_id(entry.target.namespace, entry.target.name),
        };
        let sources = entry.inputs.as_deref().unwrap_or_default();
        let says_inputs = entry.inputs.is_some() || !entry.fields.is_empty();
        said.declares_inputs |= says_inputs;
        if entry.target.kind == EndpointKind::Job && Some(target) == own {
            into_own_job(target, sources, touched);
            continue;
        }
        if entry.target.kind == EndpointKind::Dataset {
            touched.add(target, Side::Output, true, false);
        }
        if !says_inputs {
            continue;
        }
        let mut pair = Pair { own, sources: Vec::new(), from_own: false, links: Vec::new() };
        for source in sources {
            pair.add(None, source, touched);
        }
        for field in &entry.fields {
            for source in &field.inputs {
                pair.add(Some(field.field), source, touched);
            }
        }
        // A target that the job as a whole feeds keeps the product; its named sources come on top.
        if !pair.from_own {
            said.explained.push(target);
        }
        pair.sources.sort_unstable();
        pair.sources.dedup();
        said.flows.push(FlowRow::Pairs { target, sources: pair.sources });
        if !pair.links.is_empty() {
            pair.links.sort_unstable();
            pair.links.dedup();
            said.flows.push(FlowRow::Columns { target, links: pair.links });
        }
    }
    said.explained.sort_unstable();
    said.explained.dedup();
    said
}

/// The job itself is the target: its sources are inputs like any other, and other jobs run before it.
fn into_own_job<'a>(own: NodeId, sources: &'a [LineageSource<'a>], touched: &mut Touched<'a>) {
    for source in sources {
        let endpoint = &source.endpoint;
        match endpoint.kind {
            EndpointKind::Dataset => {
                let node = touched.dataset_id(endpoint.namespace, endpoint.name);
                touched.add(node, Side::Input, false, false);
            }
            EndpointKind::Job => {
                let other = touched.job_id(endpoint.namespace, endpoint.name);
                if other != own {
                    touched.link(other, Link::Before, own);
                }
            }
        }
    }
}

/// The sources of one explicit target.
struct Pair {
    own: Option<NodeId>,
    sources: Vec<NodeId>,
    from_own: bool,
    links: Vec<ColumnLink>,
}

impl Pair {
    fn add<'a>(&mut self, field: Option<&str>, source: &'a LineageSource<'a>, touched: &mut Touched<'a>) {
        let endpoint = &source.endpoint;
        let node = match endpoint.kind {
            EndpointKind::Dataset => touched.dataset_id(endpoint.namespace, endpoint.name),
            EndpointKind::Job => touched.job_id(endpoint.namespace, endpoint.name),
        };
        if endpoint.kind == EndpointKind::Job {
            if Some(node) == self.own {
                self.from_own = true;
            } else {
                self.sources.push(node);
            }
            return;
        }
        touched.add(node, Side::Input, true, false);
        self.sources.push(node);
        if field.is_some() || source.field.is_some() {
            self.links.push(ColumnLink {
                field: field.map(str::to_owned),
                source: node,
                source_field: source.field.map(str::to_owned),
                transformations: steps(&source.transformations),
            });
        }
    }
}

fn steps(transformations: &[Transformation<'_>]) -> Vec<String> {
    let mut steps: Vec<String> = transformations
        .iter()
        .map(|step| {
            let subtype = step.subtype.map(|subtype| format!(":{subtype}")).unwrap_or_default();
            format!("{}{subtype}{}", step.kind, if step.masking { "+masked" } else { "" })
        })
        .collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}
