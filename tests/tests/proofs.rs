//! What an auditor does, on what the binary serves and writes: with our commands, with the verifier in Python, and with tools that
//! others wrote. Then the same after somebody has changed one thing: each of them refuses, and says why.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use ledgerline_tests::{Ledgerline, binary, go_verifier, python_verifier, run_event, until};
use serde_json::Value;

/// Checkpoints soon after what they cover.
const SETTINGS: &[(&str, &str)] = &[("RECORDER__TICK_INTERVAL_MS", "200"), ("LEDGER__CHECKPOINT_INTERVAL_MS", "100")];

/// Runs before the first checkpoint that is kept, and after it: more than a tile's leaves, and not a whole number of them.
const RUNS: [u64; 2] = [150, 140];

/// A ledger that was served and archived, and the files that an auditor took of it.
struct Audited {
    folder: tempfile::TempDir,
    key: String,
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[track_caller]
fn said(output: Result<Output>, status: i32) -> String {
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(status), "{}", text(&output));
    text(&output)
}

/// Our own command, without a server.
fn ours(arguments: &[&str]) -> Result<Output> {
    Command::new(binary()?).args(arguments).env_remove("LEDGERLINE_VERIFIER_KEY").output().context("ledgerline")
}

/// Waits for a checkpoint that covers the tree as it is.
fn covered(server: &Ledgerline) -> Result<Value> {
    until("the tree is covered by a checkpoint", || {
        let leaves = server.status()?.and_then(|status| status["leaves"].as_u64());
        let checkpoint = server.json(&["ledger", "checkpoint"])?;
        Ok((checkpoint["size"].as_u64() == leaves).then_some(checkpoint))
    })
}

/// Subjects, and the file that each proof goes to.
fn subjects() -> Vec<(String, &'static str)> {
    let run = run_of(3);
    vec![
        ("0".to_owned(), "genesis.proof"),
        ("7".to_owned(), "leaf.proof"),
        (format!("run:{run}"), "run.proof"),
        ("keys".to_owned(), "keys.proof"),
    ]
}

fn run_of(run: u64) -> String {
    let event: Value = serde_json::from_str(&run_event(run, "START")).unwrap();
    event["run"]["runId"].as_str().unwrap().to_owned()
}

fn audited() -> Result<Audited> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let server = Ledgerline::start(&data, SETTINGS)?;
    let mut key = String::new();
    for (part, runs) in [(0..RUNS[0]), (RUNS[0]..RUNS[0] + RUNS[1])].into_iter().enumerate() {
        server.take(runs.clone().flat_map(|run| ["START", "COMPLETE"].map(|kind| run_event(run, kind))))?;
        server.recorded(2 * runs.end)?;
        let checkpoint = covered(&server)?;
        std::fs::write(at(&format!("checkpoint-{part}")), checkpoint["note"].as_str().unwrap())?;
        key = checkpoint["verifiers"][0].as_str().unwrap().to_owned();
        server.ask(&["ledger", "checkpoint", "--key", &key, "--state", &at("state")])?;
        server.ask(&["ledger", "archive", "--to", &at("archive"), "--once"])?;
    }
    for (subject, file) in subjects() {
        server.ask(&["ledger", "prove", &subject, "-f", &at(file)])?;
    }
    server.ask(&["ledger", "prove", "--no-bodies", "8", "-f", &at("closed.proof")])?;
    server.ask(&["ledger", "consistency", &at("checkpoint-0"), "-f", &at("consistency")])?;
    // Served as C2SP says, to tools that know nothing of us.
    for tree in ["default", "p-0"] {
        let (url, named) = (format!("{}/ledger/{tree}", server.url()), key_of(&server, tree)?);
        said(python_verifier(&["log", &url, "--key", &named]), 0);
        said(go_verifier(&["log", &url, "--key", &named]), 0);
    }
    let (url, old) = (format!("{}/ledger/default", server.url()), at("checkpoint-0"));
    said(python_verifier(&["log", &url, "--key", &key, "--old", &old]), 0);
    said(go_verifier(&["log", &url, "--key", &key, "--old", &old]), 0);
    nothing_beyond(&server)?;
    server.stop()?;
    Ok(Audited { folder, key })
}

fn key_of(server: &Ledgerline, tree: &str) -> Result<String> {
    let checkpoint = until("the tree has a checkpoint", || {
        let answer = server.command(&["--tenant", tree, "-o", "json", "ledger", "checkpoint"])?;
        Ok(answer.status.success().then(|| serde_json::from_slice::<Value>(&answer.stdout)).transpose()?)
    })?;
    Ok(checkpoint["verifiers"][0].as_str().context("no key")?.to_owned())
}

/// Tiles and bundles end where the published tree does; a width that it does not have is not there.
fn nothing_beyond(server: &Ledgerline) -> Result<()> {
    let size = covered(server)?["size"].as_u64().unwrap();
    let (number, width) = (size / 256, size % 256);
    let check = |path: String, status: u16| -> Result<()> {
        let found = reqwest::blocking::get(format!("{}/ledger/default/tile/{path}", server.url()))?.status().as_u16();
        ensure!(found == status, "{path}: {found}");
        Ok(())
    };
    for part in ["0", "entries"] {
        check(format!("{part}/000"), 200)?;
        check(format!("{part}/{number:03}.p/{width}"), 200)?;
        check(format!("{part}/{number:03}.p/1"), 200)?;
        check(format!("{part}/{number:03}.p/{}", width + 1), 404)?;
        check(format!("{part}/{number:03}"), 404)?;
        check(format!("{part}/{:03}", number + 1), 404)?;
    }
    check(format!("1/000.p/{number}"), 200)?;
    check("1/000".to_owned(), 404)?;
    check("2/000.p/1".to_owned(), 404)
}

impl Audited {
    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn verify(&self, file: &str) -> Result<Output> {
        ours(&["ledger", "verify", file, "--key", &self.key])
    }

    fn recompute(&self, archive: &str) -> Result<Output> {
        ours(&["audit", "recompute", archive, "--key", &self.key])
    }
}

#[test]
fn an_auditor_needs_no_word_of_ours() -> Result<()> {
    let audited = audited()?;
    let (key, at) = (audited.key.as_str(), |name: &str| audited.at(name));
    for (_, file) in subjects().into_iter().chain([(String::new(), "closed.proof")]) {
        said(audited.verify(&at(file)), 0);
        said(python_verifier(&["proof", &at(file), "--key", key]), 0);
        said(go_verifier(&["proof", &at(file), "--key", key]), 0);
    }
    said(audited.verify(&at("consistency")), 0);
    said(python_verifier(&["consistency", &at("consistency"), "--key", key]), 0);
    said(python_verifier(&["archive", &at("archive"), "--key", key]), 0);
    let recomputed = said(audited.recompute(&at("archive")), 0);
    ensure!(recomputed.contains("2 signed checkpoints"), "{recomputed}");
    said(ours(&["ledger", "archive", "checkout", &at("plain"), "--from", &at("archive"), "--key", key]), 0);
    said(go_verifier(&["log", &at("plain"), "--key", key]), 0);
    said(python_verifier(&["log", &at("plain"), "--key", key]), 0);
    let fsck = said(ours(&["--data", &at("data"), "ledger", "fsck"]), 0);
    ensure!(fsck.contains("580 bodies as they were recorded"), "{fsck}");
    what_was_seen_before(&audited)?;
    what_was_changed(&audited)
}

/// A verifier's own memory, and what it makes of an older and of another tree.
fn what_was_seen_before(audited: &Audited) -> Result<()> {
    let (key, at) = (audited.key.as_str(), |name: &str| audited.at(name));
    let verify = |files: &[&str]| {
        let files: Vec<String> = files.iter().map(|file| at(file)).collect();
        let files = files.iter().map(String::as_str);
        let arguments: Vec<&str> = ["ledger", "verify", "--key", key].into_iter().chain(files).collect();
        ours(&[&arguments[..], &["--state", &at("state")]].concat())
    };
    said(verify(&["leaf.proof"]), 0);
    ensure!(said(verify(&["checkpoint-0"]), 1).contains("rollback"));
    said(verify(&["consistency", "checkpoint-0"]), 0);
    let anchored =
        |anchor: &str, file: &str| ours(&["ledger", "verify", &at(file), "--key", key, "--anchor", &at(anchor)]);
    said(anchored("consistency", "leaf.proof"), 0);
    ensure!(said(anchored("checkpoint-0", "leaf.proof"), 1).contains("unlinked"));
    Ok(())
}

/// One change to an archive: what is changed, how, and what our command calls it.
type Change = (&'static str, &'static str, fn(&mut Vec<u8>), &'static str);

const CHANGES: &[Change] = &[
    (
        "a bit of a leaf",
        "tile/entries/000",
        |bytes| bytes[900] ^= 1,
        "malformed bundle-mismatch root-mismatch tile-mismatch body-mismatch not-canonical",
    ),
    ("a bit of a tile", "tile/0/000", |bytes| bytes[40] ^= 4, "tile-mismatch"),
    ("a bit of an upper tile", "tile/1/000.p/2", |bytes| bytes[40] ^= 4, "tile-mismatch"),
    ("a bit of a root", "checkpoint", |bytes| bytes[24] ^= 1, "bad-signature malformed"),
    (
        "a bit of a signature",
        "checkpoint",
        |bytes| {
            let end = bytes.len() - 10;
            bytes[end] = if bytes[end] == b'A' { b'B' } else { b'A' };
        },
        "bad-signature",
    ),
    ("an entry too many", "tile/entries/000", |bytes| bytes.extend([0, 2, b'{', b'}']), "bundle-mismatch"),
    ("an entry too few", "tile/entries/000", |bytes| bytes.truncate(bytes.len() / 2), "bundle-mismatch"),
    ("a tile that is cut", "tile/0/000", |bytes| bytes.truncate(8_160), "tile-mismatch"),
    ("bodies that are none", "bodies/000.gz", |bytes| bytes.truncate(60), "bundle-mismatch"),
    ("nothing", "tile/0/001", |bytes| bytes.clear(), "tile-mismatch"),
];

fn what_was_changed(audited: &Audited) -> Result<()> {
    let (key, copy) = (audited.key.as_str(), audited.at("changed"));
    for (what, object, change, verdicts) in CHANGES {
        copied(Path::new(&audited.at("archive")), Path::new(&copy))?;
        let path: PathBuf = [&copy, "ledgerline/default", object].iter().collect();
        let mut bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        change(&mut bytes);
        std::fs::write(&path, bytes)?;
        let told = said(audited.recompute(&copy), 1);
        ensure!(verdicts.split(' ').any(|verdict| told.contains(verdict)), "{what}: {told}");
        said(python_verifier(&["archive", &copy, "--key", key]), 1);
        if object.starts_with("tile") || *object == "checkpoint" {
            let plain = format!("{copy}/ledgerline/default");
            said(go_verifier(&["log", &plain, "--key", key]), 1);
        }
        std::fs::remove_dir_all(&copy)?;
    }
    // The older checkpoint in place of the newest: what a store that was set back would archive.
    copied(Path::new(&audited.at("archive")), Path::new(&copy))?;
    std::fs::copy(audited.at("checkpoint-0"), format!("{copy}/ledgerline/default/checkpoint"))?;
    ensure!(said(audited.recompute(&copy), 1).contains("rollback"));
    // A tree of another life under the same name: its archive is refused where one is there already.
    let other = Ledgerline::start(&Path::new(&copy).join("data"), SETTINGS)?;
    other.take((0..400).map(|run| run_event(run, "START")))?;
    other.recorded(400)?;
    covered(&other)?;
    let refused = other.command(&["ledger", "archive", "--to", &audited.at("archive"), "--once"])?;
    ensure!(refused.status.code() == Some(1), "{}", text(&refused));
    other.stop()
}

fn copied(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copied(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
