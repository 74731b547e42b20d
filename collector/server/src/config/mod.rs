//! Owns the configuration: one documented tree, read from defaults, file, environment and flags (later wins),
//! with every fault listed at once. Never opens a socket or a store, never reads a clock: what it returns is
//! checked data, and nothing downstream checks it again.
//!
//! Every key is read by exactly one `read` function, through [`Keys`]; what no `read` asked for is a fault, so
//! an unknown key is an error by construction. Where a value came from is kept beside it and printed by
//! [`Loaded::print`], secrets hidden.

mod alerts;
mod deployment;
mod fault;
mod http;
mod intake;
mod integrity;
mod kafka;
mod keys;
mod ledger;
mod node;
mod origin;
mod parse;
mod print;
mod publisher;
mod recorder;
mod roles;
mod snapshots;
mod source;
mod telemetry;
#[cfg(test)]
mod tests;
mod witness;

pub use alerts::Alerts;
pub use deployment::Deployment;
pub use fault::{Fault, Faults};
pub use http::{Http, TENANT_ANY, Token};
pub use intake::{Intake, TopicPattern};
pub use integrity::Integrity;
pub use kafka::{Kafka, message_bytes_least};
pub use ledger::Ledger;
pub use node::Node;
pub use origin::Origin;
pub use print::Setting;
pub use publisher::Publisher;
pub use recorder::Recorder;
pub use roles::Roles;
pub use snapshots::Snapshots;
pub use source::Sources;
pub use telemetry::{LogFormat, LogLevel, Telemetry};
pub use witness::{AskedWitness, Witness};

use keys::Keys;
use std::path::PathBuf;

/// The whole configuration. Each section documents its keys, their units and their bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `data_dir`: the folder of stores and of the embedded log. One process holds it at a time.
    pub data_dir: PathBuf,
    /// `shutdown_timeout_ms`: how long a drain may take before what is left is given up to the next owner.
    pub shutdown_timeout_ms: u64,
    /// `roles`: the parts that this process runs.
    pub roles: Roles,
    /// `deployment.*`
    pub deployment: Deployment,
    /// `node.*`
    pub node: Node,
    /// `ledger.*`
    pub ledger: Ledger,
    /// `kafka.*`; without `kafka.brokers` the embedded log is used.
    pub kafka: Kafka,
    /// `intake.*`
    pub intake: Intake,
    /// `recorder.*`
    pub recorder: Recorder,
    /// `publisher.*`
    pub publisher: Publisher,
    /// `snapshots.*`
    pub snapshots: Snapshots,
    /// `integrity.*`
    pub integrity: Integrity,
    /// `witness.*` and `witnesses.*`
    pub witness: Witness,
    /// `alerts.*`
    pub alerts: Alerts,
    /// `http.*`
    pub http: Http,
    /// `telemetry.*`
    pub telemetry: Telemetry,
}

/// A configuration that passed every check, and where each of its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The checked values.
    pub config: Config,
    /// One row per value, in the order of the sections.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads and checks everything. The error lists every fault found in every source, not the first.
    pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
        let mut keys = Keys::merge(sources);
        let config = Self::read(&mut keys);
        config.check(&mut keys);
        let (settings, faults) = keys.finish();
        if faults.is_empty() { Ok(Loaded { config, settings }) } else { Err(Faults(faults)) }
    }

    fn read(keys: &mut Keys) -> Self {
        Self {
            data_dir: keys.take("data_dir", PathBuf::from("ledgerline-data")),
            shutdown_timeout_ms: keys.bounded("shutdown_timeout_ms", 20_000, 100..=600_000),
            roles: Roles::read(keys),
            deployment: Deployment::read(keys),
            node: Node::read(keys),
            ledger: Ledger::read(keys),
            kafka: Kafka::read(keys),
            intake: Intake::read(keys),
            recorder: Recorder::read(keys),
            publisher: Publisher::read(keys),
            snapshots: Snapshots::read(keys),
            integrity: Integrity::read(keys),
            witness: Witness::read(keys),
            alerts: Alerts::read(keys),
            http: Http::read(keys),
            telemetry: Telemetry::read(keys),
        }
    }

    /// Rules between values; each names the key that has to change.
    fn check(&self, keys: &mut Keys) {
        self.http.check(&self.intake, keys);
        self.kafka.check(&self.intake, keys);
        self.roles.check(&self.kafka, keys);
        self.node.check(&self.kafka, self.roles, keys);
        if self.intake.batch_bytes_max < self.intake.payload_bytes_max {
            keys.fault(
                "intake.batch_bytes_max",
                format!("is {}, less than one payload may be", self.intake.batch_bytes_max),
                format!("set it to at least intake.payload_bytes_max ({})", self.intake.payload_bytes_max),
            );
        }
        if self.intake.queue_bytes_max < self.intake.batch_bytes_max {
            keys.fault(
                "intake.queue_bytes_max",
                format!("is {}, less than one batch may be", self.intake.queue_bytes_max),
                format!("set it to at least intake.batch_bytes_max ({})", self.intake.batch_bytes_max),
            );
        }
    }
}
