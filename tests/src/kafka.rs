//! A real Kafka cluster for one test, through `ops/kafka/kafka.sh`. Its files are gone when it is.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A running cluster; dropped, it is killed and its records are removed.
#[derive(Debug)]
pub struct Kafka {
    data: TempDir,
    bootstrap_servers: String,
}

/// Starts a cluster of `brokers` (1 or 3) on free loopback ports; returns once every broker answers.
/// It ends with this process even when nothing is dropped.
pub fn kafka(brokers: u8) -> Result<Kafka> {
    let data = tempfile::tempdir().context("no temporary folder for Kafka")?;
    let owner = std::process::id().to_string();
    let bootstrap_servers = run(data.path(), &["start", "--brokers", &brokers.to_string(), "--owner", &owner])?;
    Ok(Kafka { data, bootstrap_servers })
}

impl Kafka {
    /// `host:port` of every broker, separated by commas.
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// `kill -9` of one broker, counted from 1.
    pub fn kill_broker(&self, number: u8) -> Result<()> {
        run(self.data.path(), &["kill", &number.to_string()]).map(drop)
    }

    /// Starts a killed broker again, on its old port with its old records; returns once it answers.
    pub fn start_broker(&self, number: u8) -> Result<()> {
        run(self.data.path(), &["start-broker", &number.to_string()]).map(drop)
    }

    /// Stops every broker and starts them again: what was acknowledged stays.
    pub fn restart(&self) -> Result<()> {
        run(self.data.path(), &["stop"])?;
        let owner = std::process::id().to_string();
        run(self.data.path(), &["start", "--owner", &owner]).map(drop)
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        // A test that failed already must not panic again; the owner watch ends what this could not.
        if let Err(error) = run(self.data.path(), &["stop", "--now"]) {
            eprintln!("Kafka did not stop: {error:#}");
        }
    }
}

/// One command of the script; its standard output without the last newline.
fn run(data: &Path, arguments: &[&str]) -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops/kafka/kafka.sh");
    let output = Command::new(&script)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't run {}", script.display()))?;
    if !output.status.success() {
        bail!("kafka.sh {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout).context("kafka.sh writes text")?.trim_end().to_owned())
}
