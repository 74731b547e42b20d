//! What a core is made from, out of its configuration: name, keys, log. Never decides what is written there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::LedgerName;

use super::core::{Core, Host};
use super::{StartError, topics};
use crate::config::Config;
use crate::genesis::configured_tenants;
use crate::keyring::{KeyPlaces, Keyring};
use crate::log::embedded::{Bounds, Embedded};
use crate::log::kafka::{Kafka, Settings};
use crate::log::{Log, Sizing};
use crate::publisher::PublisherSettings;
use crate::recorder::RecorderSettings;
use crate::worker::WorkerParts;

/// `ledger.name`, parsed.
pub(super) fn ledger_name(config: &Config) -> Result<LedgerName, StartError> {
    LedgerName::parse(&config.ledger.name).map_err(|fault| StartError::Config {
        what: format!("ledger.name can't be {:?}: {fault}", config.ledger.name),
        remedy: "choose another name before the ledger begins".to_owned(),
    })
}

/// Where the keys are.
pub fn keys_folder(config: &Config) -> PathBuf {
    config.ledger.keys_dir.clone().unwrap_or_else(|| config.data_dir.join("keys"))
}

/// Where the keys are, those that sign in other places too.
pub fn key_places(config: &Config) -> KeyPlaces {
    KeyPlaces {
        folder: keys_folder(config),
        shared: config.ledger.signer.clone(),
        tenants: config.ledger.signers.clone(),
    }
}

/// The deployment's keys. With the embedded log what is missing is made; otherwise `keys init` makes them, once for all
/// processes.
pub(super) fn keyring(config: &Config, host: &Host, ledger: &LedgerName) -> Result<Keyring, StartError> {
    let places = key_places(config);
    if config.kafka.is_configured() {
        return Ok(Keyring::load(places)?);
    }
    let mut draw = || {
        let mut bytes = [0; 32];
        host.random.fill(&mut bytes);
        bytes
    };
    Ok(Keyring::init(places, ledger, config.recorder.partitions, &configured_tenants(config), &mut draw)?)
}

/// Opens the configured log.
///
/// # Errors
/// When it can't be opened or reached.
pub fn open_log(config: &Config, host: &Host) -> Result<Arc<dyn Log>, StartError> {
    if config.kafka.is_configured() {
        return Ok(Arc::new(Kafka::new(kafka_settings(config), Arc::clone(&host.clock))?));
    }
    store::make_durable(&config.data_dir)
        .map_err(|error| StartError::System { what: "the data folder can't be made", error })?;
    Ok(Arc::new(Embedded::open(&config.data_dir.join("log"), Arc::clone(&host.clock), Bounds::default())?))
}

/// Opens the embedded log of a folder that a server has worked in.
///
/// # Errors
/// When there is none, or a process holds it.
pub(super) fn open_existing(config: &Config, host: &Host) -> Result<Arc<dyn Log>, StartError> {
    let missing = |what: String| StartError::Config {
        what,
        remedy: "name the folder that `ledgerline serve --data` works in, or ask its server with --server".to_owned(),
    };
    if config.kafka.is_configured() {
        return Err(missing(
            "a folder is read by itself on the embedded log alone, and kafka.brokers is set".to_owned(),
        ));
    }
    let folder = config.data_dir.join("log");
    // RocksDB's own mark: a folder without it holds no log, and opening would make one.
    if !folder.join("CURRENT").exists() {
        return Err(missing(format!("there is no ledger in {}", config.data_dir.display())));
    }
    open_log(config, host)
}

/// The clients' settings. Their bounds follow from those of intake and publisher.
fn kafka_settings(config: &Config) -> Settings {
    let sizing = Sizing {
        partitions: config.recorder.partitions,
        input_partitions: 1,
        brokers: 1,
        payload_bytes_max: u32::try_from(config.intake.payload_bytes_max).unwrap_or(u32::MAX),
    };
    Settings {
        properties: config.kafka.properties.clone(),
        message_bytes_max: sizing.message_bytes_max(),
        transaction_timeout: Duration::from_millis(config.publisher.transaction_timeout_ms),
        append_bytes_max: config.intake.queue_bytes_max.saturating_mul(2),
        reader_group: config.kafka.reader_group.clone().unwrap_or_else(|| topics::names(config).group("reader")),
        ..Settings::new(config.kafka.brokers.join(","))
    }
}

/// What the workers of a core share.
pub(super) fn worker_parts(core: &Core, advertised_url: &str) -> WorkerParts {
    let config = &core.config;
    let name = &config.deployment.name;
    let nanoseconds = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let recorder = RecorderSettings {
        tick_jump_max_ns: nanoseconds(config.recorder.tick_jump_max_ms),
        checkpoint_interval_ns: nanoseconds(config.ledger.checkpoint_interval_ms),
        envelope_version: core.build.envelope_version,
        alerts: lineage::alert::Settings {
            generation: core.build.generation,
            rules: core.build.rules,
            fallback_owner: config.alerts.fallback_owner.clone(),
            runbook_base: config.alerts.runbook_base.clone(),
        },
    };
    let publisher = PublisherSettings {
        alerts: Arc::clone(&core.names.alerts),
        checkpoints: Arc::clone(&core.names.checkpoints),
        recorders: Arc::clone(&core.names.recorders),
        deployment: if name.is_empty() { String::new() } else { format!("{name}-") },
        batch_rows_max: config.publisher.batch_rows_max,
        advertised_url: config.publisher.advertised_url.clone().unwrap_or_else(|| advertised_url.to_owned()),
        generation: recorder.alerts.generation,
        envelope_versions: core.build.reads(),
        node: config.node.standby_for.clone().unwrap_or_else(|| node(config)),
        announces: config.kafka.is_configured(),
    };
    WorkerParts {
        log: Arc::clone(&core.log),
        names: core.names.clone(),
        keyring: Arc::clone(&core.desk.keyring),
        batches: config.recorder.clone(),
        recorder,
        publisher,
        retry_interval_max_ms: config.publisher.retry_interval_max_ms,
        linger_ms: config.publisher.linger_ms,
        clock: Arc::clone(&core.host.clock),
        metrics: Arc::clone(&core.metrics),
        progress: Arc::clone(&core.progress),
    }
}

/// The name of this process among others, which outlives it: as configured, or of the machine and the data folder, so that
/// a restart comes back to its seat and no other process takes it.
pub(super) fn node(config: &Config) -> String {
    config.node.id.clone().unwrap_or_else(|| {
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let folder = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
        let digest = blake3::hash(format!("{}\n{}", host.trim(), folder.display()).as_bytes());
        digest.to_hex()[..16].to_owned()
    })
}

/// The seat of this process in the group of a role; none where there is no group, or where no seat is to be kept.
pub(super) fn seat(config: &Config, role: &str) -> Option<String> {
    (config.kafka.is_configured() && !config.node.leave).then(|| seat_of(role, &node(config)))
}

/// The seat of a node in the group of a role.
pub(super) fn seat_of(role: &str, node: &str) -> String {
    format!("ledgerline-{role}-{node}")
}
