//! `status`.

use server::http::model::{PartitionState, PartitionStatus, Status, WitnessTrouble};

use super::now_ns;
use crate::api::Api;
use crate::arguments::{Arguments, Form};
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::{count, pairs, table};
use crate::render::time::when;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match api.get::<Status>("/v1/status", &[]) {
        Ok(status) => output::answer(arguments.output, &status, text),
        Err(failure) => {
            // The tenant's own partition is what can't be asked: how the partitions do is known all the same.
            let partitions = api.get::<Vec<PartitionStatus>>("/v1/partitions", &[]);
            if let (Form::Table | Form::Tree, Ok(partitions)) = (arguments.output, partitions) {
                output::text(&partitions_text(&partitions))?;
            }
            Err(failure)
        }
    }
}

fn partitions_text(partitions: &[PartitionStatus]) -> String {
    table(
        &["partition", "state", "lag", "log time", "store", "snapshot", "process", "why", "what to do"],
        partitions.iter().map(row).collect(),
        "No partition is known.",
    )
}

/// Witnesses that fail; nothing where none does.
fn witnesses_text(partitions: &[PartitionStatus]) -> Option<String> {
    let row = |partition: &PartitionStatus, trouble: &WitnessTrouble| {
        let since = when(trouble.since, now_ns());
        vec![trouble.witness.clone(), partition.partition.to_string(), since, trouble.reason.clone()]
    };
    let rows: Vec<Vec<String>> =
        partitions.iter().flat_map(|one| one.witnesses.iter().map(|trouble| row(one, trouble))).collect();
    (!rows.is_empty()).then(|| table(&["witness fails", "partition", "since", "why"], rows, ""))
}

/// The counts, then the partitions.
pub fn text(status: &Status) -> String {
    let counts = pairs(&[
        ("server", format!("{} on the {} log, tenant {}", status.version, status.log, status.tenant)),
        (
            "recorded",
            format!(
                "{}, {} absorbed, {} rejected",
                count(status.recorded, "event"),
                count(status.duplicates, "duplicate"),
                status.rejected
            ),
        ),
        (
            "known",
            [("dataset", status.datasets), ("job", status.jobs), ("run", status.runs)]
                .map(|(what, number)| at_least(status, &format!("{what}s"), count(number, what)))
                .join(", "),
        ),
        ("alerts", at_least(status, "alerts_firing", format!("{} firing", status.alerts_firing))),
        (
            "ledger",
            format!(
                "{}, newest checkpoint at {}",
                if status.leaves == 1 { "1 leaf".to_owned() } else { format!("{} leaves", status.leaves) },
                status.checkpoint_size.map_or("none".to_owned(), |size| size.to_string())
            ),
        ),
    ]);
    let partitions = partitions_text(&status.partitions);
    match witnesses_text(&status.partitions) {
        None => format!("{counts}\n\n{partitions}"),
        Some(witnesses) => format!("{counts}\n\n{partitions}\n\n{witnesses}"),
    }
}

/// A count, marked where counting stopped at its bound.
fn at_least(status: &Status, name: &str, text: String) -> String {
    if status.at_least.iter().any(|bounded| bounded == name) { format!("at least {text}") } else { text }
}

fn row(partition: &PartitionStatus) -> Vec<String> {
    let state = match partition.state {
        PartitionState::Starting => painted("starting", DOUBTFUL),
        PartitionState::Running => painted("running", GOOD),
        PartitionState::Lagging => painted("lagging", DOUBTFUL),
        PartitionState::Halted => painted("halted", BAD),
        PartitionState::Following => painted("following", GOOD),
        PartitionState::Unknown => painted("unknown", DOUBTFUL),
    };
    vec![
        partition.partition.to_string(),
        state,
        partition.lag.to_string(),
        partition.log_time.map(|time| when(time, now_ns())).unwrap_or_default(),
        format!("{:.1} MiB", partition.store_bytes as f64 / f64::from(1 << 20)),
        partition.snapshot_at.map(|time| when(time, now_ns())).unwrap_or_default(),
        partition.owner.clone().unwrap_or_default(),
        partition.reason.clone().unwrap_or_default(),
        partition.remedy.clone().unwrap_or_default(),
    ]
}
