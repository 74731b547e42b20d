//! Facts of a job.

use crate::facts::{Job, JobType, SourceCode, SourceLocation, Sql, Text};
use crate::schema::Facet;
use crate::validate::{Item, Keys, Walk};

use super::{custody, lineage, ownership};

/// A job and its facets; `None` when it is not named.
pub(super) fn job<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Job<'a>> {
    let (mut namespace, mut name, mut facets) = (None, None, None);
    each!(walk, item, |value| {
        Namespace => namespace = walk.string(value),
        Name => name = walk.string(value),
        Facets => facets = Some(value),
    });
    let named = namespace.zip(name);
    let mut job = empty(namespace.unwrap_or_default(), name.unwrap_or_default());
    if let Some(facets) = facets {
        let mut keys = Keys::default();
        walk.facets(facets, &mut keys, |walk, facet, item| take(walk, &mut job, facet, item));
        (job.facets, job.deleted) = (keys.present, keys.deleted);
    }
    named.map(|_| job)
}

fn empty<'a>(namespace: &'a str, name: &'a str) -> Job<'a> {
    Job {
        namespace,
        name,
        job_type: None,
        owners: None,
        documentation: None,
        sql: None,
        source_code: None,
        source_location: None,
        tags: None,
        lineage: None,
        approvals: Vec::new(),
        export: None,
        deployment: None,
        facets: Vec::new(),
        deleted: Vec::new(),
    }
}

fn take<'a>(walk: &mut Walk<'a>, job: &mut Job<'a>, facet: Facet, item: Item<'a>) {
    match facet {
        Facet::JobType => job.job_type = job_type(walk, item),
        Facet::Ownership => job.owners = ownership::owners(walk, item),
        Facet::Documentation => job.documentation = documentation(walk, item),
        Facet::Sql => job.sql = sql(walk, item),
        Facet::SourceCode => job.source_code = source_code(walk, item),
        Facet::SourceCodeLocation => job.source_location = source_location(walk, item),
        Facet::Tags => job.tags = ownership::tags(walk, item),
        Facet::Lineage => job.lineage = lineage::of_job(walk, item, (job.namespace, job.name)),
        Facet::Approval => job.approvals = custody::approvals(walk, item).unwrap_or_default(),
        Facet::Export => job.export = custody::export(walk, item),
        Facet::Deployment => job.deployment = custody::deployment(walk, item),
        _ => walk.pass(item),
    }
}

fn job_type<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<JobType<'a>> {
    let (mut processing, mut integration, mut kind) = (None, None, None);
    each!(walk, item, |value| {
        ProcessingType => processing = walk.string(value),
        Integration => integration = walk.string(value),
        JobType => kind = walk.string(value),
    });
    Some(JobType { processing: processing?, integration: integration?, kind })
}

/// The text of a `documentation` facet, on whatever it stands.
pub(super) fn documentation<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Text<'a>> {
    let mut description = None;
    each!(walk, item, |value| {
        Description => description = walk.text(value),
    });
    description
}

fn sql<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Sql<'a>> {
    let (mut query, mut dialect) = (None, None);
    each!(walk, item, |value| {
        Query => query = walk.text(value),
        Dialect => dialect = walk.string(value),
    });
    Some(Sql { query: query?, dialect })
}

fn source_code<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<SourceCode<'a>> {
    let (mut language, mut code) = (None, None);
    each!(walk, item, |value| {
        Language => language = walk.string(value),
        SourceCode => code = walk.text(value),
    });
    Some(SourceCode { language: language?, code: code? })
}

fn source_location<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<SourceLocation<'a>> {
    let (mut kind, mut url, mut repository, mut path) = (None, None, None, None);
    let (mut version, mut tag, mut branch) = (None, None, None);
    each!(walk, item, |value| {
        Type => kind = walk.string(value),
        Url => url = walk.string(value),
        RepoUrl => repository = walk.string(value),
        Path => path = walk.string(value),
        Version => version = walk.string(value),
        Tag => tag = walk.string(value),
        Branch => branch = walk.string(value),
    });
    Some(SourceLocation { kind: kind?, url: url?, repository, path, version: version.or(tag), branch })
}
