//! `migrate`: a stopped deployment's embedded log to Kafka, with the same root.

use std::path::Path;
use std::sync::Arc;

use server::config::TopicPattern;
use server::log::embedded::{Bounds, Embedded};
use server::migrate::{MigrateError, Moved, migrate};
use server::serve::{open_log, topics};

use super::host;
use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::render::table::table;
use crate::{output, settings};

pub fn run(arguments: &Arguments, from: &Path) -> Result<(), Failure> {
    let config = settings::load(arguments, &[])?.config;
    if !config.kafka.is_configured() {
        return Err(Failure::Usage("kafka.brokers is not set: say which cluster the ledger moves to".to_owned()));
    }
    let folder = from.join("log");
    // RocksDB's own mark: opening a folder without it would make a log.
    if !folder.join("CURRENT").exists() {
        return Err(Failure::Usage(format!("there is no embedded log in {}", from.display())));
    }
    let source = Embedded::open(&folder, Arc::clone(&host().clock), Bounds::default())
        .map_err(|error| Failure::hinted(error, "Stop the server that works in this folder, then run it again."))?;
    let target = open_log(&config, &host()).map_err(Failure::unasked)?;
    let brokers = u16::try_from(config.kafka.brokers.len()).unwrap_or(u16::MAX);
    topics::create(target.as_ref(), &topics::wanted(&config, brokers)).map_err(Failure::unasked)?;
    let inputs: Vec<String> = config
        .intake
        .topics
        .iter()
        .filter_map(|topic| match topic {
            TopicPattern::Name(name) => Some(name.clone()),
            TopicPattern::Pattern(_) => None,
        })
        .collect();
    let moved = migrate(&source, target.as_ref(), &topics::names(&config), &inputs).map_err(|error| match error {
        MigrateError::Differs { .. } => {
            Failure::hinted(error, "Move to topics of its own: set deployment.name, which names them.")
        }
        error => Failure::unasked(error),
    })?;
    output::answer(arguments.output, &moved, |moved| {
        let row = |one: &Moved| {
            vec![one.topic.clone(), one.partition.to_string(), one.copied.to_string(), one.there.to_string()]
        };
        table(&["topic", "partition", "copied", "was there"], moved.iter().map(row).collect(), "")
    })?;
    eprintln!(
        "Every record stands at its own offset, so the root is the same. Start `ledgerline serve` with kafka.brokers set, the same \
         keys, and this data folder or an empty one."
    );
    Ok(())
}
