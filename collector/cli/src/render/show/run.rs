//! A run, and how it used its datasets.

use server::http::model::{DatasetUse, Run, RunState, Statistics};

use super::{facets, fact, lines};
use crate::output::{BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::pairs;
use crate::render::time::short;
use crate::render::tree::label;

/// A run's state, in its colour.
pub fn state(state: RunState) -> String {
    match state {
        RunState::Placeholder => "never heard of".to_owned(),
        RunState::Unknown => "unknown".to_owned(),
        RunState::Started => painted("started", DOUBTFUL),
        RunState::Running => painted("running", DOUBTFUL),
        RunState::Completed => painted("completed", GOOD),
        RunState::Failed => painted("failed", BAD),
        RunState::Aborted => painted("aborted", DOUBTFUL),
    }
}

/// The run as text.
pub fn run(run: &Run) -> String {
    let (summary, about) = (&run.summary, &run.about);
    let finding =
        |finding: &server::http::model::Finding| format!("{} {} at {}", finding.grade, finding.code, finding.path);
    let engine = about.engine.as_ref().map(|engine| {
        let adapter = engine.adapter.as_ref().map(|adapter| format!("adapter {adapter}"));
        fact::row([Some(format!("{} {}", engine.name.as_deref().unwrap_or("version"), engine.version)), adapter])
    });
    let window = about.nominal_time.map(|window| match window.end {
        Some(end) => format!("{} to {}", short(window.start), short(end)),
        None => short(window.start),
    });
    let query = about.external_query.as_ref().map(|query| format!("{} in {}", query.id, query.source));
    let extraction = about
        .extraction_error
        .map(|error| painted(&format!("missing of {} of {} tasks", error.failed, error.tasks), DOUBTFUL));
    let test = |test: &server::http::model::TestResult| {
        let colour = if test.status == "fail" { BAD } else { GOOD };
        fact::row([Some(format!("{}  {}", painted(&test.status, colour), test.name)), test.severity.clone()])
    };
    let [actor, approvals, export, deployment] = fact::custody(&run.custody);
    let leaves: Vec<String> = run.leaves.iter().map(u64::to_string).collect();
    pairs(&[
        ("run", summary.run_id.clone()),
        ("job", format!("{}  ({})", summary.job.name, summary.job.namespace)),
        ("state", state(summary.state)),
        ("error", run.error.clone().unwrap_or_default()),
        ("started", summary.started_at.map(short).unwrap_or_default()),
        ("ended", summary.ended_at.map(short).unwrap_or_default()),
        ("window", window.unwrap_or_default()),
        ("parent", summary.parent_run_id.clone().unwrap_or_default()),
        ("children", run.children.join("\n")),
        ("inputs", lines(&run.inputs, used_dataset)),
        ("outputs", lines(&run.outputs, used_dataset)),
        ("lineage", extraction.unwrap_or_default()),
        actor,
        approvals,
        export,
        deployment,
        ("engine", engine.unwrap_or_default()),
        ("query", query.unwrap_or_default()),
        ("tags", fact::row(about.tags.iter().map(|tag| Some(fact::tag(tag))))),
        ("tests", lines(&about.tests, test)),
        ("records", lines(&about.records, fact::records)),
        ("cut", run.cut.join(", ")),
        ("facets", facets(&run.facets)),
        ("findings", lines(&run.findings, finding)),
        ("leaves", leaves.join(", ")),
    ])
}

/// A dataset, and below it what is known of its use.
fn used_dataset(dataset: &DatasetUse) -> String {
    let used = used(dataset);
    let below: String = used.lines().map(|line| format!("\n  {line}")).collect();
    format!("{}{below}", label(&dataset.node))
}

/// What is known of one use of a dataset, a line each.
pub fn used(used: &DatasetUse) -> String {
    let figures = fact::statistics(&Statistics { rows: used.rows, bytes: used.bytes, files: used.files });
    let declared = || used.version.as_ref().map(|version| format!("version {version:?}"));
    let version = match (&used.written, &used.read) {
        (Some(version), _) => Some(format!("version {}", fact::version_name(version))),
        (None, Some(read)) => match &read.version {
            Some(version) => {
                let assumed = if read.assumed { ", assumed" } else { "" };
                Some(format!("version {} of {}{assumed}", fact::version_name(version), short(version.at)))
            }
            None => declared(),
        },
        (None, None) => declared(),
    };
    let subset = used.subset.as_ref().map(|subset| format!("where {}", fact::excerpt(subset)));
    let parts = [Some(figures), version, subset].into_iter().flatten();
    let parts = parts
        .chain(used.digests.iter().map(fact::digest))
        .chain(used.records.iter().map(fact::records))
        .chain(used.assertions.iter().map(|one| fact::assertion(one, None)));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}
