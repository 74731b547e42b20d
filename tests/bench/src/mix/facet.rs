//! Facets of the mix's events. Each names the member and its value; none ends in a comma.

use std::fmt::Write as _;

use super::body::Subject;
use super::random::Random;
use super::world::{Engine, Table};

/// Who made the event.
pub fn producer(engine: Engine) -> &'static str {
    match engine {
        Engine::Airflow => "https://github.com/apache/airflow/tree/providers-openlineage/2.7.0",
        Engine::Dbt => "https://github.com/OpenLineage/OpenLineage/tree/1.38.0/integration/dbt",
        Engine::Spark => "https://github.com/OpenLineage/OpenLineage/tree/1.38.0/integration/spark",
    }
}

/// RFC 3339 with milliseconds, UTC, for times from 1970 on.
pub fn time(at_ms: i64) -> String {
    let (days, ms) = (at_ms.div_euclid(86_400_000), at_ms.rem_euclid(86_400_000));
    // Days to date by Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

fn head(subject: &Subject<'_>, version: &str, name: &str) -> String {
    format!(
        r#""_producer":"{}","_schemaURL":"https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}""#,
        producer(subject.job.engine)
    )
}

/// The run that started this one.
pub fn parent(subject: &Subject<'_>) -> String {
    let name = subject.job.name.split('.').next().unwrap_or_default();
    format!(
        r#""parent":{{{},"run":{{"runId":"{}"}},"job":{{"namespace":"{}","name":"{name}"}}}}"#,
        head(subject, "1-1-0", "ParentRunFacet"),
        subject.parent,
        subject.job.namespace
    )
}

/// Why the run failed.
pub fn failure(subject: &Subject<'_>, random: &mut Random) -> String {
    format!(
        r#""errorMessage":{{{},"message":"Task {} ended with {}","programmingLanguage":"python","stackTrace":"at 0x{}\nat 0x{}"}}"#,
        head(subject, "1-0-1", "ErrorMessageRunFacet"),
        subject.job.name,
        random.below(90),
        random.hex(12),
        random.hex(12)
    )
}

/// What the engine tells of the run: versions, ids, settings.
pub fn engine(subject: &Subject<'_>, random: &mut Random) -> String {
    let mut out = String::new();
    match subject.job.engine {
        Engine::Airflow => {
            let _ = write!(
                out,
                r#""nominalTime":{{{},"nominalStartTime":"{}"}},"airflow":{{{},"dag":{{"dag_id":"{}","owner":"data-platform","schedule_interval":"0 {} * * *","tags":"['daily','{}']"}},"taskInstance":{{"try_number":{},"pool":"default_pool","queued_dttm":"{}","pid":{},"hostname":"worker-{}.airflow.svc"}},"taskUuid":"{}"}}"#,
                head(subject, "1-0-1", "NominalTimeRunFacet"),
                time(subject.at_ms / 86_400_000 * 86_400_000),
                head(subject, "1-0-0", "AirflowRunFacet"),
                subject.job.name.split('.').next().unwrap_or_default(),
                subject.job.output % 24,
                random.hex(4),
                random.between(1, 4),
                time(subject.at_ms - 4_210),
                random.below(60_000),
                random.hex(10),
                random.uuid()
            );
        }
        Engine::Dbt => {
            let _ = write!(
                out,
                r#""dbt_run":{{{},"invocation_id":"{}","profile_name":"prod","project_version":"1.{}.0"}},"processing_engine":{{{},"name":"dbt","version":"1.10.{}"}},"externalQuery":{{{},"externalQueryId":"{}","source":"{}"}}"#,
                head(subject, "1-0-0", "DbtRunRunFacet"),
                random.uuid(),
                subject.job.output % 9,
                head(subject, "1-1-1", "ProcessingEngineRunFacet"),
                subject.job.output % 4,
                head(subject, "1-0-2", "ExternalQueryRunFacet"),
                random.uuid(),
                subject.job.namespace
            );
        }
        Engine::Spark => {
            let _ = write!(
                out,
                r#""processing_engine":{{{},"name":"spark","version":"3.5.{}","openlineageAdapterVersion":"1.38.0"}},"spark_applicationDetails":{{{},"master":"yarn","appName":"{}","applicationId":"application_{}_{:04}","deployMode":"cluster","driverHost":"ip-10-{}-{}.ec2.internal","userName":"emr"}}"#,
                head(subject, "1-1-1", "ProcessingEngineRunFacet"),
                subject.job.output % 5,
                head(subject, "1-0-0", "SparkApplicationDetailsFacet"),
                subject.job.name.split('.').next().unwrap_or_default(),
                subject.at_ms / 1_000,
                random.below(9_999),
                random.below(255),
                random.below(255)
            );
            if subject.is_middle() {
                return out;
            }
            let properties = [
                ("spark.executor.memory", format!("{}g", random.between(4, 40))),
                ("spark.sql.shuffle.partitions", random.between(100, 900).to_string()),
                ("spark.app.id", format!("application_{}", random.hex(16))),
                (
                    "spark.driver.appUIAddress",
                    format!("http://ip-10-{}:{}", random.hex(6), random.between(4_000, 50_000)),
                ),
                ("spark.yarn.app.container.log.dir", format!("/var/log/hadoop-yarn/containers/{}", random.uuid())),
            ];
            let written: Vec<String> =
                properties.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
            let _ = write!(
                out,
                r#","spark_properties":{{{},"properties":{{{}}}}}"#,
                head(subject, "1-0-0", "SparkPropertyFacet"),
                written.join(",")
            );
        }
    }
    out
}

/// What the job is and what it runs.
pub fn job(subject: &Subject<'_>) -> String {
    let (integration, kind) = match subject.job.engine {
        Engine::Airflow => ("AIRFLOW", "TASK"),
        Engine::Dbt => ("DBT", "MODEL"),
        Engine::Spark => ("SPARK", "SQL_JOB"),
    };
    let mut out = format!(
        r#""jobType":{{{},"integration":"{integration}","jobType":"{kind}","processingType":"BATCH"}}"#,
        head(subject, "2-0-3", "JobTypeJobFacet")
    );
    if subject.job.engine != Engine::Spark || subject.bytes > 8_000 {
        let kept = subject.job.sql.len().min(subject.bytes / if subject.is_middle() { 8 } else { 4 });
        let sql = serde_json::to_string(&subject.job.sql[..kept]).expect("text is JSON");
        let _ =
            write!(out, r#","sql":{{{},"query":{sql},"dialect":"snowflake"}}"#, head(subject, "1-1-0", "SQLJobFacet"));
    }
    out
}

/// A table's columns, as many as their share of the event has room for.
pub fn schema(subject: &Subject<'_>, table: &Table) -> String {
    let mut out = format!(r#""schema":{{{},"fields":["#, head(subject, "1-2-0", "SchemaDatasetFacet"));
    let bytes_max =
        if subject.wide.is_some() { usize::MAX } else { subject.bytes / if subject.is_middle() { 8 } else { 4 } };
    for (at, column) in table.columns.iter().enumerate() {
        if at > 3 && out.len() > bytes_max {
            break;
        }
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(out, r#"{comma}{{"name":"{}","type":"{}""#, column.name, column.kind);
        if let Some(note) = &column.note {
            let _ = write!(out, r#","description":"{note}""#);
        }
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// Where a table lies.
pub fn source(subject: &Subject<'_>, table: &Table) -> String {
    format!(
        r#""dataSource":{{{},"name":"{}","uri":"{}"}}"#,
        head(subject, "1-0-1", "DatasourceDatasetFacet"),
        table.namespace,
        table.namespace
    )
}

/// Which version was written.
pub fn version(subject: &Subject<'_>, random: &mut Random) -> String {
    format!(
        r#""version":{{{},"datasetVersion":"{}"}}"#,
        head(subject, "1-0-1", "DatasetVersionDatasetFacet"),
        random.draw()
    )
}

/// How much was read.
pub fn input_statistics(subject: &Subject<'_>, random: &mut Random) -> String {
    format!(
        r#""inputStatistics":{{{},"rowCount":{},"size":{}}}"#,
        head(subject, "1-0-0", "InputStatisticsInputDatasetFacet"),
        random.below(90_000_000),
        random.below(9_000_000_000)
    )
}

/// How much was written, and the file checksums that a table format leaves.
pub fn output_statistics(subject: &Subject<'_>, random: &mut Random) -> String {
    let mut out = format!(
        r#""outputStatistics":{{{},"rowCount":{},"size":{},"fileCount":{}}}"#,
        head(subject, "1-0-2", "OutputStatisticsOutputDatasetFacet"),
        random.below(9_000_000),
        random.below(900_000_000),
        random.below(64)
    );
    let files = subject.bytes / FILE_PER_BYTES;
    let files: Vec<String> =
        (0..files).map(|at| format!(r#""part-{at:05}-{}.c000.snappy.parquet""#, random.uuid())).collect();
    let _ =
        write!(out, r#","writtenFiles":{{{},"files":[{}]}}"#, head(subject, "1-0-0", "WrittenFiles"), files.join(","));
    out
}

/// One random file name for that many bytes: sets how well a body compresses alone.
const FILE_PER_BYTES: usize = 900;

/// Which column comes from which, up to `bytes_max`.
pub fn column_lineage(subject: &Subject<'_>, inputs: &[&Table], output: &Table, bytes_max: usize) -> String {
    let mut out = format!(r#""columnLineage":{{{},"fields":{{"#, head(subject, "1-2-0", "ColumnLineageDatasetFacet"));
    let wide = subject.wide.map_or(&[][..], |table| &table.columns[..]);
    for (at, column) in output.columns.iter().chain(wide).enumerate() {
        if at > 1 && out.len() > bytes_max {
            break;
        }
        let from = inputs[(at + subject.job.output) % inputs.len()];
        let source = &from.columns[(at * 7 + subject.job.output) % from.columns.len()];
        let comma = if at == 0 { "" } else { "," };
        let kind = if at % 3 == 0 { "AGGREGATION" } else { "IDENTITY" };
        let _ = write!(
            out,
            r#"{comma}"{}":{{"inputFields":[{{"namespace":"{}","name":"{}","field":"{}","transformations":[{{"type":"DIRECT","subtype":"{kind}","description":"","masking":false}}]}}]}}"#,
            column.name, from.namespace, from.name, source.name
        );
    }
    out.push_str("}}");
    out
}
