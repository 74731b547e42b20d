//! The binary from outside: how it ends, and that `docs/cli.md` says what it takes.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
const BEGIN: &str = "<!-- from the parser: begin -->\n";
const END: &str = "<!-- from the parser: end -->\n";

/// Runs the binary, with nothing of the environment that it reads.
fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
    for name in ["SERVER", "TENANT", "TOKEN", "CONFIG"] {
        command.env_remove(format!("LEDGERLINE_{name}"));
    }
    command.env("COLUMNS", "100").env("NO_PROXY", "127.0.0.1").args(words).output().unwrap()
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Runs a command against a server that answers its first request so; gives the request's first line too.
fn asked(line: &str, status: &str, body: &str) -> (Output, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap());
        let (mut first, mut header) = (String::new(), String::new());
        request.read_line(&mut first).unwrap();
        // A blank line of two bytes ends the head.
        while request.read_line(&mut header).unwrap() > 2 {}
        stream.write_all(answer.as_bytes()).unwrap();
        first
    });
    let output = run(&[&["--server", &url], words(line).as_slice()].concat());
    (output, served.join().unwrap())
}

fn problem(status: u16, candidates: &str) -> String {
    format!(
        r#"{{"type":"urn:ledgerline:problem:x","title":"t","status":{status},"detail":"what happened","code":"x","candidates":[{candidates}]}}"#
    )
}

#[track_caller]
fn check(line: &str, status: &str, body: &str, code: i32, said: &str) {
    let (output, _) = asked(line, status, body);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}: {errors}");
    assert!(errors.contains(said), "{line}: {errors}");
    assert!(code == 0 || output.stdout.is_empty(), "{line}: an answer without an answer");
}

#[test]
fn each_answer_has_its_exit_status() {
    check("job list", "200 OK", r#"{"items":[]}"#, 0, "");
    check("job show load", "404 Not Found", &problem(404, ""), 1, "what happened");
    check("job show load", "409 Conflict", &problem(409, r#""job:a:load","job:b:load""#), 2, "job:b:load");
    check("job list", "400 Bad Request", &problem(400, ""), 2, "what happened");
    check("status", "401 Unauthorized", &problem(401, ""), 3, "LEDGERLINE_TOKEN");
    check("status", "503 Service Unavailable", &problem(503, ""), 3, "what happened");
    check("status", "502 Bad Gateway", "<html>", 3, "502");
    check("status", "200 OK", "<html>", 3, "can't be read");
}

#[test]
fn a_tenant_is_named_where_every_question_takes_it() {
    let (output, request) = asked("--tenant sales job list", "200 OK", r#"{"items":[]}"#);
    assert!(output.status.success() && !request.contains("tenant"), "{request}: a parameter no question knows");
}

#[test]
fn a_server_that_is_not_there_is_named_with_the_next_step() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = run(&["--server", &url, "status"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    for part in [url.as_str(), "refused", "ledgerline serve", "--server"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn what_is_no_command_is_usage() {
    for line in [
        "",
        "nonsense",
        "lineage",
        "lineage upstream",
        "lineage sideways a",
        "lineage upstream a --depth deep",
        "run list --limit many",
        "run list --since yesterday",
        "run list --state odd",
        "ingest --state file events.jsonl",
        "serve --roles boss",
        "ingest",
        "status -o xml",
        "completions cobol",
        "man",
        "--config nowhere.toml serve --print-config",
    ] {
        let output = run(&words(line));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{line}: help that nobody asked for belongs on standard error");
    }
}

/// To write the reference anew: `UPDATE_DOCS=1 cargo test --workspace --test command_line`.
#[test]
fn the_reference_is_the_parser_s() {
    let text = std::fs::read_to_string(DOCS).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let root = help(&[]);
    let globals: Vec<String> = entries(&root, "Options:").into_iter().map(|(flag, _)| flag).collect();
    let mut reference = String::from("### Flags of every command\n\n");
    list(&mut reference, entries(&root, "Options:"));
    for (name, _) in entries(&root, "Commands:") {
        describe(&[&name], &globals, &mut reference);
    }
    let wanted = format!("{head}{BEGIN}{reference}{END}{tail}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(DOCS, wanted).unwrap();
    } else {
        assert_eq!(text, wanted, "docs/cli.md differs from the parser; write it anew with UPDATE_DOCS=1");
    }
}

fn help(command: &[&str]) -> String {
    let output = run(&[command, &["-h"]].concat());
    assert!(output.status.success(), "{command:?} -h");
    String::from_utf8(output.stdout).unwrap()
}

fn describe(command: &[&str], globals: &[String], text: &mut String) {
    let help = help(command);
    let inner = entries(&help, "Commands:");
    if !inner.is_empty() {
        return inner.iter().for_each(|(name, _)| describe(&[command, &[name]].concat(), globals, text));
    }
    let arguments = entries(&help, "Arguments:");
    let given: String = arguments.iter().map(|(name, _)| format!(" {name}")).collect();
    let about = help.lines().next().unwrap_or_default();
    let _ = writeln!(text, "\n### `ledgerline {}{given}`\n\n{about}.\n", command.join(" "));
    let own = entries(&help, "Options:").into_iter().filter(|(flag, _)| !globals.contains(flag));
    list(text, arguments.into_iter().chain(own).collect());
}

fn list(text: &mut String, entries: Vec<(String, String)>) {
    for (name, says) in entries.into_iter().filter(|(name, _)| !name.contains("--help") && !name.contains("--version"))
    {
        let _ = writeln!(text, "- `{name}`: {says}");
    }
}

/// The entries of one part of a help text: name and description, continued lines joined.
fn entries(help: &str, part: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in help.lines().skip_while(|line| *line != part).skip(1).take_while(|line| !line.is_empty()) {
        let indent = line.len() - line.trim_start().len();
        match line.trim().split_once("  ") {
            Some((name, says)) if indent <= 6 => entries.push((name.to_owned(), says.trim().to_owned())),
            _ if indent <= 6 => entries.push((line.trim().to_owned(), String::new())),
            _ => {
                if let Some((_, says)) = entries.last_mut() {
                    let _ = write!(says, "{}{}", if says.is_empty() { "" } else { " " }, line.trim());
                }
            }
        }
    }
    entries
}
