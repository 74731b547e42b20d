//! Which fields each record has, in the order of the released schema: the one place that an added field needs beside its
//! struct and its `.avsc`. A field left out does not compile; one out of place fails the test against the schema.

use super::{Datum, Input, put_long};
use crate::envelope::{
    Control, Envelope, Event, Gap, IdempotencyKey, Kind, Mode, Noticed, Progress, Rejected, Rejections, Signature,
    Source, Subject, Verdict,
};
use crate::facts::{
    Actor, Approval, Assertion, Catalog, Column, ColumnMetric, ColumnSource, Dataset, Dependency, Deployment, Digest,
    Endpoint, EndpointKind, Engine, EventKind, EventType, ExecutionError, Export, ExternalQuery, ExtractionError,
    Facts, Field, Hierarchy, Job, JobType, Lifecycle, LineageEntry, LineageField, LineageSource, Metrics, NominalTime,
    Origin, Owner, Parent, RecordSet, Run, SourceCode, SourceLocation, Sql, Statistics, Storage, Symlink, Tag,
    TestResult, Text, Transformation,
};
use crate::finding::Grade;
use crate::id::RunId;

macro_rules! records {
    ($($name:ident $(<$life:lifetime>)? { $($field:ident)* })*) => {
        $(impl<'a> Datum<'a> for $name$(<$life>)? {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn take(input: &mut Input<'a>) -> Option<Self> {
                input.within(|input| Some($name { $($field: Datum::take(input)?),* }))
            }
        })*
    };
}

macro_rules! enums {
    ($($name:ident { $($symbol:ident)* })*) => {
        $(impl<'a> Datum<'a> for $name {
            fn put(&self, out: &mut Vec<u8>) {
                put_long(*self as i64, out);
            }
            fn take(input: &mut Input<'a>) -> Option<Self> {
                const SYMBOLS: &[$name] = &[$($name::$symbol),*];
                SYMBOLS.get(input.length()?).copied()
            }
        })*
    };
}

macro_rules! fixed {
    ($($name:ident)*) => {
        $(impl<'a> Datum<'a> for $name {
            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }
            fn take(input: &mut Input<'a>) -> Option<Self> {
                Datum::take(input).map($name)
            }
        })*
    };
}

fixed! { RunId IdempotencyKey }

enums! {
    Kind { Event Control Tick Progress Rejections }
    Mode { Live Backfill Drill }
    Verdict { Unsigned Valid Invalid UnknownKey }
    Grade { Note Warn Reject }
    EventKind { Run Job Dataset }
    EventType { Start Running Complete Abort Fail Other }
    EndpointKind { Dataset Job }
}

records! {
    Envelope<'a> {
        kind tenant incarnation received_at_ns intake_version idempotency_key source principal initiator operation mode
        data_key_id sealed event control progress rejections
    }
    Source<'a> { topic partition offset timestamp_ms }
    Event<'a> {
        c14n event_id event_time_ns subject commitment opening body facts findings signature verdict schema_version
    }
    Subject<'a> { kind run namespace name }
    Noticed<'a> { grade code path message }
    Signature<'a> { algorithm key value }
    Control<'a> { name content expected_size signatures }
    Gap { first last }
    Progress<'a> { topic partition next_offset caught_up_to_ns gap }
    Rejected<'a> { offset code path }
    Rejections<'a> { topic partition rows }

    Facts<'a> { kind event_type event_time_ns producer run job inputs outputs dataset inferred }
    Text<'a> { text bytes }
    Owner<'a> { name role }
    Tag<'a> { key value source field }

    Run<'a> {
        id nominal_time parent root error extraction_error engine external_query dependencies tags tests actor approvals
        export deployment records facets deleted
    }
    NominalTime { start_ns end_ns }
    Parent<'a> { run namespace name }
    ExecutionError<'a> { message language }
    ExtractionError { tasks failed }
    Engine<'a> { name version adapter }
    ExternalQuery<'a> { id source }
    Dependency<'a> { downstream namespace name run kind }
    TestResult<'a> { name status severity kind }

    Actor<'a> { name role session on_behalf_of operation authenticated }
    Approval<'a> { id decision approver rationale policy expires_ns }
    Export<'a> { id stage destination recipients classification purpose manifest }
    Deployment<'a> { id environment stage artefact version reviewers }
    RecordSet<'a> { kind values count }
    Digest<'a> { algorithm value of }

    Job<'a> {
        namespace name job_type owners documentation sql source_code source_location tags lineage approvals export
        deployment facets deleted
    }
    JobType<'a> { processing integration kind }
    Sql<'a> { query dialect }
    SourceCode<'a> { language code }
    SourceLocation<'a> { kind url repository path version branch }
    Endpoint<'a> { kind namespace name run }
    Transformation<'a> { kind subtype description masking }
    LineageSource<'a> { endpoint field transformations }
    LineageField<'a> { field inputs }
    LineageEntry<'a> { target inputs fields }

    Dataset<'a> {
        namespace name schema source version lifecycle owners tags documentation dataset_type sub_type storage catalog
        hierarchy symlinks columns column_dataset lineage statistics metrics assertions subset digests records facets
        deleted
    }
    Field<'a> { name data_type description fields }
    Origin<'a> { name uri }
    Lifecycle<'a> { change previous_namespace previous_name }
    Storage<'a> { layer format }
    Catalog<'a> { framework kind name metadata_uri warehouse_uri source }
    Hierarchy<'a> { kind name }
    Symlink<'a> { namespace name kind }
    Column<'a> { field inputs }
    ColumnSource<'a> { namespace name field transformations }
    Statistics { rows bytes files }
    Metrics<'a> { rows bytes files last_updated_ns columns }
    ColumnMetric<'a> { field nulls distinct count sum min max }
    Assertion<'a> { assertion success field severity }
}
