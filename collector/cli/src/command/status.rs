//! `status`.

use server::http::model::{PartitionState, PartitionStatus, Status};

use super::now_ns;
use crate::api::Api;
use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::{pairs, table};
use crate::render::time::ago;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let status: Status = Api::new(arguments)?.get("/v1/status", &[])?;
    output::answer(arguments.output, &status, text)
}

/// The counts, then the partitions.
pub fn text(status: &Status) -> String {
    let counts = pairs(&[
        ("server", format!("{} on the {} log, tenant {}", status.version, status.log, status.tenant)),
        (
            "recorded",
            format!(
                "{} events, {} duplicates absorbed, {} rejected",
                status.recorded, status.duplicates, status.rejected
            ),
        ),
        ("known", format!("{} datasets, {} jobs, {} runs", status.datasets, status.jobs, status.runs)),
        ("alerts", format!("{} firing", status.alerts_firing)),
        (
            "ledger",
            format!(
                "{} leaves, newest checkpoint at {}",
                status.leaves,
                status.checkpoint_size.map_or("none".to_owned(), |size| size.to_string())
            ),
        ),
    ]);
    let rows = status.partitions.iter().map(row).collect();
    format!(
        "{counts}\n\n{}",
        table(
            &["partition", "state", "lag", "log time", "store", "why", "what to do"],
            rows,
            "This process owns no partition."
        )
    )
}

fn row(partition: &PartitionStatus) -> Vec<String> {
    let state = match partition.state {
        PartitionState::Starting => painted("starting", DOUBTFUL),
        PartitionState::Running => painted("running", GOOD),
        PartitionState::Lagging => painted("lagging", DOUBTFUL),
        PartitionState::Halted => painted("halted", BAD),
    };
    vec![
        partition.partition.to_string(),
        state,
        partition.lag.to_string(),
        partition.log_time.map(|time| ago(time, now_ns())).unwrap_or_default(),
        format!("{:.1} MiB", partition.store_bytes as f64 / f64::from(1 << 20)),
        partition.reason.clone().unwrap_or_default(),
        partition.remedy.clone().unwrap_or_default(),
    ]
}
