//! Row 11: somebody who may write to the event log and holds no key of ours. Whatever is written there is a leaf that says so, and
//! changes nothing.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use ledgerline_tests::{Around, Fault, Found, Kafka, Ledgerline, Standing, Witness, kafka, until};
use lineage::envelope::{Envelope, Kind};
use lineage::frame::{self, IntakeKey, Opened};
use serde_json::Value;
use server::keyring::Keyring;

use crate::site::Site;

const ROW: u32 = 11;
const EVENTS: usize = 12;
/// Far away, ns UTC: the year 2100.
const FAR_FUTURE_NS: i64 = 4_102_444_800_000_000_000;
const MAC_AT: usize = 14;
const DATUM_AT: usize = 46;

/// What is written to a partition under a key.
type Lie = (Option<i32>, Vec<u8>, Vec<u8>);

/// Every answer that tells of the tenant's state; where the log ends, and how often an event came, may change.
fn state(server: &Ledgerline) -> Result<Value> {
    let mut status = server.json(&["status"])?;
    let status = status.as_object_mut().context("an object")?;
    ["partitions", "duplicates", "checkpoint_size"].iter().for_each(|name| drop(status.remove(*name)));
    let mut answers = vec![Value::Object(status.clone())];
    for path in ["/v1/events?limit=1000", "/v1/alerts?limit=1000", "/v1/rejected?limit=1000", "/v1/search?q=t"] {
        let mut answer = server.get(path)?;
        if let Some(page) = answer.as_object_mut() {
            page.remove("next");
        }
        answers.push(answer);
    }
    answers.push(server.json(&["lineage", "downstream", "dataset:postgres://warehouse:5432:raw.t0"])?["nodes"].clone());
    Ok(Value::Array(answers))
}

/// Leaves of the partitions' own trees, by kind.
fn own_leaves(server: &Ledgerline) -> Result<BTreeMap<String, usize>> {
    let mut kinds = BTreeMap::new();
    for tenant in ["p-0", "p-1"] {
        let page = server.json(&["--tenant", tenant, "events", "tail", "--limit", "1000"])?;
        let rows = page["items"].as_array().or(page.as_array()).context("a list of leaves")?;
        rows.iter().for_each(|row| *kinds.entry(row["kind"].as_str().unwrap_or_default().to_owned()).or_default() += 1);
    }
    Ok(kinds)
}

/// A deployment of two partitions with some events, and what its log holds.
fn begun<'k>(kafka: &'k Kafka, name: &str) -> Result<(Site<'k>, Ledgerline, Vec<Found>)> {
    let site = Site::on_with(kafka, name, &[("RECORDER__PARTITIONS", "2")])?;
    let mut server = site.launch(&Around::default())?;
    let standing = server.standing()?;
    anyhow::ensure!(matches!(standing, Standing::Ready), "{standing:?}\n{}", site.heard());
    let witness = Witness::default();
    witness.unsure(&witness.next(EVENTS));
    witness.settle(&server)?;
    server.recorded(EVENTS as u64)?;
    until("the alerts that fire are listed", || {
        let firing = server.status()?.map(|status| status["alerts_firing"].clone());
        let listed = server.get("/v1/alerts?limit=1000")?["items"].as_array().map(Vec::len);
        Ok((firing.is_some_and(|firing| firing == listed.unwrap_or(0))).then_some(()))
    })?;
    let log = site.read("lineage.events")?;
    Ok((site, server, log))
}

/// The same envelope under another seal, changed by `change`.
fn resealed(
    value: &[u8],
    keys: &[IntakeKey],
    key: &IntakeKey,
    change: impl FnOnce(&mut Envelope<'_>),
) -> Result<Vec<u8>> {
    let Opened::Envelope(mut envelope) = frame::open(value, keys) else { anyhow::bail!("an envelope of ours") };
    change(&mut envelope);
    let mut sealed = Vec::new();
    frame::seal(&envelope, key, &mut sealed)?;
    Ok(sealed)
}

/// Everything that is tried, each with the kind of leaf that it must become; `None` where it is a repeat, and none.
fn lies(log: &[Found], keyring: &Keyring) -> Result<Vec<(&'static str, Lie, Option<&'static str>)>> {
    let keys = keyring.intake_keys();
    let kind = |record: &Found| match frame::open(&record.value, keys) {
        Opened::Envelope(envelope) => Some(envelope.kind),
        _ => None,
    };
    let first = |wanted: Kind| log.iter().find(|record| kind(record) == Some(wanted)).context("a record of that kind");
    let (event, control) = (first(Kind::Event)?, first(Kind::Control)?);
    let home = i32::try_from(event.partition)?;
    let (own, stranger) = (IntakeKey::new(keyring.intake_key().id(), &[7; 32]), IntakeKey::new(99, &[7; 32]));
    let flipped = |at: usize| {
        let mut value = event.value.clone();
        value[at] ^= 1;
        value
    };
    let to = |partition: i32, key: &[u8], value: Vec<u8>| (Some(partition), key.to_vec(), value);
    let forged = |key: &IntakeKey, change: fn(&mut Envelope<'_>)| resealed(&event.value, keys, key, change);
    let at_home = |value: Vec<u8>| to(home, &event.key, value);
    let refused = Some("refused");
    let far = |envelope: &mut Envelope<'_>| {
        (envelope.kind, envelope.event, envelope.received_at_ns) = (Kind::Tick, None, FAR_FUTURE_NS);
    };
    let another = |envelope: &mut Envelope<'_>| {
        envelope.event.iter_mut().for_each(|event| event.event_id = [9; 32]);
    };
    let control_home = i32::try_from(control.partition)?;
    Ok(vec![
        ("a body changed on its way", at_home(flipped(DATUM_AT + 40)), refused),
        ("a seal changed", at_home(flipped(MAC_AT)), refused),
        ("sealed by a key of one's own under our number", at_home(forged(&own, another)?), refused),
        ("sealed by a key that nobody knows", at_home(forged(&stranger, another)?), refused),
        ("a forged tick of the far future", at_home(forged(&own, far)?), refused),
        (
            "a forged control record",
            to(control_home, &control.key, resealed(&control.value, keys, &own, |_| ())?),
            refused,
        ),
        ("cut short", at_home(event.value[..event.value.len() - 5].to_vec()), refused),
        ("a preamble alone", at_home(event.value[..20].to_vec()), refused),
        ("under another tenant's key", to(home, b"somebody", event.value.clone()), refused),
        ("without a key", to(home, b"", event.value.clone()), refused),
        ("in the wrong partition", to(1 - home, &event.key, event.value.clone()), refused),
        ("a control record in the wrong partition", to(1 - control_home, &control.key, control.value.clone()), refused),
        ("not ours at all", at_home(b"{\"eventType\": \"COMPLETE\"}".to_vec()), Some("foreign")),
        ("an event again", at_home(event.value.clone()), None),
        ("the beginning again", to(control_home, &control.key, control.value.clone()), None),
    ])
}

#[test]
fn row_11_a_liar_changes_nothing() -> Result<()> {
    let kafka = kafka(1)?;
    let (site, server, log) = begun(&kafka, "liar")?;
    let (before, leaves_before) = (state(&server)?, own_leaves(&server)?);
    let lies = lies(&log, &Keyring::load(&site.keys())?)?;
    let mut expected = leaves_before;
    lies.iter().filter_map(|(_, _, leaf)| *leaf).for_each(|leaf| *expected.entry(leaf.to_owned()).or_default() += 1);
    let records: Vec<Lie> = lies.iter().map(|(_, lie, _)| lie.clone()).collect();
    kafka.produce(&site.topic("lineage.events"), &records)?;

    let wanted = |name: &str| expected.get(name).copied().unwrap_or(0);
    let found = until("every lie is a leaf", || {
        let leaves = own_leaves(&server)?;
        let count = |name: &str| leaves.get(name).copied().unwrap_or(0);
        let all = count("refused") >= wanted("refused") && count("foreign") >= wanted("foreign");
        let lag = server.status()?.is_some_and(|status| {
            status["partitions"].as_array().is_some_and(|all| all.iter().all(|partition| partition["lag"] == 0))
        });
        Ok((all && lag).then_some(leaves))
    })?;
    let mut fault =
        Fault { row: ROW, log: "kafka", rounds: lies.len() as u64, events: EVENTS as u64, ..Fault::default() };
    for kind in ["refused", "foreign"] {
        if found.get(kind) != expected.get(kind) {
            fault.violations.push(format!(
                "{:?} leaves of kind {kind} and not {:?}",
                found.get(kind),
                expected.get(kind)
            ));
        }
    }
    let after = state(&server)?;
    if after != before {
        fault.violations.push(format!("lies changed the state:\n{before:#}\n{after:#}"));
    }
    server.stop()?;
    let alerts = site.read("lineage.alerts")?;
    let text: Vec<String> = alerts.iter().map(|alert| String::from_utf8_lossy(&alert.value).into_owned()).collect();
    for reason in ["bad-mac", "unknown-intake-key", "truncated", "misplaced"] {
        let told = text.iter().filter(|text| text.contains("\"refused-record\"") && text.contains(reason)).count();
        if told == 0 {
            fault.violations.push(format!("no alert tells of records refused as {reason}"));
        }
    }
    fault.told()
}

/// With the intake key itself a lie is no lie any more: the oracle must see that something has changed.
#[test]
fn row_11_catches_what_changes_the_state() -> Result<()> {
    let kafka = kafka(1)?;
    let (site, server, log) = begun(&kafka, "insider")?;
    let before = state(&server)?;
    let keyring = Keyring::load(&site.keys())?;
    let keys = keyring.intake_keys();
    let is_event = |record: &&Found| matches!(frame::open(&record.value, keys), Opened::Envelope(envelope) if envelope.kind == Kind::Event);
    let event = log.iter().find(is_event).context("an event")?;
    let sealed = resealed(&event.value, keys, keyring.intake_key(), |envelope| {
        envelope.event.iter_mut().for_each(|event| event.event_id = [9; 32]);
    })?;
    let lie = (Some(i32::try_from(event.partition)?), event.key.clone(), sealed);
    kafka.produce(&site.topic("lineage.events"), &[lie])?;
    server.recorded(EVENTS as u64 + 1)?;
    assert_ne!(state(&server)?, before, "an event that nobody sent was recorded and nobody noticed");
    Ok(())
}
