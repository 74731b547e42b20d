//! `topics create|check`.

use server::log::Created;
use server::serve::{Core, open_log, topics};

use super::host;
use crate::arguments::{Arguments, Topics};
use crate::failure::Failure;
use crate::render::table::table;
use crate::{output, settings};

pub fn run(arguments: &Arguments, command: Topics) -> Result<(), Failure> {
    let config = settings::load(arguments, &[])?.config;
    if !config.kafka.is_configured() {
        return Err(Failure::Usage("kafka.brokers is not set: the embedded log makes its topics by itself".to_owned()));
    }
    match command {
        Topics::Create => {
            let log = open_log(&config, &host()).map_err(Failure::unasked)?;
            let brokers = u16::try_from(config.kafka.brokers.len()).unwrap_or(u16::MAX);
            let made = topics::create(log.as_ref(), &topics::wanted(&config, brokers)).map_err(Failure::unasked)?;
            let row = |made: &topics::Made| {
                vec![made.topic.clone(), if made.created == Created::Made { "made" } else { "was there" }.to_owned()]
            };
            output::text(&table(&["topic", "what"], made.iter().map(row).collect(), ""))?;
            drop(log);
            // Opening a core begins the ledger on partitions that have none.
            let core = Core::open(config, host()).map_err(Failure::unasked)?;
            core.shutdown(std::time::Duration::from_secs(5));
            Ok(())
        }
        Topics::Check => {
            let log = open_log(&config, &host()).map_err(Failure::unasked)?;
            let brokers = u16::try_from(config.kafka.brokers.len()).unwrap_or(u16::MAX);
            let checked = topics::check(log.as_ref(), &topics::wanted(&config, brokers)).map_err(Failure::unasked)?;
            let mut rows = Vec::new();
            for topic in &checked {
                if !topic.exists {
                    rows.push(vec![topic.topic.clone(), "is missing".to_owned(), String::new(), String::new()]);
                }
                let row = |wrong: &server::log::Mismatch| {
                    vec![topic.topic.clone(), wrong.setting.clone(), wrong.found.clone(), wrong.wanted.clone()]
                };
                rows.extend(topic.mismatches.iter().map(row));
            }
            let faults = rows.len();
            output::text(&table(&["topic", "setting", "is", "must be"], rows, "All topics are as they must be."))?;
            match faults {
                0 => Ok(()),
                _ => Err(Failure::No(
                    "`ledgerline topics create` makes missing topics; settings are changed with kafka-configs"
                        .to_owned(),
                )),
            }
        }
    }
}
