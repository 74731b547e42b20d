//! `recover --new-origin`: a new ledger after a real loss of the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::LedgerName;
use server::config::Config;
use server::genesis::configured_tenants;
use server::intake::limits;
use server::keyring::Keyring;
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, Names};
use server::recover::{Counts, RecoverError, Recovered, Recovery};
use server::serve::{key_places, open_log, topics};

use super::host;
use crate::arguments::{Arguments, Recover};
use crate::failure::Failure;
use crate::render::table::table;
use crate::{output, settings};

pub fn run(arguments: &Arguments, recover: &Recover) -> Result<(), Failure> {
    if !recover.new_origin {
        return Err(Failure::Usage(
            "this begins trees of a new name and leaves the lost ones as they are: confirm it with --new-origin"
                .to_owned(),
        ));
    }
    let config = settings::load(arguments, &[])?.config;
    let host = host();
    let ledger = LedgerName::parse(&config.ledger.name)
        .map_err(|fault| Failure::Usage(format!("ledger.name can't be {:?}: {fault}", config.ledger.name)))?;
    let keyring = Arc::new(Keyring::load(key_places(&config)).map_err(|error| {
        Failure::hinted(error, "Set ledger.keys_dir to the key folder of the lost ledger: both have the same keys.")
    })?);
    let notes = recover.checkpoint.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let stores = stores(&recover.lost_data)?;
    let lost = Names::new(&recover.lost_deployment);
    let names = topics::names(&config);
    let [from, to] = logs(&config, recover, &lost, &names)?;
    let brokers = u16::try_from(config.kafka.brokers.len()).unwrap_or(u16::MAX);
    topics::create(to.as_ref(), &topics::wanted(&config, brokers)).map_err(Failure::unasked)?;
    let recovery = Recovery {
        from: from.as_ref(),
        lost: &lost,
        stores: &stores,
        notes: &notes,
        to: to.as_ref(),
        names: &names,
        ledger: &ledger,
        partitions: config.recorder.partitions,
        tenants: &configured_tenants(&config),
        keyring: &keyring,
        limits: limits(&config.intake),
        random: host.random.as_ref(),
        now_ns: host.clock.now_ns(),
    };
    let recovered = recovery.run().map_err(explained)?;
    output::answer(arguments.output, &recovered, shown)?;
    eprintln!(
        "Start `ledgerline serve` with this configuration. Sources are read again from their beginning: what the lost ledger held of \
         them is known already, what only they still hold comes back."
    );
    Ok(())
}

/// The lost ledger's log and the new one's: never the same topics, never the same folder.
fn logs(config: &Config, recover: &Recover, lost: &Names, names: &Names) -> Result<[Arc<dyn Log>; 2], Failure> {
    if config.kafka.is_configured() {
        if lost == names {
            return Err(Failure::Usage(format!(
                "the new ledger needs topics of its own, and {} is the lost one's: set deployment.name to a new name",
                lost.events
            )));
        }
        let log = open_log(config, &host()).map_err(Failure::unasked)?;
        return Ok([Arc::clone(&log), log]);
    }
    let [folder] = recover.lost_data.as_slice() else {
        return Err(Failure::Usage(
            "say where the lost ledger is: --lost-data DIR, once on the embedded log".to_owned(),
        ));
    };
    if same(folder, &config.data_dir) {
        return Err(Failure::Usage(format!(
            "the new ledger needs a folder of its own, and {} is the lost one's: set data_dir to a new folder",
            folder.display()
        )));
    }
    // A log that is gone is opened as an empty one, and leaves the folder as it was but for that.
    let from = Embedded::open(&folder.join("log"), Arc::clone(&host().clock), Bounds::default())
        .map_err(|error| Failure::hinted(error, "Stop the server that works in this folder, then run it again."))?;
    Ok([Arc::new(from), open_log(config, &host()).map_err(Failure::unasked)?])
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// The stores in data folders.
fn stores(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut stores = Vec::new();
    for folder in folders {
        let listed = std::fs::read_dir(folder)
            .map_err(|error| Failure::Usage(format!("{} can't be read: {error}", folder.display())))?;
        for entry in listed.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix("partition-").and_then(|number| number.parse::<u32>().ok());
            if number.is_some() && entry.path().join("CURRENT").exists() {
                stores.push(entry.path());
            }
        }
    }
    stores.sort_unstable();
    Ok(stores)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{} can't be read: {error}", path.display())))
}

fn explained(error: RecoverError) -> Failure {
    let hint = match &error {
        RecoverError::Uncited { .. } => {
            "Name a checkpoint that was kept elsewhere with --checkpoint FILE, or stores with --lost-data DIR. A ledger that never \
             signed one has nothing to cite: move its data away and begin anew with `ledgerline serve`."
        }
        RecoverError::SameName(_) => "Set ledger.name to a name that was never used.",
        RecoverError::Differs { .. } | RecoverError::Genesis(_) => {
            "Set deployment.name (on Kafka) or data_dir to a name that was never used."
        }
        RecoverError::NoKey(_) => "Copy identity-<tenant>.key of the lost ledger into the key folder.",
        RecoverError::Store { .. } => "Stop the server that works in this folder; a store that is damaged, leave out.",
        _ => return Failure::unasked(error),
    };
    Failure::hinted(error, hint)
}

fn shown(recovered: &Recovered) -> String {
    let cited = recovered.previous.iter();
    let cited = cited.map(|last| vec![last.origin.to_string(), last.size.to_string(), last.root.to_string()]);
    let row = |counts: &Counts| {
        let numbers = [counts.from_log, counts.from_stores, counts.others, counts.there, counts.published_below];
        [counts.partition.to_string()].into_iter().chain(numbers.map(|number| number.to_string())).collect()
    };
    let left = recovered.left_behind.iter().map(|(why, count)| vec![(*why).to_owned(), count.to_string()]);
    let columns = ["partition", "events of the log", "of stores alone", "others", "were there", "told below"];
    [
        table(&["leaf 0 cites", "leaves", "root"], cited.collect(), ""),
        table(&columns, recovered.partitions.iter().map(row).collect(), ""),
        table(&["left behind", "records"], left.collect(), "Nothing was left behind."),
    ]
    .join("\n")
}
