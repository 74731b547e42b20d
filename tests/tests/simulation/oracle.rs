//! What must hold, decided from what was produced and from what log and stores hold: never from what a stage says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::checkpoint::Checkpoint;
use ledger::{LedgerName, Origin, Tenant};
use server::log::Record;
use server::recorder::{Recorder, RecorderSettings};
use store::tables::{self, LeafKey, Outgoing, Row};
use store::{Disk, Read, Scan, Store, Table};

use crate::world::{PARTITIONS, World};

/// Tables that are written beside the record: they follow from what was published, and what witnesses said of it, not from the
/// log alone.
const OF_PUBLISHER: [Table; 4] = [Table::Outbox, Table::Checkpoints, Table::Published, Table::Cosigned];

/// Checks a world that has come to rest.
pub fn check(world: &World) -> Result<(), String> {
    let mut bodies: Vec<String> = Vec::new();
    let (mut alerts, mut alerts_expected) = (Vec::new(), BTreeMap::new());
    for partition in 0..PARTITIONS {
        bodies.extend(bodies_of(&owner(world, partition)?.open())?);
    }
    check_bodies(world, &bodies)?;
    for partition in 0..PARTITIONS {
        let fresh = replayed(world, partition)?;
        alerts_expected.extend(alerts_in_outbox(&fresh)?);
        check_stores(world, partition, &fresh)?;
        check_checkpoints(world, &fresh)?;
    }
    for record in world.log.records(&world.names.alerts) {
        alerts.push(alert_id(&record)?);
    }
    once("alert", &alerts)?;
    let seen: BTreeSet<&String> = alerts.iter().collect();
    let expected: BTreeSet<&String> = alerts_expected.keys().collect();
    if seen != expected {
        let missing: Vec<_> = expected.difference(&seen).collect();
        let surplus: Vec<_> = seen.difference(&expected).collect();
        return Err(format!("alerts missing: {missing:?}, surplus: {surplus:?}"));
    }
    let rejected: BTreeSet<Vec<u8>> = world
        .log
        .records(&world.names.rejected)
        .into_iter()
        .filter_map(|record| record.value)
        .map(|value| value.to_vec())
        .collect();
    match world.unsound().iter().find(|text| !rejected.contains(text.as_bytes())) {
        Some(text) => Err(format!("missing among the rejected: {text}")),
        None => Ok(()),
    }
}

/// Every partition that lost records says so, and what to run.
pub fn halted(world: &World) -> Result<(), String> {
    let told =
        |halt: &&String| halt.contains("ledgerline ") && (halt.contains("cut off") || halt.contains("made anew"));
    match world.halts.iter().find(told) {
        Some(_) => once_in_topic(world),
        None => Err(format!("nobody halted and said why: {:?}; {}", world.halts, world.state())),
    }
}

fn once_in_topic(world: &World) -> Result<(), String> {
    let alerts: Result<Vec<String>, String> = world.log.records(&world.names.alerts).iter().map(alert_id).collect();
    once("alert", &alerts?)
}

fn once(what: &str, ids: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match ids.iter().find(|id| !seen.insert(*id)) {
        Some(id) => Err(format!("{what} twice: {id}")),
        None => Ok(()),
    }
}

/// Each sound payload is the body of one leaf, and nothing else is.
fn check_bodies(world: &World, bodies: &[String]) -> Result<(), String> {
    once("body", bodies)?;
    let (found, produced): (BTreeSet<&str>, BTreeSet<&str>) =
        (bodies.iter().map(String::as_str).collect(), world.produced().into_iter().collect());
    match (produced.difference(&found).next(), found.difference(&produced).next()) {
        (Some(missing), _) => Err(format!("missing in the ledger: {missing}")),
        (None, Some(surplus)) => Err(format!("surplus in the ledger: {surplus}")),
        (None, None) => Ok(()),
    }
}

/// The state that a fresh recorder makes of what the log holds, in one batch.
fn replayed(world: &World, partition: u32) -> Result<Store, String> {
    let store = Disk::default().open();
    let keyring = Arc::clone(&world.desk.keyring);
    let mut recorder = Recorder::open(store.clone(), partition, keyring, RecorderSettings::default())
        .map_err(|halt| halt.to_string())?;
    let records: Vec<Record> =
        world.log.records(&world.names.events).into_iter().filter(|record| record.partition == partition).collect();
    recorder.apply(&records).map_err(|halt| halt.to_string())?;
    Ok(store)
}

/// The disk of the process that holds a partition.
fn owner(world: &World, partition: u32) -> Result<Disk, String> {
    let holds = |process: &&crate::process::Process| process.next_offset(partition).is_some();
    let disk = world.processes.iter().find(holds).and_then(|process| process.disks.get(&partition).cloned());
    disk.ok_or_else(|| format!("nobody holds partition {partition}"))
}

/// Every table of every store that has come as far holds what a fresh one does.
fn check_stores(world: &World, partition: u32, fresh: &Store) -> Result<(), String> {
    let expected = rows(fresh)?;
    let mut owners = 0;
    for process in &world.processes {
        let Some(disk) = process.disks.get(&partition) else { continue };
        if process.next_offset(partition).is_none() {
            continue;
        }
        owners += 1;
        let found = rows(&disk.open())?;
        if found != expected {
            let differs = |(key, row): &(&(Table, Vec<u8>), &Vec<u8>)| expected.get(*key) != Some(*row);
            let odd: Vec<_> = found.iter().filter(differs).map(|(key, _)| key).take(3).collect();
            let gone: Vec<_> = expected.keys().filter(|key| !found.contains_key(*key)).take(3).collect();
            return Err(format!(
                "process {} and a fresh recorder differ in partition {partition}: {odd:?}, missing {gone:?}",
                process.number
            ));
        }
    }
    if owners == 1 { Ok(()) } else { Err(format!("partition {partition} has {owners} owners")) }
}

/// Rows by table and key.
type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

fn rows(store: &Store) -> Result<Rows, String> {
    let mut rows = BTreeMap::new();
    for table in Table::ALL.iter().filter(|table| !OF_PUBLISHER.contains(table)) {
        let scan = Scan::prefix(*table, &[]);
        let scanned = store.scan(scan, &mut |key, row| {
            rows.insert((*table, key.to_vec()), row.to_vec());
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| error.to_string())?;
    }
    Ok(rows)
}

fn bodies_of(store: &Store) -> Result<Vec<String>, String> {
    let mut bodies = Vec::new();
    for (_, row) in tables::tenants(store).map_err(|error| error.to_string())? {
        for index in 0..row.size {
            let body = tables::body(store, LeafKey { tenant: row.number, index }).map_err(|error| error.to_string())?;
            bodies.extend(body.map(|body| String::from_utf8_lossy(&body).into_owned()));
        }
    }
    Ok(bodies)
}

fn alerts_in_outbox(store: &Store) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut alerts = BTreeMap::new();
    let mut doubled = None;
    let scan = Scan::prefix(Table::Outbox, &[]);
    let scanned = store.scan(scan, &mut |_, row| {
        if let Some(Outgoing::Alert { attributes, body, .. }) = Outgoing::decode(row) {
            let id = attributes.iter().find(|(name, _)| name == "ce_id").map(|(_, id)| id.clone()).unwrap_or_default();
            if alerts.insert(id.clone(), body.unwrap_or_default()).is_some() {
                doubled = Some(id);
            }
        }
        ControlFlow::Continue(())
    });
    scanned.map_err(|error| error.to_string())?;
    match doubled {
        Some(id) => Err(format!("alert made twice: {id}")),
        None => Ok(alerts),
    }
}

fn alert_id(record: &Record) -> Result<String, String> {
    let id = record.header("ce_id").and_then(|id| std::str::from_utf8(id).ok());
    id.map(str::to_owned).ok_or_else(|| format!("an alert without id: {record:?}"))
}

/// Each published checkpoint is of a size once, signed, and has the root that a replay gives for that size.
fn check_checkpoints(world: &World, fresh: &Store) -> Result<(), String> {
    let ledger = LedgerName::parse("simulation").map_err(|error| error.to_string())?;
    let mut keys = Vec::new();
    for (tenant, row) in tables::tenants(fresh).map_err(|error| error.to_string())? {
        let origin = Origin::new(&ledger, &Tenant::parse_recorded(&tenant).map_err(|error| error.to_string())?);
        let verifier = world.desk.keyring.signer(&origin).unwrap().verifier().clone();
        for record in world.log.records(&world.names.checkpoints) {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            if key.rsplit_once('/').map(|(of, _)| of) != Some(tenant.as_str()) {
                continue;
            }
            let note = record.value.as_deref().unwrap_or_default();
            let signed =
                Checkpoint::verify(note, std::slice::from_ref(&verifier)).map_err(|error| error.to_string())?;
            let size = signed.checkpoint.size;
            let tree = tables::Tree::load(fresh, row.number, size).map_err(|error| error.to_string())?;
            if size > row.size || tree.root() != signed.checkpoint.root {
                return Err(format!("the checkpoint {key} is not of this log"));
            }
            keys.push(key);
        }
    }
    once("checkpoint", &keys)
}
