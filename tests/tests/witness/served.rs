//! A server whose checkpoints are cosigned: by two witnesses, one of which is down; by a quorum; past witnesses that lie in every
//! way, which cost nothing but their cosignature.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use ledger::cosignature::{WitnessKey, cosign, times};
use ledger::key::{KeyName, SigningKey, VerifierKey};
use ledger::note::Note;
use ledger::witness::{AddCheckpoint, TreeHead};
use ledger::{Checkpoint, Origin};
use ledgerline_tests::{Cosigner, Ledgerline, run_event, until};
use serde_json::Value;

/// Time passes quickly: a tree that grew is signed at once.
const QUICK: [(&str, &str); 3] =
    [("RECORDER__TICK_INTERVAL_MS", "100"), ("LEDGER__CHECKPOINT_INTERVAL_MS", "100"), ("WITNESS__TIMEOUT_MS", "500")];
/// The server's own trees.
const TREES: [&str; 2] = ["ledgerline/default", "ledgerline/p-0"];

/// Makes a deployment's keys; gives those that its trees are checked with.
fn trees(data: &Path) -> Result<Vec<VerifierKey>> {
    Ledgerline::prepare(data, &[], &["keys", "init"])?;
    let key = SigningKey::from_text(&std::fs::read_to_string(data.join("keys/ledger.key"))?)?;
    let named = |origin: &str| key.named(KeyName::of_checkpoints(&Origin::parse(origin).unwrap())).verifier().clone();
    Ok(TREES.map(named).to_vec())
}

fn start(data: &Path, settings: &[(&str, &str)]) -> Result<Ledgerline> {
    Ledgerline::start(data, &[&QUICK, settings].concat())
}

/// The served checkpoint; nothing where there is none.
fn served(server: &Ledgerline, keys: &[VerifierKey]) -> Result<Option<(u64, Note)>> {
    let answer = reqwest::blocking::get(format!("{}/v1/checkpoint", server.url()))?;
    if answer.status() == 404 {
        return Ok(None);
    }
    let shown: Value = answer.error_for_status()?.json()?;
    let note = shown["note"].as_str().context("a note")?;
    let verified = Checkpoint::verify(note.as_bytes(), keys)?;
    ensure!(shown["size"].as_u64() == Some(verified.checkpoint.size), "size and note agree");
    Ok(Some((verified.checkpoint.size, verified.note)))
}

/// Waits until the served checkpoint covers `leaves` and has the cosignatures of exactly these witnesses.
fn cosigned(server: &Ledgerline, keys: &[VerifierKey], leaves: u64, by: &[&WitnessKey]) -> Result<(u64, Note)> {
    let by: Vec<WitnessKey> = by.iter().map(|key| (*key).clone()).collect();
    until(&format!("{leaves} leaves are cosigned by {by:?}"), || {
        let Some((size, note)) = served(server, keys)? else { return Ok(None) };
        let all = times(&note, &by)?.len() == by.len() && note.signatures().len() == by.len() + 1;
        Ok((size >= leaves && all).then_some((size, note)))
    })
}

/// Records that many runs more; gives the leaves that the tree has at least.
fn record(server: &Ledgerline, runs: std::ops::Range<u64>) -> Result<u64> {
    let end = runs.end;
    server.take(runs.map(|run| run_event(run, "COMPLETE")))?;
    let status = server.recorded(end)?;
    status["leaves"].as_u64().context("leaves")
}

/// What is said of failing witnesses, by name.
fn troubles(server: &Ledgerline) -> Result<Vec<(String, String)>> {
    let partitions = server.get("/v1/partitions")?;
    let all =
        partitions.as_array().into_iter().flatten().flat_map(|one| one["witnesses"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(all.map(|one| (text(&one["witness"]), text(&one["reason"]))).collect())
}

#[test]
fn two_witnesses_of_which_one_is_down() -> Result<()> {
    let (data, folders) = (tempfile::tempdir()?, [tempfile::tempdir()?, tempfile::tempdir()?]);
    let keys = trees(data.path())?;
    let up = Cosigner::start(folders[0].path(), &keys)?;
    let mut down = Cosigner::start(folders[1].path(), &keys)?;
    down.crash()?;
    let settings = [("WITNESSES__UP", up.setting()), ("WITNESSES__DOWN", down.setting())];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut server = start(data.path(), &settings)?;
    let leaves = record(&server, 0..20)?;
    let (size, note) = cosigned(&server, &keys, leaves, &[up.key()])?;
    let time_s = times(&note, std::slice::from_ref(up.key()))?[0].1;
    ensure!(time_s > 1_700_000_000, "it says when: {time_s}");

    let told = until("the witness that is down is told of", || Ok(troubles(&server)?.pop()))?;
    ensure!(told.0 == "down" && told.1.starts_with("it does not answer"), "{told:?}");
    let doctor = server.command(&["doctor"])?;
    let said = String::from_utf8(doctor.stdout)?;
    ensure!(doctor.status.code() == Some(1) && said.contains("FAIL witness        down, since 20"), "{said}");
    ensure!(server.ask(&["status"])?.contains("it does not answer"), "status tells, too");
    let metrics = reqwest::blocking::get(format!("{}/metrics", server.url()))?.text()?;
    for line in ["ledgerline_witness_failing{witness=\"down\"} 1", "ledgerline_witness_failing{witness=\"up\"} 0"] {
        ensure!(metrics.contains(line), "{line} is missing: {metrics}");
    }
    // It comes back, and cosigns what it has missed: the same checkpoint where nothing has grown.
    down.crash_and_restart("")?;
    cosigned(&server, &keys, size, &[up.key(), down.key()])?;
    until("nothing is said of it any more", || Ok(troubles(&server)?.is_empty().then_some(())))?;
    // A follower outside reads what it serves, and proofs show since when their leaves have been there.
    let state = tempfile::tempdir()?;
    let follow = |found: &str| -> Result<()> {
        let url = format!("{}/ledger/default", server.url());
        let key = keys[0].to_text();
        let folder = state.path().display().to_string();
        let look = server.json(&["ledger", "witness", "follow", &url, "--once", "--key", &key, "--state", &folder])?;
        ensure!(look["found"] == found, "{look}");
        Ok(())
    };
    follow("first")?;
    follow("same")?;
    let more = record(&server, 20..25)?;
    cosigned(&server, &keys, more, &[up.key(), down.key()])?;
    follow("grown")?;
    let (proof, key, witness) = (state.path().join("proof"), keys[0].to_text(), up.key().to_text());
    let proof = proof.to_str().context("a path")?;
    server.ask(&["ledger", "prove", "0", "--file", proof])?;
    let verified = server.ask(&["ledger", "verify", proof, "--key", &key, "--witness", &witness])?;
    ensure!(verified.contains("existed before 20") && verified.contains("says witness witness.test/1"), "{verified}");
    // After a crash it goes on from what the witnesses know.
    server.crash_and_restart()?;
    let leaves = record(&server, 25..30)?;
    cosigned(&server, &keys, leaves, &[up.key(), down.key()])?;
    ensure!(troubles(&server)?.is_empty(), "{:?}", troubles(&server)?);
    // The partition's own tree is witnessed, too.
    for folder in &folders {
        let kept = std::fs::read_dir(folder.path())?.filter_map(|entry| std::fs::read(entry.ok()?.path()).ok());
        let mut origins: Vec<String> = kept
            .filter_map(|bytes| Some(TreeHead::from_text(Note::from_bytes(&bytes).ok()?.text()).ok()?.origin.into()))
            .collect();
        origins.sort();
        assert_eq!(origins, TREES);
    }
    server.stop()
}

#[test]
fn with_a_quorum_nothing_newer_is_served() -> Result<()> {
    let (data, folders) = (tempfile::tempdir()?, [tempfile::tempdir()?, tempfile::tempdir()?]);
    let keys = trees(data.path())?;
    let first = Cosigner::start(folders[0].path(), &keys)?;
    let mut second = Cosigner::start(folders[1].path(), &keys)?;
    second.crash()?;
    let settings = [("WITNESSES__A", first.setting()), ("WITNESSES__B", second.setting())];
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    settings.push(("WITNESS__QUORUM", "2"));
    let server = start(data.path(), &settings)?;
    record(&server, 0..5)?;
    until("one witness alone has been asked", || Ok((!troubles(&server)?.is_empty()).then_some(())))?;
    ensure!(served(&server, &keys)?.is_none(), "nothing has two cosignatures yet");
    second.crash_and_restart("")?;
    let (size, _) = cosigned(&server, &keys, 1, &[first.key(), second.key()])?;
    second.crash()?;
    let leaves = record(&server, 5..40)?;
    until("the tree that is not cosigned is published", || {
        Ok(server.status()?.filter(|status| status["checkpoint_size"].as_u64() >= Some(leaves)))
    })?;
    let (still, note) = served(&server, &keys)?.context("what was served before")?;
    ensure!(still >= size && still < leaves && times(&note, &[first.key().clone(), second.key().clone()])?.len() == 2);
    second.crash_and_restart("")?;
    cosigned(&server, &keys, leaves, &[first.key(), second.key()])?;
    server.stop()
}

/// What a liar answers to a request: a status and a body; nothing: it takes the request and says no word.
type Lie = fn(&AddCheckpoint, &SigningKey) -> Option<(u16, Vec<u8>)>;

/// An answer with a cosignature over `text`.
fn line(key: &SigningKey, text: &str) -> Option<(u16, Vec<u8>)> {
    Some((200, cosign(key, &WitnessKey::of(key.verifier()), text, 1_700_000_000).unwrap().to_line()))
}

/// Serves lies; gives the setting of a witness that tells them.
fn liar(name: &str, lie: Lie) -> Result<String> {
    let key = SigningKey::from_seed(KeyName::parse(&format!("liar.test/{name}"))?, [3; 32]);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let setting = format!("http://{} {}", listener.local_addr()?, WitnessKey::of(key.verifier()));
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let (mut header, mut length) = (String::new(), 0);
            while request.read_line(&mut header).unwrap_or(0) > 2 {
                let lower = header.to_ascii_lowercase();
                length = lower.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
                header.clear();
            }
            let mut body = vec![0; length];
            if request.read_exact(&mut body).is_err() {
                continue;
            }
            match lie(&AddCheckpoint::from_bytes(&body).unwrap(), &key) {
                None => silent.push(stream),
                Some((status, body)) => {
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
                }
            }
        }
    });
    Ok(setting)
}

#[test]
fn witnesses_that_lie_cost_their_cosignature_alone() -> Result<()> {
    // Name, what it does, and what is said of it.
    let lies: [(&str, Lie, &str); 11] = [
        ("other-text", |_, key| line(key, "ledgerline/default\n1\nAAAA\n"), "is not over this checkpoint"),
        (
            "other-key",
            |request, key| line(&key.named(KeyName::parse("liar.test/x").unwrap()), request.checkpoint.text()),
            "no cosignature of liar.test/other-key",
        ),
        (
            "flipped",
            |request, key| {
                let mut answer = line(key, request.checkpoint.text())?;
                let last = answer.1.len() - 8;
                answer.1[last] = if answer.1[last] == b'A' { b'B' } else { b'A' };
                Some(answer)
            },
            "is not over this checkpoint",
        ),
        ("words", |_, _| Some((200, b"very well\n".to_vec())), "not one or more signature lines"),
        ("nothing", |_, _| Some((200, Vec::new())), "not one or more signature lines"),
        ("endless", |_, _| Some((200, vec![b'a'; 1 << 20])), "longer than 65536 bytes"),
        ("no-size", |_, _| Some((409, b"07\n".to_vec())), "409 without the size"),
        ("ahead", |_, _| Some((409, b"4000000\n".to_vec())), "has cosigned 4000000 leaves"),
        (
            "forked",
            |request, _| Some((409, format!("{}\n", request.old_size).into_bytes())),
            "one of the two is a fork",
        ),
        ("refusing", |_, _| Some((404, b"no such log\n".to_vec())), "it answers 404: no such log"),
        ("mute", |_, _| None, "it does not answer"),
    ];
    let data = tempfile::tempdir()?;
    let keys = trees(data.path())?;
    let folder = tempfile::tempdir()?;
    let honest = Cosigner::start(folder.path(), &keys)?;
    let mut settings = vec![("WITNESSES__HONEST".to_owned(), honest.setting())];
    for (name, lie, _) in &lies {
        settings.push((format!("WITNESSES__{}", name.to_uppercase().replace('-', "_")), liar(name, *lie)?));
    }
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let server = start(data.path(), &settings)?;
    for (name, _, said) in &lies {
        let name = name.replace('-', "_");
        let told = until(&format!("{name} is told of"), || {
            Ok(troubles(&server)?.into_iter().find(|(witness, _)| *witness == name))
        })?;
        ensure!(told.1.contains(said), "{name}: {told:?}");
    }
    // Recording, publishing and the honest witness go on as if they were not there.
    let leaves = record(&server, 0..50)?;
    let (_, note) = cosigned(&server, &keys, leaves, &[honest.key()])?;
    ensure!(!note.signatures().iter().any(|line| line.name().as_str().starts_with("liar")), "no lie is served");
    ensure!(troubles(&server)?.iter().all(|(witness, _)| witness != "honest"), "the honest one fails at nothing");
    server.stop()
}
