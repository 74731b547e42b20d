//! A dataset.

use server::http::model::{Change, Column, Dataset, Metrics};

use super::{facets, fact, lines, nodes};
use crate::render::table::pairs;
use crate::render::time::{ago, short};
use crate::render::tree::label;

/// Versions that are shown; the rest is in the JSON.
const VERSIONS_MAX: usize = 5;

/// The dataset as text.
pub fn dataset(dataset: &Dataset, now_ns: i64) -> String {
    let about = &dataset.about;
    let kind = fact::row([about.kind.clone(), about.sub_type.clone()]);
    let source = about.source.as_ref().map(|source| fact::row([source.name.clone(), source.uri.clone()]));
    let storage = about.storage.as_ref().map(|storage| fact::row([storage.layer.clone(), storage.format.clone()]));
    let catalog = about.catalog.as_ref().map(|catalog| {
        let place = catalog.warehouse_uri.clone().or(catalog.metadata_uri.clone());
        fact::row([Some(format!("{} ({} {})", catalog.name, catalog.framework, catalog.kind)), place])
    });
    let level = |level: &server::http::model::Level| format!("{} {}", level.kind.to_lowercase(), level.name);
    let hierarchy: Vec<String> = about.hierarchy.iter().map(level).collect();
    let mut versions: Vec<String> = dataset.versions.iter().take(VERSIONS_MAX).map(fact::version).collect();
    if dataset.versions.len() > VERSIONS_MAX {
        versions.push("… more with -o json".to_owned());
    }
    let checked = |assertion: &server::http::model::Assertion| {
        let run = assertion.run_id.as_ref().map(|run| format!("run {run}"));
        fact::assertion(assertion, Some(fact::row([Some(ago(assertion.at, now_ns)), run])))
    };
    pairs(&[
        ("dataset", label(&dataset.summary.node)),
        ("about", about.documentation.as_ref().map(fact::excerpt).unwrap_or_default()),
        ("type", kind),
        ("owners", fact::row(about.owners.iter().map(|owner| Some(fact::owner(owner))))),
        ("tags", fact::row(about.tags.iter().filter(|tag| tag.field.is_none()).map(|tag| Some(fact::tag(tag))))),
        ("source", source.unwrap_or_default()),
        ("storage", storage.unwrap_or_default()),
        ("catalog", catalog.unwrap_or_default()),
        ("within", hierarchy.join(" › ")),
        ("aliases", nodes(&dataset.aliases)),
        ("last written", dataset.summary.last_write_at.map_or("never".to_owned(), |time| ago(time, now_ns))),
        ("last event", ago(dataset.summary.last_event_at, now_ns)),
        ("last write", dataset.last_write.as_ref().map(super::run::used).unwrap_or_default()),
        ("versions", versions.join("\n")),
        ("quality", lines(&dataset.assertions, checked)),
        ("metrics", dataset.metrics.as_ref().map(|told| metrics(told, now_ns)).unwrap_or_default()),
        ("life", lines(&dataset.changes, change)),
        ("written by", nodes(&dataset.written_by)),
        ("read by", nodes(&dataset.read_by)),
        ("columns", lines(&dataset.columns, |column| self::column(dataset, column))),
        ("cut", dataset.cut.join(", ")),
        ("facets", facets(&dataset.facets)),
    ])
}

/// A column with its type and tags.
fn column(dataset: &Dataset, column: &Column) -> String {
    let own = dataset.about.tags.iter().filter(|tag| tag.field.as_deref() == Some(column.name.as_str()));
    let tags = fact::row(own.map(|tag| Some(fact::tag(&server::http::model::Tag { field: None, ..tag.clone() }))));
    let tags = if tags.is_empty() { tags } else { format!("  [{tags}]") };
    format!("{}  {}{tags}", column.name, column.kind.as_deref().unwrap_or_default()).trim_end().to_owned()
}

fn change(change: &Change) -> String {
    let from = change.previous.as_ref().map(|node| format!(" from {}", label(node))).unwrap_or_default();
    let by = change.job.as_ref().map(|job| format!("  by {}", label(job))).unwrap_or_default();
    format!("{}{from}  {}{by}", change.change, short(change.at))
}

fn metrics(metrics: &Metrics, now_ns: i64) -> String {
    let whole = fact::row([Some(fact::statistics(&metrics.statistics)), Some(ago(metrics.at, now_ns))]);
    let column = |column: &server::http::model::ColumnMetric| {
        let told = fact::row([
            column.nulls.map(|nulls| format!("{nulls} nulls")),
            column.distinct.map(|distinct| format!("{distinct} distinct")),
            column.min.as_ref().map(|least| format!("from {least}")),
            column.max.as_ref().map(|greatest| format!("to {greatest}")),
        ]);
        format!("{}  {told}", column.column)
    };
    std::iter::once(whole).chain(metrics.columns.iter().map(column)).collect::<Vec<_>>().join("\n")
}
