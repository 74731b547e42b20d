//! The shipped binary, run as its users run it: a server process, and commands that ask it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::free_port;

/// How long anything may take before a test gives up: a bound, never a pause.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions to something that can only be asked.
const PAUSE: Duration = Duration::from_millis(20);

/// The binary that this build made.
pub fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe().context("no path of this program")?;
    // Tests lie in the build folder's `deps`, the bench beside the binary.
    let mut folders = own.ancestors().skip(1).take(2);
    let found = folders.find_map(|folder| Some(folder.join("ledgerline")).filter(|binary| binary.is_file()));
    found.with_context(|| format!("no ledgerline near {}: run the tests with --workspace", own.display()))
}

/// The binary as a command. What the environment says to tests is no setting of a server.
fn shipped() -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.env_remove("LEDGERLINE_FAULT_ROUNDS");
    Ok(command)
}

/// What a server is started with beside its settings.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Variables of its environment, such as `FAILPOINTS`.
    pub variables: Vec<(String, String)>,
    /// A file that what it says on standard error is appended to; without one it goes where the test's own goes.
    pub said: Option<PathBuf>,
}

/// What became of a server that was started.
#[derive(Debug)]
pub enum Standing {
    /// Traffic may come.
    Ready,
    /// A part of it has stopped and says why.
    Halted(String),
    /// The process has ended.
    Ended(ExitStatus),
}

/// A server process; dropped, it is killed.
#[derive(Debug)]
pub struct Ledgerline {
    child: Child,
    settings: Vec<(String, String)>,
    data: PathBuf,
    address: SocketAddr,
}

impl Ledgerline {
    /// Starts a server on a free port over the state in `data`, with more settings as `SECTION__KEY`, and waits until it
    /// is ready.
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let mut server = Self::launch(data, settings, &Around::default())?;
        server.ready()?;
        Ok(server)
    }

    /// The same with more around it. Comes back at once: it may die, or halt, before it is ready.
    pub fn launch(data: &Path, settings: &[(&str, &str)], around: &Around) -> Result<Self> {
        let address: SocketAddr = ([127, 0, 0, 1], free_port()?).into();
        let settings: Vec<_> = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let child = spawn(data, address, &settings, around)?;
        Ok(Ledgerline { child, settings, data: data.to_owned(), address })
    }

    /// The same with failpoints armed, such as `intake.append.after=abort`. Comes back at once: it may die before it is ready.
    pub fn armed(data: &Path, settings: &[(&str, &str)], failpoints: &str) -> Result<Self> {
        let variables = vec![("FAILPOINTS".to_owned(), failpoints.to_owned())];
        Self::launch(data, settings, &Around { variables, said: None })
    }

    /// Waits until it is ready, or has ended, or says that a part of it needs somebody to act.
    pub fn standing(&mut self) -> Result<Standing> {
        until("the server is ready, halted or gone", || {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(Standing::Ended(status)));
            }
            Ok(match self.readiness() {
                Some((true, _)) => Some(Standing::Ready),
                Some((false, Some(halted))) => Some(Standing::Halted(halted)),
                _ => None,
            })
        })
    }

    /// Whether it says that it is ready, and what in it has stopped until somebody acts. `None` while nobody answers.
    pub fn readiness(&self) -> Option<(bool, Option<String>)> {
        let answer = reqwest::blocking::get(format!("{}/readyz", self.url())).ok()?.json::<Value>().ok()?;
        let reasons = answer["reasons"].as_array()?.iter().filter(|reason| reason["remedy"].is_string());
        let told: Vec<String> =
            reasons.map(|reason| format!("{}: {} ({})", reason["part"], reason["reason"], reason["remedy"])).collect();
        Some((answer["ready"].as_bool()?, (!told.is_empty()).then(|| told.join("; "))))
    }

    /// Bytes of memory that the process holds.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Whether the process has died by itself.
    pub fn is_dead(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Runs a command on the state in `data` before a server is started over it, with the same settings.
    pub fn prepare(data: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Result<()> {
        Self::prepared(data, settings, arguments).map(drop)
    }

    /// The same, for what it prints.
    pub fn prepared(data: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Result<String> {
        let mut command = shipped()?;
        command.args(arguments).env("LEDGERLINE_DATA_DIR", data).stdin(Stdio::null());
        command.envs(settings.iter().map(|(key, value)| (format!("LEDGERLINE_{key}"), *value)));
        let made = command.output()?;
        let errors = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "ledgerline {}: {errors}", arguments.join(" "));
        Ok(String::from_utf8(made.stdout)?)
    }

    /// Waits until `count` distinct events are recorded; gives the status that says so.
    pub fn recorded(&self, count: u64) -> Result<Value> {
        until(&format!("{count} events are recorded"), || {
            Ok(self.status()?.filter(|status| status["recorded"].as_u64() >= Some(count)))
        })
    }

    /// What `status` says; `None` while it can't be asked, because the partition is still on its way to this process.
    pub fn status(&self) -> Result<Option<Value>> {
        const CAN_NOT_ASK: i32 = 3;
        let output = self.command(&["-o", "json", "status"])?;
        if output.status.code() == Some(CAN_NOT_ASK) {
            return Ok(None);
        }
        ensure!(output.status.success(), "ledgerline status: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Some(serde_json::from_slice(&output.stdout)?))
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `kill -9`, then the same again over the same state.
    pub fn crash_and_restart(&mut self) -> Result<()> {
        self.crash()?;
        self.child = spawn(&self.data, self.address, &self.settings, &Around::default())?;
        self.ready()
    }

    /// `kill -9`.
    pub fn crash(&mut self) -> Result<()> {
        self.child.kill().context("kill -9")?;
        self.child.wait().context("wait for the killed server").map(drop)
    }

    /// Sends a signal by its name: `STOP` lets it stall, `CONT` lets it go on.
    pub fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "kill -{name} failed");
        Ok(())
    }

    /// SIGTERM, and its exit status.
    pub fn terminate(mut self) -> Result<ExitStatus> {
        self.signal("TERM")?;
        until("the server ends after SIGTERM", || Ok(self.child.try_wait()?))
    }

    /// SIGTERM; its exit status must be 0.
    pub fn stop(self) -> Result<()> {
        let status = self.terminate()?;
        ensure!(status.success(), "the server drained and ended with {status}");
        Ok(())
    }

    /// Waits until it ends by itself; gives its exit status.
    pub fn ended(&mut self) -> Result<std::process::ExitStatus> {
        until("the server ends", || Ok(self.child.try_wait()?))
    }

    /// Runs a command against this server.
    pub fn command(&self, arguments: &[&str]) -> Result<Output> {
        shipped()?
            .args(["--server", &self.url()])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("ledgerline {}", arguments.join(" ")))
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn ask(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ledgerline {}: {} {errors}", arguments.join(" "), output.status);
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Asks for JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.ask(&[&["-o", "json"], arguments].concat())?;
        serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))
    }

    /// A `GET` of the API as JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        let response = reqwest::blocking::get(format!("{}{path}", self.url()))?;
        ensure!(response.status().is_success(), "GET {path}: {}", response.status());
        Ok(response.json()?)
    }

    /// States of the partitions that this process itself has, whoever owns them.
    pub fn own_partitions(&self) -> Result<Vec<String>> {
        let client = reqwest::blocking::Client::new();
        let answer = client.get(format!("{}/v1/partitions", self.url())).header("ledgerline-forwarded", "1").send()?;
        let rows: Value = answer.json()?;
        let state = |row: &Value| row["state"].as_str().unwrap_or_default().to_owned();
        Ok(rows.as_array().into_iter().flatten().map(state).collect())
    }

    /// Waits until that many of its own partitions are in one state.
    pub fn stands(&self, partitions: usize, state: &str) -> Result<()> {
        until(&format!("{partitions} of its partitions are {state}"), || {
            let states = self.own_partitions()?;
            Ok((states.iter().filter(|one| *one == state).count() == partitions).then_some(()))
        })
    }

    /// Sends events over HTTP; each must be acknowledged.
    pub fn take(&self, events: impl IntoIterator<Item = String>) -> Result<()> {
        let client = reqwest::blocking::Client::new();
        for event in events {
            let request = client.post(format!("{}/api/v1/lineage", self.url()));
            let answer = request.header("content-type", "application/json").body(event).send()?;
            ensure!(answer.status() == 201, "{}: {}", answer.status(), answer.text()?);
        }
        Ok(())
    }

    /// Waits until it is ready.
    pub fn ready(&mut self) -> Result<()> {
        let url = format!("{}/readyz", self.url());
        let mut said = String::new();
        let waited = until("the server is ready", || {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status} before it was ready");
            }
            let Ok(answer) = reqwest::blocking::get(&url) else { return Ok(None) };
            let ready = answer.status().is_success();
            said = answer.text()?;
            Ok(ready.then_some(()))
        });
        waited.with_context(|| format!("/readyz said {said}"))
    }
}

impl Drop for Ledgerline {
    fn drop(&mut self) {
        // It may have ended already; a test that failed must not panic again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &Path, address: SocketAddr, settings: &[(String, String)], around: &Around) -> Result<Child> {
    let mut command = shipped()?;
    command.arg("serve").env("LEDGERLINE_DATA_DIR", data).env("LEDGERLINE_HTTP__LISTEN", address.to_string());
    for (key, value) in settings {
        command.env(format!("LEDGERLINE_{key}"), value);
    }
    command.envs(around.variables.iter().map(|(name, value)| (name, value)));
    if let Some(said) = &around.said {
        command.stderr(std::fs::OpenOptions::new().create(true).append(true).open(said)?);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("start the server")
}

/// Asks again until there is an answer.
#[allow(clippy::disallowed_methods, reason = "a bound on how long a test waits for another process")]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("waited {PATIENCE:?} in vain: {what}")
}

/// The Python that `ops/bootstrap.sh test` sets up, as a command.
pub(crate) fn python() -> Result<Command> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"))).context("no HOME")?;
    let python = cache.join("ledgerline/venv/bin/python");
    ensure!(python.is_file(), "{} is missing: run ops/bootstrap.sh test", python.display());
    Ok(Command::new(python))
}

/// Runs one of the Python clients in `tests/clients`.
pub fn client(script: &str, arguments: &[&str], input: &str) -> Result<String> {
    use std::io::Write as _;
    let mut child = python()?
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("a pipe was asked for")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
