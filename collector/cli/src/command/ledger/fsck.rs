//! `ledger fsck`: every row of a stopped deployment's ledger, read anew.

use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};
use ledger::Tenant;
use lineage::schema::Schemas;
use serde::Serialize;
use server::fsck::{Fsck, FsckError, Sound, stores};
use server::intake::limits;
use server::keyring::Keyring;
use server::serve::key_places;
use store::{Store, StoreOptions, tables};

use crate::arguments::{self, Arguments};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::settings;

/// What one tree came to.
#[derive(Serialize)]
struct Told {
    partition: u32,
    tenant: String,
    /// `ok`, or the first thing that is wrong.
    verdict: String,
    #[serde(flatten)]
    sound: Sound,
}

pub fn run(arguments: &Arguments, asked: &arguments::Fsck) -> Result<(), Failure> {
    if arguments.data.is_none() {
        return Err(Failure::Usage(
            "it reads the folder of a stopped server: name it with --data DIR. A server at work checks itself all the time, \
             and tells by the alert ledger-integrity"
                .to_owned(),
        ));
    }
    let config = settings::load(arguments, &[])?.config;
    let keyring = Keyring::load(key_places(&config)).map_err(Failure::unasked)?;
    let schemas = Schemas::built_in().map_err(Failure::unasked)?;
    let limits = limits(&config.intake);
    let mut told = Vec::new();
    for (partition, path) in stores(&config) {
        // To be read alone: nothing of it is changed.
        let store = Store::open_copy(&path, &StoreOptions::default()).map_err(Failure::unasked)?;
        for (tenant, row) in tables::tenants(&store).map_err(Failure::unasked)? {
            let identity = Tenant::parse_recorded(&tenant).ok().and_then(|tenant| keyring.identity(&tenant));
            let fsck = Fsck { store: &store, tenant: &tenant, row: &row, identity, schemas: &schemas, limits: &limits };
            let bar = bar(row.size, &tenant);
            let checked = fsck.whole(usize::from(asked.threads), &|done| {
                bar.set_position(done);
                ControlFlow::Continue(())
            });
            bar.finish_and_clear();
            let (verdict, sound) = match checked {
                Ok(sound) => ("ok".to_owned(), sound),
                Err(FsckError::Fault(fault)) => (fault.to_string(), Sound::default()),
                Err(error) => return Err(Failure::unasked(error)),
            };
            told.push(Told { partition, tenant, verdict, sound });
        }
    }
    if told.is_empty() {
        return Err(Failure::No("there is no ledger in this folder".to_owned()));
    }
    output::answer(arguments.output, &told, |told| told.iter().map(shown).collect::<Vec<_>>().join("\n"))?;
    match told.iter().filter(|one| one.verdict != "ok").count() {
        0 => Ok(()),
        bad => Err(Failure::No(format!(
            "{bad} of {} trees not sound: keep this folder as it is, move it away, and start again; the store is rebuilt from the log",
            told.len()
        ))),
    }
}

fn bar(leaves: u64, tenant: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} leaves");
    ProgressBar::new(leaves)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(tenant.to_owned())
}

fn shown(told: &Told) -> String {
    let Told { partition, tenant, verdict, sound } = told;
    if verdict != "ok" {
        return format!("{}  {tenant} (partition {partition})", painted(verdict, BAD));
    }
    format!(
        "{}  {tenant} (partition {partition}): {} leaves, {} bodies as they were recorded, {} erased, {} dedup rows",
        painted("ok", GOOD),
        sound.leaves,
        sound.bodies,
        sound.erased,
        sound.dedup
    )
}
