//! The codes of findings. Owns each code's name, its grades, when it is given and what to do: `docs/findings.md` is this table.
//! A code is a promise: it is written to leaves, headers and metrics, and never changes its meaning.

/// Declares the codes and their table, so that neither can lack a row.
macro_rules! codes {
    ($($variant:ident $text:literal $grades:literal $when:literal $remedy:literal;)*) => {
        /// What is wrong, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $when] $variant,)* }

        impl Code {
            /// Every code, in the order of the document.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// Its stable name, kebab-case, at most 64 bytes.
            pub fn text(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The grades it is given with.
            pub fn grades(self) -> &'static str {
                match self { $(Code::$variant => $grades,)* }
            }

            /// When it is given.
            pub fn when(self) -> &'static str {
                match self { $(Code::$variant => $when,)* }
            }

            /// What the producer should change.
            pub fn remedy(self) -> &'static str {
                match self { $(Code::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    NotUtf8 "not-utf8" "reject"
        "The payload is not UTF-8."
        "Encode events as UTF-8.";
    NotJson "not-json" "reject"
        "The payload is not one JSON value, or starts with a byte order mark."
        "Serialise events with a JSON library; send one event a message, uncompressed.";
    DuplicateKey "duplicate-key" "reject"
        "Two members of one object have the same name."
        "Keep one: readers disagree on which one counts.";
    LoneSurrogate "lone-surrogate" "reject"
        "An escape names half of a surrogate pair."
        "Write the whole character, or U+FFFD.";
    TooDeep "too-deep" "reject"
        "Arrays and objects nest deeper than 64."
        "Flatten the event, or send the inner part as a string.";
    TooLarge "too-large" "reject"
        "The payload is longer than `payload_bytes_max`."
        "Send less in one event, or raise the limit (at most 32 MiB).";
    TooManyNodes "too-many-nodes" "reject"
        "The payload holds more values and member names than `nodes_max`."
        "Send less in one event.";
    UnknownEvent "unknown-event" "reject"
        "The payload is JSON, but no object, so no OpenLineage event."
        "Send a RunEvent, JobEvent or DatasetEvent; a batch goes to the batch endpoint.";
    NoJobNoDataset "no-job-no-dataset" "reject"
        "The event names neither a job nor a dataset."
        "Send `job` (with `run`, for a run event) or `dataset`.";
    MissingMember "missing-member" "reject, warn, note"
        "A member that must be there is absent or null. Rejects for `eventTime`, `run.runId`, and namespace and name of a job or dataset."
        "Send it.";
    NullMember "null-member" "note"
        "A member or item is null, which counts as absent."
        "Leave it out.";
    WrongType "wrong-type" "reject, warn, note"
        "A value is of another JSON type than the schema says. Rejects where the missing member would."
        "Send the type that the message names.";
    NumberOutOfRange "number-out-of-range" "warn"
        "A whole number does not fit 64 bits, or a number no double."
        "Send it within range, or as a string in a facet of your own.";
    WholeNumber "whole-number" "note"
        "A whole number is written with a fraction or exponent, such as 3.0; it was taken."
        "Send 3.";
    MalformedTime "malformed-time" "reject, warn, note"
        "A time is not readable. Rejects for `eventTime`."
        "Send RFC 3339, such as 2026-01-31T08:00:00.123Z.";
    NaiveTime "naive-time" "warn"
        "A time has no offset; it was read as UTC."
        "Send the offset, or Z.";
    TimePrecision "time-precision" "note"
        "A time is finer than a nanosecond; the rest was dropped."
        "Nothing, unless the order of events hangs on it.";
    LeapSecond "leap-second" "note"
        "A time names second 60; it was read as the second after."
        "Nothing.";
    LooseTime "loose-time" "note"
        "A time is ISO 8601 but not RFC 3339, such as one without seconds or with an offset of +0100."
        "Send RFC 3339, such as 2026-01-31T08:00:00.123Z.";
    MalformedUri "malformed-uri" "warn, note"
        "A URI has no scheme, or holds a blank."
        "Send an absolute URI.";
    RunIdNotUuid "run-id-not-uuid" "reject, warn"
        "A run id is not a UUID. Rejects for `run.runId`."
        "Send a UUID of 36 characters, one for the run's whole life.";
    NameTooLong "name-too-long" "reject, warn"
        "A name is longer than `name_bytes_max`. Rejects for names of the event's own job and datasets."
        "Shorten it.";
    MalformedName "malformed-name" "warn"
        "A name that identifies something is empty, holds a control character, or starts or ends with a blank."
        "Send the name as its system spells it; everything unnamed becomes one node.";
    UnknownSymbol "unknown-symbol" "warn, note"
        "A value is none of those that the specification lists; an unknown `eventType` counts as OTHER."
        "Send one of those that the message names.";
    ContradictingKind "contradicting-kind" "warn"
        "`schemaURL` names one kind of event and the members are those of another; the members count."
        "Send the `schemaURL` of the event's own kind.";
    UnnamedEndpoint "unnamed-endpoint" "warn"
        "An end of an explicit lineage edge lacks its name, and is not the event's own job; the edge is left out."
        "Send namespace and name, or type JOB without both.";
    DuplicateDataset "duplicate-dataset" "note"
        "A dataset stands twice among the inputs or the outputs; the two were merged, later facets standing."
        "Send each once.";
    TooManyDatasets "too-many-datasets" "warn"
        "The event names more datasets than `datasets_per_run_max`; the rest is left out of the lineage."
        "Split the run, or raise the limit.";
    TooManyItems "too-many-items" "warn"
        "A list in a facet is longer than `items_max`; the rest is left out of the facts and stays in the body."
        "Send less, or raise the limit.";
    ValueTooLong "value-too-long" "warn"
        "A short text, such as a version or a tag, is longer than 4 KiB; it is left out of the facts and stays in the body."
        "Shorten it.";
    MoreFindings "more-findings" "note"
        "The event has more findings than are kept; this one says how many."
        "Mend those shown and look again.";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> String {
        let rows = Code::ALL
            .iter()
            .map(|code| format!("| `{}` | {} | {} | {} |\n", code.text(), code.grades(), code.when(), code.remedy()));
        format!("| code | grade | when | what to do |\n|---|---|---|---|\n{}", rows.collect::<String>())
    }

    #[test]
    fn the_document_lists_every_code() {
        let document = include_str!("../../../../docs/findings.md");
        assert!(document.contains(&table()), "docs/findings.md must hold this table:\n{}", table());
    }

    #[test]
    fn codes_are_kebab_case_and_distinct() {
        for (position, code) in Code::ALL.iter().enumerate() {
            let text = code.text();
            assert!(
                text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!(Code::ALL[..position].iter().all(|other| other.text() != text), "{text} twice");
        }
    }
}
