//! Single facts as a line or a few words.

use server::http::model::{
    Approval, Assertion, Custody, Deployment, Digest, Excerpt, Export, Owner, Records, Statistics, Tag, Time, Version,
};

use crate::output::{BAD, GOOD, painted};
use crate::render::time::short;
use crate::render::tree::label;

/// Lines of a longer text that are shown.
const LINES_MAX: usize = 12;

/// Parts that are there, in a row.
pub fn row(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The first lines of a text, and how much is missing.
pub fn excerpt(text: &Excerpt) -> String {
    let mut shown: Vec<&str> = text.text.trim_end().lines().take(LINES_MAX).collect();
    let rest = text.text.trim_end().lines().count() > LINES_MAX || text.bytes > text.text.len() as i64;
    let whole = format!("… {} bytes in all: -o json", text.bytes);
    if rest {
        shown.push(&whole);
    }
    shown.join("\n")
}

pub fn owner(owner: &Owner) -> String {
    match &owner.role {
        Some(role) => format!("{} ({role})", owner.name),
        None => owner.name.clone(),
    }
}

/// `pii`, `tier=gold`, `email: pii`.
pub fn tag(tag: &Tag) -> String {
    let value = tag.value.as_deref().filter(|value| *value != "true").map(|value| format!("={value}"));
    let field = tag.field.as_deref().map(|field| format!("{field}: "));
    format!("{}{}{}", field.unwrap_or_default(), tag.key, value.unwrap_or_default())
}

/// `1200 rows, 3.4 MB, 2 files`.
pub fn statistics(told: &Statistics) -> String {
    let counted = |count: Option<i64>, of: &str| {
        count.map(|count| if count == 1 { format!("1 {}", of.trim_end_matches('s')) } else { format!("{count} {of}") })
    };
    row([counted(told.rows, "rows"), told.bytes.map(bytes), counted(told.files, "files")])
}

fn bytes(bytes: i64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    match units.into_iter().find(|(_, size)| bytes as f64 >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size),
        None => format!("{bytes} bytes"),
    }
}

/// `#12`, or what its producer calls it, or neither.
pub fn version_name(version: &Version) -> String {
    let number = version.number.map(|number| format!("#{number}"));
    let declared = version.declared.as_ref().map(|declared| format!("{declared:?}"));
    let name: Vec<String> = number.into_iter().chain(declared).collect();
    if name.is_empty() { "one".to_owned() } else { name.join(" ") }
}

/// A version on a line of its own.
pub fn version(version: &Version) -> String {
    let schema = version.schema.map(|schema| format!("  schema {schema}")).unwrap_or_default();
    let by = match (&version.job, &version.run_id) {
        (Some(job), Some(run)) => format!("by {}, run {run}", label(job)),
        _ => "declared".to_owned(),
    };
    format!("{}  {}{schema}  {by}", version_name(version), short(version.at))
}

/// An assertion with its result; `checked` says when and by whom, where that is not clear.
pub fn assertion(assertion: &Assertion, checked: Option<String>) -> String {
    let result = if assertion.success { painted("held", GOOD) } else { painted("failed", BAD) };
    let column = assertion.column.as_ref().map(|column| format!(" on {column}")).unwrap_or_default();
    let aside = row([assertion.severity.clone(), checked]);
    let aside = if aside.is_empty() { aside } else { format!("  ({aside})") };
    format!("{result}  {}{column}{aside}", assertion.assertion)
}

pub fn digest(digest: &Digest) -> String {
    let of = digest.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    format!("{}:{}{of}", digest.algorithm, digest.value)
}

pub fn records(records: &Records) -> String {
    let all = records.count.map(|count| format!(" of {count} records")).unwrap_or_default();
    format!("{} {}{all}", records.values, records.kind)
}

/// Rows about who acted, who agreed, what left, what went live.
pub fn custody(custody: &Custody) -> [(&'static str, String); 4] {
    let actor = custody.actor.as_ref().map(|actor| {
        let name = match &actor.role {
            Some(role) => format!("{} ({role})", actor.name),
            None => actor.name.clone(),
        };
        let for_whom = actor.on_behalf_of.as_ref().map(|whom| format!("for {whom}"));
        let session = actor.session.as_ref().map(|session| format!("session {session}"));
        let sure = if actor.authenticated { "authenticated" } else { "claimed" };
        row([Some(name), actor.operation.clone(), for_whom, session, Some(sure.to_owned())])
    });
    [
        ("actor", actor.unwrap_or_default()),
        ("approvals", super::lines(&custody.approvals, approval)),
        ("export", custody.export.as_ref().map(export).unwrap_or_default()),
        ("deployment", custody.deployment.as_ref().map(deployment).unwrap_or_default()),
    ]
}

fn approval(approval: &Approval) -> String {
    let until = |time: Time| format!("until {}", short(time));
    row([
        Some(format!("{} by {}", approval.decision, approval.approver)),
        approval.id.clone(),
        approval.policy.as_ref().map(|policy| format!("under {policy}")),
        approval.expires_at.map(until),
        approval.rationale.as_ref().map(|why| format!("“{}”", why.text.trim())),
    ])
}

fn export(export: &Export) -> String {
    let recipients = Some(export.recipients.join(" and ")).filter(|list| !list.is_empty());
    row([
        Some(export.id.clone()),
        export.stage.clone(),
        export.destination.as_ref().map(|to| format!("to {to}")),
        recipients.map(|list| format!("for {list}")),
        export.classification.clone(),
        export.purpose.as_ref().map(|purpose| format!("“{purpose}”")),
        export.manifest.as_ref().map(|manifest| format!("manifest {manifest}")),
    ])
}

fn deployment(deployment: &Deployment) -> String {
    let reviewers = Some(deployment.reviewers.join(" and ")).filter(|list| !list.is_empty());
    row([
        Some(deployment.id.clone()),
        deployment.stage.clone(),
        deployment.environment.as_ref().map(|place| format!("in {place}")),
        deployment.version.as_ref().map(|version| format!("version {version}")),
        reviewers.map(|list| format!("reviewed by {list}")),
        deployment.artefact.as_ref().map(|artefact| format!("artefact {artefact}")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_in_their_largest_unit() {
        let check = |rows, size, files, expected: &str| {
            assert_eq!(statistics(&Statistics { rows, bytes: size, files }), expected);
        };
        check(Some(1), Some(999), Some(2), "1 row, 999 bytes, 2 files");
        check(None, Some(3_400_000), None, "3.4 MB");
        check(Some(0), None, None, "0 rows");
        check(None, None, None, "");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let text = |lines: usize| Excerpt { text: "line\n".repeat(lines), bytes: 5 * lines as i64 };
        assert_eq!(excerpt(&text(2)), "line\nline");
        assert_eq!(excerpt(&text(20)).lines().last(), Some("… 100 bytes in all: -o json"));
    }
}
