//! `ledger witness serve`, the shipped binary, as a process of a test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use ledger::cosignature::WitnessKey;
use ledger::key::VerifierKey;

use crate::{Around, binary, free_port};

/// A witness at work; dropped, it is killed.
#[derive(Debug)]
pub struct Cosigner {
    child: Child,
    key: WitnessKey,
    state: PathBuf,
    logs: Vec<VerifierKey>,
    port: u16,
}

impl Cosigner {
    /// Starts a witness of these logs over the folder `state`.
    pub fn start(state: &Path, logs: &[VerifierKey]) -> Result<Self> {
        let port = free_port()?;
        let (child, key) = spawn(state, logs, port, &Around::default())?;
        Ok(Self { child, key, state: state.to_owned(), logs: logs.to_vec(), port })
    }

    /// What others check it with.
    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `witnesses.<name>` says it.
    pub fn setting(&self) -> String {
        format!("{} {}", self.url(), self.key)
    }

    /// Submits a request: status, content type and body of the answer; an error where none came.
    pub fn submit(&self, request: &[u8]) -> Result<(u16, String, Vec<u8>)> {
        submit(&self.url(), request)
    }

    /// `kill -9`, then the same again over the same folder, with failpoints armed.
    pub fn crash_and_restart(&mut self, failpoints: &str) -> Result<()> {
        self.crash()?;
        let variables = vec![("FAILPOINTS".to_owned(), failpoints.to_owned())];
        self.restart(&Around { variables, said: None })
    }

    /// Starts it again after a [`Cosigner::crash`], with more around it.
    pub fn restart(&mut self, around: &Around) -> Result<()> {
        (self.child, self.key) = spawn(&self.state, &self.logs, self.port, around)?;
        Ok(())
    }

    /// `kill -9`, also of one that has died.
    pub fn crash(&mut self) -> Result<()> {
        self.child.kill().context("kill -9")?;
        self.child.wait().context("wait for the killed witness").map(drop)
    }
}

/// Submits a request to whichever witness.
pub fn submit(url: &str, request: &[u8]) -> Result<(u16, String, Vec<u8>)> {
    /// Loading the roots of TLS takes longer than an answer. A connection is used once: the witness may have died since.
    static CLIENT: LazyLock<reqwest::blocking::Client> = LazyLock::new(|| {
        let builder = reqwest::blocking::Client::builder().pool_max_idle_per_host(0).no_proxy();
        builder.build().expect("a client without settings")
    });
    let answer = CLIENT.post(format!("{url}/add-checkpoint")).body(request.to_vec()).send()?;
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    Ok((answer.status().as_u16(), kind, answer.bytes()?.to_vec()))
}

impl Drop for Cosigner {
    fn drop(&mut self) {
        // It may have ended already; a test that failed must not panic again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Comes back once it listens, with the key that it printed.
fn spawn(state: &Path, logs: &[VerifierKey], port: u16, around: &Around) -> Result<(Child, WitnessKey)> {
    let mut command = Command::new(binary()?);
    command.args(["ledger", "witness", "serve", "--name", "witness.test/1", "--listen", &format!("127.0.0.1:{port}")]);
    command.arg("--state").arg(state);
    for log in logs {
        command.args(["--log", &log.to_text()]);
    }
    command.envs(around.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("start the witness")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("a pipe was asked for")?).read_line(&mut line)?;
    let mut said = BufReader::new(child.stderr.take().context("a pipe was asked for")?);
    let mut heard = String::new();
    while !heard.contains("listens on") {
        anyhow::ensure!(said.read_line(&mut heard)? > 0, "the witness ended and said: {heard}");
    }
    // It goes on saying things: somebody has to take them.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let key = WitnessKey::from_text(line.trim_end()).with_context(|| format!("{line:?} is no key: {heard}"))?;
    Ok((child, key))
}
