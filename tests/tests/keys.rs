//! Keys of a running deployment: rotation under load, interrupted, offline; revocation with a root key that is elsewhere; what is
//! there after kill -9 and after a store is made anew; several processes.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};
use ledger::note::{Note, NoteSignature};
use ledgerline_tests::{Fleet, Ledgerline, binary, kafka, until};
use serde_json::{Value, json};

/// Ticks and checkpoints come often, so that tests need not order them.
const OFTEN: &[(&str, &str)] = &[
    ("RECORDER__TICK_INTERVAL_MS", "200"),
    ("LEDGER__CHECKPOINT_INTERVAL_MS", "100"),
    ("INTAKE__TENANTS__ACME", "acme"),
];

fn event(run: u32) -> String {
    json!({
        "eventType": "COMPLETE", "eventTime": "2026-03-01T06:05:00Z", "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("01920000-0000-7000-8000-{run:012}")}, "job": {"namespace": "shop", "name": "load"},
        "inputs": [], "outputs": [],
    })
    .to_string()
}

/// Ids of the keys that signed a tenant's newest checkpoint, and its size.
fn signers(server: &Ledgerline, tenant: &str) -> Result<(u64, BTreeSet<String>)> {
    let checkpoint = server.json(&["--tenant", tenant, "ledger", "checkpoint"])?;
    let note = Note::from_bytes(checkpoint["note"].as_str().unwrap().as_bytes())?;
    let ids = note.signatures().iter().map(NoteSignature::id).map(|id| id.to_string()).collect();
    Ok((checkpoint["size"].as_u64().unwrap(), ids))
}

/// Each key of a tenant's ledger: its id and state.
fn keys(server: &Ledgerline, tenant: &str) -> Result<Vec<(String, String)>> {
    let trees = server.json(&["--tenant", tenant, "keys", "list"])?;
    let text = |key: &Value, field: &str| key[field].as_str().unwrap_or_default().to_owned();
    let rows = trees[0]["keys"].as_array().context("keys")?.iter();
    Ok(rows.map(|key| (text(key, "id"), text(key, "state"))).collect())
}

fn states(server: &Ledgerline, tenant: &str) -> Result<Vec<String>> {
    Ok(keys(server, tenant)?.into_iter().map(|(_, state)| state).collect())
}

/// Waits until the newest checkpoint of a tenant is signed by these keys.
fn signed_by(server: &Ledgerline, tenant: &str, wanted: &[&str]) -> Result<()> {
    let wanted: BTreeSet<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    until(&format!("{tenant} is signed by {wanted:?}"), || Ok((signers(server, tenant)?.1 == wanted).then_some(())))
}

fn run(data: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.args(arguments).env("LEDGERLINE_DATA_DIR", data).stdin(Stdio::null());
    command.envs(settings.iter().map(|(key, value)| (format!("LEDGERLINE_{key}"), *value)));
    Ok(command.output()?)
}

fn key_files(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("ledger") && name.ends_with(".key")).collect();
    names.sort();
    names
}

#[test]
fn a_rotation_under_load_loses_nothing_and_is_the_same_after_a_replay() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Ledgerline::start(folder.path(), OFTEN)?;
    let old = keys(&server, "default")?[0].0.clone();
    let (taken, done) = (std::sync::atomic::AtomicU32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| -> Result<()> {
        let load = scope.spawn(|| -> Result<()> {
            while !done.load(Ordering::Acquire) {
                server.take([event(taken.fetch_add(1, Ordering::AcqRel))])?;
            }
            Ok(())
        });
        let rotated = server.json(&["keys", "rotate", "--overlap", "1h", "--reason", "test"]);
        let new = keys(&server, "default").map(|keys| keys[1].0.clone());
        let both = new
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error}"))
            .and_then(|new| signed_by(&server, "default", &[&old, new]));
        done.store(true, Ordering::Release);
        load.join().unwrap()?;
        both?;
        let rotated = rotated?;
        let ledgers: Vec<_> = rotated.as_array().unwrap().iter().map(|row| row["ledger"].as_str().unwrap()).collect();
        assert_eq!(ledgers, ["ledgerline/acme", "ledgerline/default", "ledgerline/p-0"]);
        assert!(rotated.as_array().unwrap().iter().all(|row| row["refused"].is_null()), "{rotated}");
        Ok(())
    })?;
    server.recorded(u64::from(taken.load(Ordering::Acquire)))?;
    for tenant in ["acme", "default", "p-0"] {
        assert_eq!(states(&server, tenant)?, ["overlap", "active"], "{tenant}");
    }
    assert_eq!(key_files(&folder.path().join("keys")), ["ledger.2.key", "ledger.key"]);
    server.crash_and_restart()?;
    assert_eq!(states(&server, "default")?, ["overlap", "active"], "after kill -9");
    let new = keys(&server, "default")?[1].0.clone();
    server.take([event(900_000)])?;
    let size = signers(&server, "default")?.0;
    until("a later checkpoint", || Ok((signers(&server, "default")?.0 > size).then_some(())))?;
    signed_by(&server, "default", &[&old, &new])?;
    let told = server.json(&["keys", "list"])?;
    server.stop()?;

    // The same out of the log alone. What was signed since is counted on by the ticks of the new start.
    std::fs::rename(folder.path().join("partition-0"), folder.path().join("set-aside"))?;
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    let again = server.json(&["keys", "list"])?;
    let fixed = |trees: &Value| -> Vec<Value> {
        let keys = trees.as_array().unwrap().iter().flat_map(|tree| tree["keys"].as_array().unwrap().iter());
        keys.map(|key| json!([key["verifier"], key["state"], key["from_size"], key["enrolled_at"], key["retires_at"]]))
            .collect()
    };
    assert_eq!(fixed(&told), fixed(&again));
    server.stop()
}

#[test]
fn a_rotation_that_was_interrupted_goes_on_where_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Ledgerline::start(folder.path(), OFTEN)?;
    // Killed once the key was made, and nothing ordered.
    server.ask(&["keys", "new"])?;
    server.crash_and_restart()?;
    assert_eq!(states(&server, "default")?, ["active"], "a key that was made is not enrolled");
    // Killed once one of three ledgers was rotated.
    let printed = server.ask(&["keys", "rotate", "--overlap", "1h", "--print"])?;
    let orders: Value = serde_json::from_str(&printed)?;
    assert_eq!(orders["notes"].as_array().unwrap().len(), 3);
    let one = json!({ "format": orders["format"], "notes": [orders["notes"][0]] });
    let path = folder.path().join("one.json");
    std::fs::write(&path, one.to_string())?;
    server.ask(&["keys", "rotate", "--signed", path.to_str().unwrap()])?;
    server.crash_and_restart()?;
    let rest = server.json(&["keys", "rotate", "--overlap", "1h"])?;
    assert_eq!(rest.as_array().unwrap().len(), 2, "{rest}");
    assert_eq!(key_files(&folder.path().join("keys")), ["ledger.2.key", "ledger.key"], "no third key was made");
    for tenant in ["acme", "default", "p-0"] {
        assert_eq!(states(&server, tenant)?, ["overlap", "active"], "{tenant}");
    }
    // The same file sent again is the same order: its leaf is told, and nothing is done.
    let again = server.json(&["keys", "rotate", "--signed", path.to_str().unwrap()])?;
    assert_eq!((&again[0]["refused"], again.as_array().unwrap().len()), (&Value::Null, 1));
    assert_eq!(states(&server, "acme")?.len(), 2);
    server.stop()?;

    // The next one on the stopped deployment.
    let data = folder.path().to_str().unwrap();
    let output = run(folder.path(), OFTEN, &["--data", data, "-o", "json", "keys", "rotate", "--overlap", "1s"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    until("the second key retires", || {
        Ok((states(&server, "default")? == ["overlap", "retired", "active"]).then_some(()))
    })
    .or_else(|_| until("both retire", || Ok((states(&server, "default")?[2] == "active").then_some(()))))?;
    server.stop()
}

#[test]
fn a_revocation_needs_the_root_key_alone_and_the_root_key_never_comes_to_the_server() -> Result<()> {
    let (folder, away) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    let root = away.path().join("root.key");
    std::fs::rename(folder.path().join("keys/root.key"), &root)?;
    server.ask(&["keys", "rotate", "--overlap", "1h"])?;
    let (old, new) = (keys(&server, "default")?[0].0.clone(), keys(&server, "default")?[1].0.clone());

    let refused = server.command(&["keys", "revoke", &old, "--reason", "stolen"])?;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("only the root key revokes"));
    let unknown = server.command(&["keys", "revoke", "00000000", "--reason", "x", "--print"])?;
    assert_eq!(unknown.status.code(), Some(1));

    let orders = away.path().join("orders.json");
    std::fs::write(&orders, server.ask(&["keys", "revoke", &old, "--reason", "stolen", "--print"])?)?;
    // Unsigned it is recorded as refused, and somebody is told.
    let unsigned = server.command(&["keys", "revoke", "--signed", orders.to_str().unwrap()])?;
    assert_eq!(unsigned.status.code(), Some(2), "{}", String::from_utf8_lossy(&unsigned.stderr));
    let signed = run(away.path(), &[], &["keys", "sign", orders.to_str().unwrap(), "--root", root.to_str().unwrap()])?;
    ensure!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    assert!(String::from_utf8_lossy(&signed.stderr).contains("reason stolen"), "whoever signs sees what");
    std::fs::write(&orders, &signed.stdout)?;
    let done = server.json(&["keys", "revoke", "--signed", orders.to_str().unwrap()])?;
    assert_eq!(done.as_array().unwrap().len(), 3, "in every ledger that has the key: {done}");
    assert_eq!(states(&server, "default")?, ["revoked", "active"]);
    server.take([event(1)])?;
    signed_by(&server, "default", &[&new])?;
    until("the key folder remembers it", || {
        let text = std::fs::read_to_string(folder.path().join("keys/revoked")).unwrap_or_default();
        Ok((text.lines().count() == 3).then_some(()))
    })?;

    // The last key, too: nothing is signed, somebody is told, and the root key lets another one in.
    let done = server.ask(&["keys", "revoke", &new, "--reason", "stolen as well", "--root", root.to_str().unwrap()]);
    done?;
    until("it is told", || {
        let told = server.json(&["--tenant", "default", "alerts", "list", "--rule", "ledger-key"])?;
        Ok((told["items"].as_array().unwrap().len() == 1).then_some(()))
    })?;
    until("readiness names it", || {
        let ready = server.get("/readyz")?;
        assert_eq!(ready["ready"], true, "events are taken all the same");
        Ok(ready.to_string().contains("keys rotate --root FILE").then_some(()))
    })?;
    // The command says no to a checkpoint that a revoked key alone has signed; the server still shows it.
    assert!(signers(&server, "default").is_err());
    let size = server.get("/v1/checkpoint")?["size"].as_u64().unwrap();
    server.take([event(2)])?;
    let helpless = server.command(&["keys", "rotate"])?;
    assert_eq!(helpless.status.code(), Some(2), "{}", String::from_utf8_lossy(&helpless.stderr));
    server.ask(&["keys", "rotate", "--root", root.to_str().unwrap()])?;
    let third = keys(&server, "default")?[2].0.clone();
    until("what was recorded meanwhile is signed", || {
        Ok((server.get("/v1/checkpoint")?["size"].as_u64() > Some(size)).then_some(()))
    })?;
    signed_by(&server, "default", &[&third])?;
    server.stop()
}

#[test]
fn who_has_no_right_to_a_key_gets_nowhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    let id = keys(&server, "default")?[0].0.clone();
    // A root key, but another deployment's.
    let other = tempfile::tempdir()?;
    Ledgerline::prepare(other.path(), &[], &["keys", "init"])?;
    let root = other.path().join("keys/root.key");
    let refused = server.command(&["keys", "revoke", &id, "--reason", "mine", "--root", root.to_str().unwrap()])?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("refused: not-authorised"), "{refused:?}");
    let told = until("it is told", || {
        let told = server.json(&["alerts", "list", "--rule", "ledger-key"])?;
        let first = told["items"].as_array().unwrap().first().cloned();
        Ok(first)
    })?;
    assert_eq!(told["severity"], "critical", "{told}");
    assert_eq!(states(&server, "default")?, ["active"]);
    let wrong = server.command(&[
        "keys",
        "revoke",
        &id,
        "--reason",
        "x",
        "--root",
        folder.path().join("keys/ledger.key").to_str().unwrap(),
    ])?;
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no root key"));
    server.stop()
}

#[test]
fn a_drill_reads_every_copy_and_a_restore_puts_missing_files_back() -> Result<()> {
    let (folder, copy) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    let keys_folder = folder.path().join("keys");
    for entry in std::fs::read_dir(&keys_folder)? {
        let path = entry?.path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap()))?;
    }
    let from = copy.path().to_str().unwrap();
    let root = keys_folder.join("root.key");
    let drill = ["keys", "recover", "--drill", "--from", from, "--root", root.to_str().unwrap()];
    server.ask(&drill)?;
    let leaves = server.json(&["--tenant", "acme", "events", "tail", "-n", "50"])?;
    assert!(leaves.to_string().contains("key_operation"), "{leaves}");
    std::fs::remove_file(copy.path().join("ledger.key"))?;
    let failed = server.command(&drill)?;
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("the copy does not hold it"), "{failed:?}");
    std::fs::copy(keys_folder.join("ledger.key"), copy.path().join("ledger.key"))?;
    server.stop()?;
    for name in ["ledger.key", "identity-acme.key", "intake-1.key"] {
        std::fs::remove_file(keys_folder.join(name))?;
    }
    Ledgerline::prepare(folder.path(), OFTEN, &["keys", "recover", "--from", from])?;
    let server = Ledgerline::start(folder.path(), OFTEN)?;
    assert_eq!(states(&server, "acme")?, ["active"]);
    server.stop()
}

#[test]
fn two_processes_rotate_once_and_each_signs_with_what_it_has() -> Result<()> {
    let kafka = kafka(1)?;
    let tenants = ["alpha", "beta", "gamma", "delta"];
    let often = [("RECORDER__TICK_INTERVAL_MS", "200"), ("LEDGER__CHECKPOINT_INTERVAL_MS", "100")];
    let fleet = Fleet::new(&kafka, 2, &tenants, &often)?;
    let mut one = fleet.start("one", &[])?;
    one.stands(2, "running")?;
    let two = fleet.start("two", &[])?;
    one.stands(1, "running")?;
    two.stands(1, "running")?;
    let client = reqwest::blocking::Client::new();
    let post = |server: &Ledgerline, tenant: &str, run: u32| -> Result<()> {
        let request = client.post(format!("{}/api/v1/lineage", server.url())).header("ledgerline-tenant", tenant);
        let answer = request.header("content-type", "application/json").body(event(run)).send()?;
        ensure!(answer.status() == 201, "{}", answer.status());
        Ok(())
    };
    tenants.iter().try_for_each(|tenant| post(&one, tenant, 1))?;
    let rotated = one.json(&["keys", "rotate", "--overlap", "1h"])?;
    assert_eq!(rotated.as_array().unwrap().len(), 2 + 1 + tenants.len(), "{rotated}");
    assert_eq!(key_files(&fleet.keys()), ["ledger.2.key", "ledger.key"]);
    let again = two.command(&["keys", "rotate", "--overlap", "1h", "--print"])?;
    assert!(again.status.success() && key_files(&fleet.keys()).len() == 3, "all have taken it up: another one is next");
    for tenant in tenants {
        post(&two, tenant, 2)?;
        let ids: Vec<String> = keys(&two, tenant)?.into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), 2, "{tenant}");
        signed_by(&one, tenant, &[&ids[0], &ids[1]])?;
    }
    // The survivor believes what the other has signed, and goes on.
    one.crash()?;
    two.stands(2, "running")?;
    for tenant in tenants {
        let size = until("the survivor answers", || Ok(signers(&two, tenant).ok()))?.0;
        post(&two, tenant, 3)?;
        until("the survivor signs on", || Ok((signers(&two, tenant)?.0 > size).then_some(())))?;
        assert_eq!(signers(&two, tenant)?.1.len(), 2, "{tenant}");
    }
    two.stop()
}

#[test]
fn snapshots_of_before_and_after_a_rotation_are_believed() -> Result<()> {
    let (folder, copies) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let settings =
        [OFTEN, &[("SNAPSHOTS__URL", copies.path().to_str().unwrap()), ("SNAPSHOTS__INTERVAL_MS", "0")]].concat();
    let server = Ledgerline::start(folder.path(), &settings)?;
    server.take([event(1)])?;
    server.recorded(1)?;
    server.ask(&["snapshot", "create"])?;
    server.ask(&["keys", "rotate", "--overlap", "1s"])?;
    until("the old key retires", || Ok((states(&server, "p-0")? == ["retired", "active"]).then_some(())))?;
    server.take([event(2)])?;
    server.recorded(2)?;
    server.ask(&["snapshot", "create"])?;
    server.stop()?;
    let verify = ["-o", "json", "snapshot", "verify", "--all"];
    let sound = |wanted: &[bool]| -> Result<()> {
        let found: Value = serde_json::from_slice(&run(folder.path(), &settings, &verify)?.stdout)?;
        let found: Vec<bool> = found.as_array().unwrap().iter().map(|row| row["sound"].as_bool().unwrap()).collect();
        assert_eq!(found, wanted);
        Ok(())
    };
    sound(&[true, true])?;
    // The old key's file is gone for good; what it signed is still checked with its public half …
    std::fs::remove_file(folder.path().join("keys/ledger.key"))?;
    sound(&[true, true])?;
    // … and the store is made anew from the newest, by whoever has the new key.
    std::fs::rename(folder.path().join("partition-0"), folder.path().join("set-aside"))?;
    let server = Ledgerline::start(folder.path(), &settings)?;
    assert_eq!(states(&server, "p-0")?, ["retired", "active"]);
    let root = folder.path().join("keys/root.key");
    let old = keys(&server, "p-0")?[0].0.clone();
    server.ask(&["keys", "revoke", &old, "--reason", "stolen", "--root", root.to_str().unwrap()])?;
    until("the key folder remembers it", || Ok(folder.path().join("keys/revoked").exists().then_some(())))?;
    until("for every ledger", || {
        let text = std::fs::read_to_string(folder.path().join("keys/revoked"))?;
        Ok((text.lines().count() == 3).then_some(()))
    })?;
    server.stop()?;
    sound(&[false, true])
}
