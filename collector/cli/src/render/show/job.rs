//! A job.

use server::http::model::{Job, RunSummary};

use super::{facets, fact, lines, nodes, state};
use crate::render::table::pairs;
use crate::render::time::{ago, short};

/// The job as text.
pub fn job(job: &Job, now_ns: i64) -> String {
    let about = &job.about;
    let kind = about.kind.as_ref().map(|kind| {
        fact::row([kind.kind.clone(), Some(kind.processing.to_lowercase()), Some(kind.integration.to_lowercase())])
    });
    let location = about.source_location.as_ref().map(|place| {
        let path = place.path.as_ref().filter(|path| !place.url.contains(path.as_str()));
        fact::row([Some(place.url.clone()), path.cloned(), place.branch.clone(), place.version.clone()])
    });
    let code = about.source_code.as_ref().map(|code| format!("{}\n{}", code.language, fact::excerpt(&code.code)));
    let latest = |run: &RunSummary| format!("{}  {}  {}", run.run_id, state(run.state), short(run.last_event_at));
    let [actor, approvals, export, deployment] = fact::custody(&job.custody);
    pairs(&[
        ("job", format!("{}  ({})", job.summary.node.name, job.summary.node.namespace)),
        ("about", about.documentation.as_ref().map(fact::excerpt).unwrap_or_default()),
        ("type", kind.unwrap_or_default()),
        ("owners", fact::row(about.owners.iter().map(|owner| Some(fact::owner(owner))))),
        ("tags", fact::row(about.tags.iter().map(|tag| Some(fact::tag(tag))))),
        ("source", location.unwrap_or_default()),
        ("runs", job.summary.runs.to_string()),
        ("last event", ago(job.summary.last_event_at, now_ns)),
        ("reads", nodes(&job.inputs)),
        ("writes", nodes(&job.outputs)),
        ("after", nodes(&about.before)),
        ("before", nodes(&about.after)),
        actor,
        approvals,
        export,
        deployment,
        ("sql", about.sql.as_ref().map(|sql| fact::excerpt(&sql.query)).unwrap_or_default()),
        ("code", code.unwrap_or_default()),
        ("cut", job.cut.join(", ")),
        ("facets", facets(&job.facets)),
        ("latest runs", lines(&job.latest_runs, latest)),
    ])
}
