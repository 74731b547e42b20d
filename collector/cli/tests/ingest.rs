//! `ingest` from outside: what it takes, what it says of each refused event, and going on after an interruption.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ingest-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn ingest(data: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
    command.args(["--data", data.to_str().unwrap(), "-o", "json", "ingest"]).args(words);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn event(number: u32) -> String {
    format!(
        r#"{{"eventType":"COMPLETE","eventTime":"2026-05-03T09:00:00Z","producer":"https://example.test/p","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json","run":{{"runId":"0195500d-0000-7000-8000-{number:012}"}},"job":{{"namespace":"etl","name":"load"}}}}"#
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Recorded, duplicates, rejected.
#[track_caller]
fn check(output: &Output, expected: [u64; 3]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let counts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = ["recorded", "duplicates", "rejected"].map(|name| counts[name].as_u64().unwrap());
    assert_eq!(found, expected, "{errors}");
}

#[test]
fn every_form_of_text_is_taken() {
    let home = folder("forms");
    let data = home.join("data");
    let files = home.join("files");
    std::fs::create_dir_all(files.join("deep")).unwrap();
    std::fs::write(files.join("one.json"), event(1)).unwrap();
    std::fs::write(files.join("two.jsonl"), [event(2), event(3)].join("\n")).unwrap();
    std::fs::write(files.join("deep/three.json.gz"), gzip(&format!("[{},\n{}]", event(4), event(5)))).unwrap();
    std::fs::write(files.join("notes.txt"), "no event").unwrap();
    check(&ingest(&data, &[files.to_str().unwrap()], b""), [5, 0, 0]);
    check(&ingest(&data, &["-"], event(6).as_bytes()), [1, 0, 0]);
    check(&ingest(&data, &["-"], &gzip(&event(6))), [0, 1, 0]);
    check(&ingest(&data, &["--backfill", "-"], event(7).as_bytes()), [1, 0, 0]);
}

#[test]
fn each_refused_event_is_told_with_file_and_line() {
    let home = folder("refused");
    let file = home.join("events.jsonl");
    std::fs::write(
        &file,
        [event(1), r#"{"eventTime":"#.to_owned(), event(2).replace("runId", "id"), event(3)].join("\n"),
    )
    .unwrap();
    let output = ingest(&home.join("data"), &[file.to_str().unwrap()], b"");
    check(&output, [2, 0, 2]);
    let errors = String::from_utf8_lossy(&output.stderr);
    for part in ["events.jsonl:2: not-json", "events.jsonl:3: missing-member at $.run.runId", "rejected list"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn what_can_t_be_ingested_says_so_before_anything_is_sent() {
    let home = folder("wrong");
    let (data, file) = (home.join("data"), home.join("cut.json"));
    std::fs::write(&file, "[{}").unwrap();
    std::fs::create_dir(home.join("empty")).unwrap();
    let check = |words: &[&str], code: i32, part: &str| {
        let output = ingest(&data, words, b"");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{words:?}: {errors}");
        assert!(errors.contains(part), "{words:?}: {errors}");
    };
    check(&[home.join("missing.json").to_str().unwrap()], 3, "missing.json");
    check(&[home.join("empty").to_str().unwrap()], 2, "no file in this folder ends with");
    check(&[file.to_str().unwrap()], 2, "cut.json: line 1: the array that is open here has no end");
    check(&["--resume", "-"], 2, "name files");
    check(&["-", "-"], 2, "once");
}

#[test]
fn a_resumed_ingest_sends_what_is_new_and_nothing_else() {
    let home = folder("resume");
    let (data, file) = (home.join("data"), home.join("events.jsonl"));
    let named = file.to_str().unwrap();
    let write = |numbers: std::ops::Range<u32>| {
        std::fs::write(&file, numbers.map(event).collect::<Vec<_>>().join("\n")).unwrap();
    };
    write(0..3);
    check(&ingest(&data, &["--resume", named], b""), [3, 0, 0]);
    write(0..5);
    let output = ingest(&data, &["--resume", named], b"");
    check(&output, [2, 0, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("3 events had been sent before"));
    check(&ingest(&data, &["--resume", named], b""), [0, 0, 0]);
    // Another file under the same name begins anew; without the flag everything is sent, and known.
    write(5..7);
    check(&ingest(&data, &["--resume", named], b""), [2, 0, 0]);
    check(&ingest(&data, &[named], b""), [0, 2, 0]);
    // A state belongs to the place that its events went to.
    let state = data.join("ingest-state.json");
    let elsewhere = ingest(&home.join("other"), &["--resume", "--state", state.to_str().unwrap(), named], b"");
    let errors = String::from_utf8_lossy(&elsewhere.stderr);
    assert_eq!(elsewhere.status.code(), Some(2), "{errors}");
    assert!(errors.contains("is the state of an ingest to"), "{errors}");
}
