//! A follower of logs that go on, stand still, go back, fork, or serve tiles that prove nothing. The shipped binary over folders
//! and over a listener.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use ledger::note::Note;
use ledgerline_tests::{TileLog, binary};
use serde_json::Value;

const ORIGIN: &str = "log.test/orders";

/// One look: exit status, the answer as JSON, and what was said beside it.
fn look(log: &str, key: &str, state: &Path) -> Result<(Option<i32>, Value, String)> {
    let mut command = Command::new(binary()?);
    command.args(["-o", "json", "ledger", "witness", "follow", log, "--once", "--key", key, "--state"]).arg(state);
    let output = command.env("NO_PROXY", "127.0.0.1").stdin(Stdio::null()).output()?;
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok((output.status.code(), answer, String::from_utf8(output.stderr)?))
}

/// A follower of a folder.
struct Followed {
    log: tempfile::TempDir,
    state: tempfile::TempDir,
    key: String,
}

impl Followed {
    fn new(key: &ledger::key::VerifierKey) -> Result<Self> {
        Ok(Self { log: tempfile::tempdir()?, state: tempfile::tempdir()?, key: key.to_text() })
    }

    /// The log shows itself anew: nothing of what it showed before is there any more.
    fn shows(&mut self, log: &TileLog, size: u64) -> Result<()> {
        self.log = tempfile::tempdir()?;
        log.write(self.log.path(), size)
    }

    fn look(&self) -> Result<(Option<i32>, Value, String)> {
        look(&self.log.path().display().to_string(), &self.key, self.state.path())
    }

    #[track_caller]
    fn finds(&self, what: &str, found: &str, size: u64) {
        let (status, answer, said) = self.look().unwrap();
        assert_eq!((status, answer["found"].as_str()), (Some(0), Some(found)), "{what}: {said}");
        assert_eq!(answer["size"].as_u64(), Some(size), "{what}");
    }

    /// The log is caught: exit status 1, and both checkpoints, as it signed them, are in the folder.
    #[track_caller]
    fn catches(&self, what: &str, found: &str, kept: &Note, shown: &Note) {
        let (status, answer, said) = self.look().unwrap();
        assert_eq!((status, answer["found"].as_str()), (Some(1), Some(found)), "{what}: {said}");
        let evidence: Vec<PathBuf> = serde_json::from_value(answer["evidence"].clone()).unwrap();
        let bytes: Vec<Vec<u8>> = evidence.iter().map(|file| std::fs::read(file).unwrap()).collect();
        assert_eq!(bytes, [kept.to_bytes(), shown.to_bytes()], "{what}");
        assert!(evidence.iter().all(|file| file.starts_with(self.state.path())), "{what}");
    }
}

#[test]
fn what_is_found_in_a_folder() -> Result<()> {
    let log = TileLog::new(ORIGIN, 1_000, None);
    let mut followed = Followed::new(&log.key())?;
    let sizes = [3, 3, 4, 255, 256, 257, 512, 700, 700, 1_000];
    let mut before = None;
    for size in sizes {
        followed.shows(&log, size)?;
        let found = before.map_or("first", |before| if before == size { "same" } else { "grown" });
        followed.finds(&format!("{size} after {before:?}"), found, size);
        before = Some(size);
    }

    followed.shows(&log, 999)?;
    followed.catches("a step back", "rollback", &log.checkpoint(1_000), &log.checkpoint(999));
    let other = TileLog::new(ORIGIN, 1_400, Some(700));
    followed.shows(&other, 1_000)?;
    followed.catches("another tree of that size", "fork", &log.checkpoint(1_000), &other.checkpoint(1_000));
    followed.shows(&other, 1_400)?;
    followed.catches("a larger tree with another past", "fork", &log.checkpoint(1_000), &other.checkpoint(1_400));
    followed.catches("the same again", "fork", &log.checkpoint(1_000), &other.checkpoint(1_400));
    // Where the old size is a full subtree its root stands in no proof: it is told from the tiles all the same.
    let (log, other) = (TileLog::new(ORIGIN, 512, None), TileLog::new(ORIGIN, 700, Some(5)));
    let mut followed = Followed::new(&log.key())?;
    followed.shows(&log, 512)?;
    followed.finds("the first", "first", 512);
    followed.shows(&other, 700)?;
    followed.catches("a fork of a full subtree", "fork", &log.checkpoint(512), &other.checkpoint(700));
    let (_, _, said) = followed.look()?;
    assert!(said.contains("2 files of earlier contradictions"), "{said}");
    Ok(())
}

#[test]
fn what_proves_nothing_is_neither_kept_nor_evidence() -> Result<()> {
    let (log, other) = (TileLog::new(ORIGIN, 700, None), TileLog::new(ORIGIN, 700, Some(5)));
    let mut followed = Followed::new(&log.key())?;
    let files = |followed: &Followed| {
        let folder = std::fs::read_dir(followed.state.path()).unwrap().next().unwrap().unwrap().path();
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let check = |followed: &Followed, what: &str, status: i32, part: &str| {
        let (found, answer, said) = followed.look().unwrap();
        assert_eq!((found, answer), (Some(status), Value::Null), "{what}: {said}");
        assert!(said.contains(part), "{what}: {said}");
    };
    check(&followed, "an empty folder", 3, "serves no checkpoint");
    other.write(followed.log.path(), 300)?;
    std::fs::write(followed.log.path().join("checkpoint"), log.checkpoint(300).to_bytes())?;
    check(&followed, "a first checkpoint over other tiles", 3, "do not lead to the checkpoint");
    assert_eq!(files(&followed), ["checkpoint.lock"]);

    followed.shows(&log, 300)?;
    followed.finds("the first", "first", 300);
    other.write(followed.log.path(), 700)?;
    std::fs::write(followed.log.path().join("checkpoint"), log.checkpoint(700).to_bytes())?;
    check(&followed, "a larger checkpoint over other tiles", 3, "do not lead to the checkpoint");
    followed.shows(&log, 700)?;
    std::fs::remove_file(followed.log.path().join("tile/0/001"))?;
    check(&followed, "a tile is missing", 3, "tile/0/001 is missing");
    log.write(followed.log.path(), 700)?;
    std::fs::write(followed.log.path().join("tile/0/001"), [0; 8193])?;
    check(&followed, "a tile is too long", 3, "longer than 8192 bytes");
    std::fs::write(followed.log.path().join("tile/0/001"), [0; 8191])?;
    check(&followed, "a tile is too short", 3, "another length");

    let foreign = TileLog::new("log.test/other", 700, None);
    followed.shows(&foreign, 700)?;
    check(&followed, "another log", 1, "none of the known keys signed");
    let mut forged = log.checkpoint(700).to_bytes();
    forged[ORIGIN.len() + 1] = b'8';
    std::fs::write(followed.log.path().join("checkpoint"), forged)?;
    check(&followed, "a checkpoint that was changed", 1, "is not over this text");
    std::fs::write(followed.log.path().join("checkpoint"), "<html>")?;
    check(&followed, "a page of a proxy", 1, "not a well-formed signed note");
    assert_eq!(files(&followed), ["checkpoint", "checkpoint.lock"], "nothing of it is evidence against the log");
    followed.shows(&log, 700)?;
    followed.finds("the log is well again", "grown", 700);
    Ok(())
}

/// Serves a folder over HTTP, one request a connection.
fn served(folder: PathBuf) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/some/prefix", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut first, mut header) =
                (BufReader::new(stream.try_clone().unwrap()), String::new(), String::new());
            request.read_line(&mut first).unwrap();
            while request.read_line(&mut header).unwrap_or(0) > 2 {
                header.clear();
            }
            let path = first.split(' ').nth(1).and_then(|path| path.strip_prefix("/some/prefix/")).unwrap_or("none");
            let (status, body) = match std::fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    Ok(url)
}

#[test]
fn over_http_too() -> Result<()> {
    let (log, fork) = (TileLog::new(ORIGIN, 900, None), TileLog::new(ORIGIN, 900, Some(1)));
    let (folder, state) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (url, key) = (served(folder.path().to_owned())?, log.key().to_text());
    let found = |look: (Option<i32>, Value, String)| (look.0, look.1["found"].as_str().map(str::to_owned), look.2);
    let check = |what: &str, status: i32, expected: &str| {
        let (code, answer, said) = found(look(&url, &key, state.path()).unwrap());
        assert_eq!((code, answer.as_deref()), (Some(status), Some(expected)), "{what}: {said}");
    };
    log.write(folder.path(), 300)?;
    check("the first", 0, "first");
    log.write(folder.path(), 900)?;
    check("more", 0, "grown");
    log.write(folder.path(), 300)?;
    check("a step back", 1, "rollback");
    fork.write(folder.path(), 900)?;
    check("a fork", 1, "fork");
    let (status, _, said) = look("http://127.0.0.1:1", &key, state.path())?;
    assert_eq!(status, Some(3), "nobody there: {said}");
    Ok(())
}
