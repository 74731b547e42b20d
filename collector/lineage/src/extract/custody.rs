//! Facts of our own facets: who acted, who approved, which bytes and records, which export and deployment.

use crate::facts::{Actor, Approval, Deployment, Digest, Export, RecordSet};
use crate::validate::{Item, Walk};

/// `ledgerline_actor`.
pub(super) fn actor<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Actor<'a>> {
    let (mut name, mut role, mut session) = (None, None, None);
    let (mut on_behalf_of, mut operation, mut authenticated) = (None, None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Role => role = walk.string(value),
        Session => session = walk.string(value),
        OnBehalfOf => on_behalf_of = walk.string(value),
        Operation => operation = walk.string(value),
        Authenticated => authenticated = walk.flag(value),
    });
    Some(Actor { name: name?, role, session, on_behalf_of, operation, authenticated: authenticated.unwrap_or(false) })
}

/// `ledgerline_approval`.
pub(super) fn approvals<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Approval<'a>>> {
    let mut approvals = None;
    each!(walk, item, |value| {
        Approvals => approvals = walk.list(value, approval),
    });
    approvals
}

fn approval<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Approval<'a>> {
    let (mut id, mut decision, mut approver) = (None, None, None);
    let (mut rationale, mut policy, mut expires_ns) = (None, None, None);
    let mut lapses = false;
    each!(walk, item, |value| {
        Id => id = walk.string(value),
        Decision => decision = walk.string(value),
        Approver => approver = walk.string(value),
        Rationale => rationale = walk.text(value),
        Policy => policy = walk.string(value),
        Expires => (lapses, expires_ns) = (true, walk.time(value)),
    });
    if lapses && expires_ns.is_none() {
        // An approval whose end can't be read must not pass for one without an end.
        return None;
    }
    Some(Approval { id, decision: decision?, approver: approver?, rationale, policy, expires_ns })
}

/// `ledgerline_export`.
pub(super) fn export<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Export<'a>> {
    let (mut id, mut stage, mut destination, mut recipients) = (None, None, None, None);
    let (mut classification, mut purpose, mut manifest) = (None, None, None);
    each!(walk, item, |value| {
        Id => id = walk.string(value),
        Stage => stage = walk.string(value),
        Destination => destination = walk.string(value),
        Recipients => recipients = walk.list(value, name),
        Classification => classification = walk.string(value),
        Purpose => purpose = walk.string(value),
        Manifest => manifest = content(walk, value),
    });
    let recipients = recipients.unwrap_or_default();
    Some(Export { id: id?, stage, destination, recipients, classification, purpose, manifest })
}

/// `ledgerline_deployment`.
pub(super) fn deployment<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Deployment<'a>> {
    let (mut id, mut environment, mut stage, mut reviewers) = (None, None, None, None);
    let (mut artefact, mut version) = (None, None);
    each!(walk, item, |value| {
        Id => id = walk.string(value),
        Environment => environment = name(walk, value),
        Stage => stage = walk.string(value),
        Artefact => (artefact, version) = self::artefact(walk, value),
        Reviewers => reviewers = walk.list(value, name),
    });
    Some(Deployment { id: id?, environment, stage, artefact, version, reviewers: reviewers.unwrap_or_default() })
}

/// Digest and version of an artefact.
fn artefact<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let (mut digest, mut version) = (None, None);
    each!(walk, item, |value| {
        Value => digest = walk.string(value),
        Version => version = walk.string(value),
    });
    (digest, version)
}

/// The `name` of an object.
fn name<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<&'a str> {
    let mut name = None;
    each!(walk, item, |value| {
        Name => name = walk.string(value),
    });
    name
}

/// The `value` of an object.
fn content<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<&'a str> {
    let mut content = None;
    each!(walk, item, |value| {
        Value => content = walk.string(value),
    });
    content
}

/// `ledgerline_digest`.
pub(super) fn digests<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Digest<'a>>> {
    let mut digests = None;
    each!(walk, item, |value| {
        Digests => digests = walk.list(value, digest),
    });
    digests
}

fn digest<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Digest<'a>> {
    let (mut algorithm, mut content, mut of) = (None, None, None);
    each!(walk, item, |value| {
        Algorithm => algorithm = walk.string(value),
        Value => content = walk.string(value),
        Of => of = walk.string(value),
    });
    Some(Digest { algorithm: algorithm?, value: content?, of })
}

/// `ledgerline_records`.
pub(super) fn records<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<RecordSet<'a>>> {
    let mut sets = None;
    each!(walk, item, |value| {
        Sets => sets = walk.list(value, record_set),
    });
    sets
}

fn record_set<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<RecordSet<'a>> {
    let (mut kind, mut values, mut count) = (None, None, None);
    each!(walk, item, |value| {
        Kind => kind = walk.string(value),
        Values => values = walk.list(value, |walk, item| walk.string(item)),
        Count => count = walk.integer(value),
    });
    Some(RecordSet { kind: kind?, values: values?, count })
}
