//! One event as JSON, in the manner of the engine that ran the job, and about as long as its class wants it.
//! Own shapes: no text of any client is copied.

use std::fmt::Write as _;

use super::facet;
use super::random::Random;
use super::world::{Job, Table, World};

/// What one event tells of.
pub struct Subject<'a> {
    /// The estate.
    pub world: &'a World,
    /// The job.
    pub job: &'a Job,
    /// Its run.
    pub run: &'a str,
    /// Id of the run above it.
    pub parent: &'a str,
    /// OpenLineage's event type.
    pub event: &'static str,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// About how long to become.
    pub bytes: usize,
    /// A table of hundreds of columns to read as well.
    pub wide: Option<&'a Table>,
}

/// Events shorter than this carry next to no facets.
const SMALL_BYTES_MAX: usize = 1_000;
/// Events shorter than this carry what is usual, cut short.
const MIDDLE_BYTES_MAX: usize = 5_000;

impl Subject<'_> {
    /// Whether it is of the middle class, or smaller.
    pub fn is_middle(&self) -> bool {
        self.bytes < MIDDLE_BYTES_MAX
    }
}

/// Writes the event.
pub fn write(subject: &Subject<'_>, random: &mut Random) -> String {
    let mut out = String::with_capacity(subject.bytes + 1_024);
    let small = subject.bytes < SMALL_BYTES_MAX;
    let producer = facet::producer(subject.job.engine);
    let _ = write!(
        out,
        r#"{{"eventType":"{}","eventTime":"{}","producer":"{producer}","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent","run":{{"runId":"{}""#,
        subject.event,
        facet::time(subject.at_ms),
        subject.run
    );
    let mut facets = Vec::new();
    if subject.event == "FAIL" {
        facets.push(facet::failure(subject, random));
    }
    if !small {
        facets.push(facet::parent(subject));
        facets.push(facet::engine(subject, random));
    }
    if !facets.is_empty() {
        let _ = write!(out, r#","facets":{{{}}}"#, facets.join(","));
    }
    let _ = write!(out, r#"}},"job":{{"namespace":"{}","name":"{}""#, subject.job.namespace, subject.job.name);
    if !small {
        let _ = write!(out, r#","facets":{{{}}}"#, facet::job(subject));
    }
    out.push_str(r#"},"inputs":["#);
    datasets(&mut out, subject, random, small);
    out.push('}');
    out
}

/// Inputs, then the output; schemas while there is room for them, then properties up to the wanted length.
fn datasets(out: &mut String, subject: &Subject<'_>, random: &mut Random, small: bool) {
    let tables = &subject.world.tables;
    let inputs: Vec<&Table> = subject.job.inputs.iter().map(|input| &tables[*input]).chain(subject.wide).collect();
    // The output's columns and their lineage take about as much as everything else together.
    let half = match subject.is_middle() {
        true => subject.bytes * 2 / 5,
        false => out.len() + subject.bytes.saturating_sub(out.len()) * 2 / 5,
    };
    for (at, table) in inputs.iter().enumerate().take(if small { 1 } else { inputs.len() }) {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(out, r#"{comma}{{"namespace":"{}","name":"{}""#, table.namespace, table.name);
        if !small && (subject.wide.is_some() || out.len() < half) {
            let _ = write!(out, r#","facets":{{{}"#, facet::schema(subject, table));
            if !subject.is_middle() {
                let _ = write!(out, r#",{}"#, facet::source(subject, table));
            }
            out.push('}');
            if !subject.is_middle() {
                let _ = write!(out, r#","inputFacets":{{{}}}"#, facet::input_statistics(subject, random));
            }
        }
        out.push('}');
    }
    let output = &tables[subject.job.output];
    let _ = write!(out, r#"],"outputs":[{{"namespace":"{}","name":"{}""#, output.namespace, output.name);
    if !small {
        let _ = write!(out, r#","facets":{{{},{}"#, facet::schema(subject, output), facet::version(subject, random));
        let room = subject.bytes.saturating_sub(out.len() + 500 + subject.bytes / 15);
        if room > 600 {
            let lineage = facet::column_lineage(subject, &inputs, output, room);
            let _ = write!(out, r#",{lineage}"#);
        }
        let _ = write!(out, r#"}},"outputFacets":{{{}}}"#, facet::output_statistics(subject, random));
    }
    out.push_str("}]");
}
