//! `topics create|check`: our topics, made and compared with what they must be.

use crate::config::Config;
use crate::log::{Created, Log, LogError, Mismatch, Names, Sizing, TopicSpec};

/// Partitions of the default input topic where ledgerline makes it.
const INPUT_PARTITIONS: u32 = 6;

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The topic.
    pub topic: String,
    /// Whether it was made now.
    pub created: Created,
}

/// One topic against what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The topic.
    pub topic: String,
    /// Whether it is there.
    pub exists: bool,
    /// Where it differs; empty when all is well.
    pub mismatches: Vec<Mismatch>,
}

/// The names of our topics under this configuration.
pub fn names(config: &Config) -> Names {
    Names::new(&config.deployment.name)
}

/// The topics as they must be, on a cluster of `brokers`.
pub fn wanted(config: &Config, brokers: u16) -> Vec<TopicSpec> {
    let input_partitions = if config.kafka.is_configured() { INPUT_PARTITIONS } else { 1 };
    let sizing = Sizing {
        partitions: config.recorder.partitions,
        input_partitions,
        brokers,
        payload_bytes_max: u32::try_from(config.intake.payload_bytes_max).unwrap_or(u32::MAX),
    };
    sizing.topics(&names(config))
}

/// Makes the topics that are missing; existing ones are left as they are.
///
/// # Errors
/// When the log does not make one.
pub fn create(log: &dyn Log, wanted: &[TopicSpec]) -> Result<Vec<Made>, LogError> {
    wanted.iter().map(|spec| Ok(Made { topic: spec.name.to_string(), created: log.create(spec)? })).collect()
}

/// Compares the topics with what they must be.
///
/// # Errors
/// When the log can't be asked.
pub fn check(log: &dyn Log, wanted: &[TopicSpec]) -> Result<Vec<Checked>, LogError> {
    let one = |spec: &TopicSpec| {
        let state = log.describe(&spec.name)?;
        let mismatches = state.as_ref().map(|state| spec.mismatches(state)).unwrap_or_default();
        Ok(Checked { topic: spec.name.to_string(), exists: state.is_some(), mismatches })
    };
    wanted.iter().map(one).collect()
}
