//! `snapshot create|list|verify|restore`. To make one the server (or the folder) is asked; reading one back needs no server:
//! snapshots are what is left when there is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::manifest::Manifest;
use ledger::{LedgerName, SnapshotName};
use serde::Serialize;
use server::build::Build;
use server::config::Config;
use server::http::model::{Page, SnapshotOrdered, SnapshotSummary};
use server::keyring::Keyring;
use server::serve::key_places;
use server::snapshot::{
    Access, Place, Remote, Restored, SnapshotError, Target, Trust, Wanted, list, restore, restore_newest, summaries,
    verify,
};
use tokio::runtime::Runtime;

use super::{ledger as ledger_command, now_ns};
use crate::api::{Api, order_key};
use crate::arguments::{Arguments, Snapshot, Where};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::render::table::table;
use crate::render::time::when;
use crate::settings;

/// A snapshot that was read back or restored.
#[derive(Serialize)]
struct Checked {
    snapshot: String,
    sound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    size_bytes: u64,
    files: u64,
    leaves: u64,
}

/// Snapshots, and what they are believed by.
struct Shelf {
    config: Config,
    remote: Remote,
    trust: Trust,
    runtime: Runtime,
}

pub fn run(arguments: &Arguments, command: &Snapshot) -> Result<(), Failure> {
    match command {
        Snapshot::Create => create(arguments),
        Snapshot::List(place) => listed(arguments, place),
        Snapshot::Verify { snapshot, all, place } => verified(arguments, snapshot.as_deref(), *all, place),
        Snapshot::Restore { snapshot, place } => restored(arguments, snapshot.as_deref(), place),
    }
}

/// Orders, and asks again with the same key until it is done.
fn create(arguments: &Arguments) -> Result<(), Failure> {
    let (api, key) = (Api::writing(arguments)?, order_key());
    let ordered = loop {
        let ordered: SnapshotOrdered = api.post("/v1/snapshots", b"{}".to_vec(), &[("Idempotency-Key", &key)])?;
        if ordered.done {
            break ordered;
        }
    };
    output::answer(arguments.output, &ordered, |ordered| {
        let row = |made: &server::http::model::SnapshotMade| {
            vec![made.snapshot.clone(), size(made.size_bytes), made.files.to_string(), size(made.uploaded_bytes)]
        };
        let rows = ordered.made.iter().map(row).collect();
        table(&["snapshot", "size", "files", "uploaded"], rows, "No snapshot was made.")
    })?;
    match &ordered.failed[..] {
        [] if ordered.made.is_empty() => Err(Failure::unasked("no partition is at work here; see `ledgerline status`")),
        [] => Ok(()),
        failed => {
            let told = failed.iter().map(|failed| format!("partition {}: {}", failed.partition, failed.reason));
            Err(Failure::hinted(
                told.collect::<Vec<_>>().join("\n"),
                "`ledgerline doctor` checks the place of snapshots",
            ))
        }
    }
}

fn listed(arguments: &Arguments, place: &Where) -> Result<(), Failure> {
    let mut page = match &place.url {
        None => Api::new(arguments)?.get::<Page<SnapshotSummary>>("/v1/snapshots", &[])?,
        Some(_) => {
            let shelf = Shelf::open(arguments, place)?;
            let (items, truncated) = shelf.runtime.block_on(summaries(&shelf.remote, &shelf.trust)).map_err(failed)?;
            Page { items, next: None, truncated }
        }
    };
    page.items.retain(|item| place.partition.is_none_or(|partition| item.partition == partition));
    output::answer(arguments.output, &page, |page| {
        let row = |item: &SnapshotSummary| {
            let fault = item.fault.as_deref().map(|fault| painted(fault, BAD)).unwrap_or_default();
            let counts = [item.files, item.leaves].map(|count| count.to_string());
            let [files, leaves] = counts;
            vec![item.snapshot.clone(), when(item.written_at, now_ns()), size(item.size_bytes), files, leaves, fault]
        };
        let rows = page.items.iter().map(row).collect();
        table(&["snapshot", "written", "size", "files", "leaves", "fault"], rows, "There is no snapshot yet.")
    })?;
    if page.truncated {
        eprintln!("older ones are there, too: name a partition's with `ledgerline snapshot verify SNAPSHOT`");
    }
    Ok(())
}

fn verified(arguments: &Arguments, snapshot: Option<&str>, all: bool, place: &Where) -> Result<(), Failure> {
    let shelf = Shelf::open(arguments, place)?;
    let names = match snapshot {
        Some(text) => vec![named(text)?],
        None => shelf.names(place, all)?,
    };
    if names.is_empty() {
        return Err(Failure::No(format!("there is no snapshot in {}", shelf.remote.place())));
    }
    let mut checked = Vec::with_capacity(names.len());
    for name in names {
        eprintln!("reading {name}");
        match shelf.runtime.block_on(verify(&shelf.remote, &name, &shelf.trust)) {
            Ok(manifest) => checked.push(sound(&manifest)),
            Err(error) if error.is_unsound() || error.is_absent() => checked.push(unsound(&name, &error)),
            Err(error) => return Err(failed(error)),
        }
    }
    shown(arguments, &checked, "sound")?;
    match checked.iter().filter(|checked| !checked.sound).count() {
        0 => Ok(()),
        unsound => Err(Failure::No(format!(
            "{unsound} of {} snapshots are not sound: keep a sound older one, and make a new one with `ledgerline snapshot create`",
            checked.len()
        ))),
    }
}

fn restored(arguments: &Arguments, snapshot: Option<&str>, place: &Where) -> Result<(), Failure> {
    let shelf = Shelf::open(arguments, place)?;
    let folder = shelf.config.data_dir.clone();
    let generation = Build::current().generation;
    let target = |partition, incarnation| Target { folder: folder.clone(), partition, incarnation, generation };
    let mut done = Vec::new();
    match snapshot {
        Some(text) => {
            let name = named(text)?;
            let target = target(name.partition, Some(name.incarnation.0));
            shelf.runtime.block_on(restore(&shelf.remote, &name, &shelf.trust, &target)).map_err(failed)?;
            done.push(name);
        }
        None => {
            let lives = shelf.lives(place)?;
            for (partition, incarnation) in &lives {
                let target = target(*partition, Some(incarnation.0));
                if target.has_store() {
                    eprintln!("partition {partition} has a store: {} stays as it is", target.store().display());
                    continue;
                }
                match shelf.runtime.block_on(restore_newest(&shelf.remote, &shelf.trust, &target)).map_err(failed)? {
                    Restored::From(name) => done.push(name),
                    Restored::Nothing(unsound) => {
                        let told: Vec<String> = unsound.iter().map(ToString::to_string).collect();
                        return Err(Failure::No(format!("partition {partition}: {}", told.join("\n  "))));
                    }
                }
            }
            if lives.is_empty() {
                return Err(Failure::No(format!("there is no snapshot in {}", shelf.remote.place())));
            }
        }
    }
    let manifests = done.iter().map(|name| {
        let read = server::snapshot::manifest(&shelf.remote, name, &shelf.trust);
        Ok(sound(&shelf.runtime.block_on(read).map_err(failed)?))
    });
    shown(arguments, &manifests.collect::<Result<Vec<_>, Failure>>()?, "restored")?;
    eprintln!("start `ledgerline serve`: what the log holds beyond is applied first");
    Ok(())
}

impl Shelf {
    fn open(arguments: &Arguments, place: &Where) -> Result<Self, Failure> {
        let config = settings::load(arguments, &[])?.config;
        let at = match &place.url {
            Some(url) => {
                Place::parse(url).map_err(|wanted| Failure::Usage(format!("--url can't be {url:?}: {wanted}")))?
            }
            None => config.snapshots.place().ok_or_else(|| {
                Failure::Usage(
                    "no place for snapshots is configured: set snapshots.url, or name it with --url".to_owned(),
                )
            })?,
        };
        let trust = match &place.key {
            Some(text) => Trust::Keys(vec![ledger_command::given(text)?]),
            None => {
                let ledger =
                    LedgerName::parse(&config.ledger.name).map_err(|fault| Failure::Usage(fault.to_string()))?;
                let keyring = Keyring::load(key_places(&config)).map_err(|error| {
                    Failure::hinted(error, "the keys say whose snapshots count; --key takes a verifier key instead")
                })?;
                Trust::Own(Arc::new(keyring), ledger)
            }
        };
        let remote = Remote::open(&at, &config.snapshots.options, Access::Read).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, remote, trust, runtime })
    }

    /// The newest of each partition and life, or all of them.
    fn names(&self, place: &Where, all: bool) -> Result<Vec<SnapshotName>, Failure> {
        let wanted = Wanted { partition: place.partition, incarnation: None };
        let found = self.runtime.block_on(list(&self.remote, &wanted)).map_err(failed)?;
        let mut names: Vec<SnapshotName> = found.into_iter().map(|stored| stored.what).collect();
        if !all {
            // By partition and life, oldest first: the last of each is its newest.
            let newest: BTreeMap<_, _> = names.iter().map(|name| ((name.partition, name.incarnation), *name)).collect();
            names = newest.into_values().collect();
        }
        Ok(names)
    }

    /// Each partition with its one incarnation.
    fn lives(&self, place: &Where) -> Result<Vec<(u32, ledger::leaf::Hex<16>)>, Failure> {
        let names = self.names(place, false)?;
        let lives: Vec<_> = names.iter().map(|name| (name.partition, name.incarnation)).collect();
        match lives.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(lives),
            Some(pair) => Err(Failure::Usage(format!(
                "partition {} has snapshots of several lives of its log: name one with `ledgerline snapshot restore SNAPSHOT`\n  {}",
                pair[0].0,
                names.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
            ))),
        }
    }
}

fn named(text: &str) -> Result<SnapshotName, Failure> {
    text.parse().map_err(|fault: ledger::manifest::SnapshotNameFault| Failure::Usage(format!("{text:?}: {fault}")))
}

fn sound(manifest: &Manifest) -> Checked {
    Checked {
        snapshot: manifest.name().to_string(),
        sound: true,
        fault: None,
        size_bytes: manifest.size_bytes(),
        files: manifest.files.len() as u64,
        leaves: manifest.trees.iter().map(|tree| tree.size).sum(),
    }
}

fn unsound(name: &SnapshotName, error: &SnapshotError) -> Checked {
    let fault = Some(error.to_string());
    Checked { snapshot: name.to_string(), sound: false, fault, size_bytes: 0, files: 0, leaves: 0 }
}

fn shown(arguments: &Arguments, checked: &[Checked], verdict: &str) -> Result<(), Failure> {
    output::answer(arguments.output, &checked, |checked| {
        let row = |checked: &Checked| {
            let verdict = match &checked.fault {
                None => painted(verdict, GOOD),
                Some(fault) => painted(fault, BAD),
            };
            let [files, leaves] = [checked.files, checked.leaves].map(|count| count.to_string());
            vec![checked.snapshot.clone(), size(checked.size_bytes), files, leaves, verdict]
        };
        let rows = checked.iter().map(row).collect();
        table(&["snapshot", "size", "files", "leaves", "verdict"], rows, "Every partition has a store already.")
    })
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn failed(error: SnapshotError) -> Failure {
    match error {
        error if error.is_unsound() || error.is_absent() => Failure::No(error.to_string()),
        error => Failure::unasked(error),
    }
}
