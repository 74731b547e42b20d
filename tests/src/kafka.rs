//! A real Kafka cluster for one test, through `ops/kafka/kafka.sh`. Its files are gone when it is.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use tempfile::TempDir;

use crate::until;

/// How long the cluster may take to change a topic.
const PATIENCE: Duration = Duration::from_secs(60);

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

    /// Makes a topic with the cluster's own settings.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
        let made = block_on(self.admin()?.create_topics([&topic], &options()))??;
        ensure!(made.iter().all(Result::is_ok), "{name} can't be made: {made:?}");
        Ok(())
    }

    /// Gives a topic more partitions.
    pub fn widen_topic(&self, name: &str, partitions: usize) -> Result<()> {
        let wanted = NewPartitions::new(name, partitions);
        let made = block_on(self.admin()?.create_partitions([&wanted], &options()))??;
        ensure!(made.iter().all(Result::is_ok), "{name} can't be widened: {made:?}");
        Ok(())
    }

    /// Deletes a group with its offsets, once its last member has gone.
    pub fn delete_group(&self, name: &str) -> Result<()> {
        until(&format!("{name} has no member and is deleted"), || {
            let gone = block_on(self.admin()?.delete_groups(&[name], &options()))??;
            Ok(gone.iter().all(Result::is_ok).then_some(()))
        })
    }

    /// Appends records as anybody may who is allowed to: a partition, a key and a value each. Waits until all are durable.
    pub fn produce(&self, topic: &str, records: &[(Option<i32>, Vec<u8>, Vec<u8>)]) -> Result<()> {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.bootstrap_servers).set("acks", "all").create()?;
        for (partition, key, value) in records {
            let record = BaseRecord::<[u8], [u8]>::to(topic).payload(value);
            let record = if key.is_empty() { record } else { record.key(key) };
            let record = partition.iter().fold(record, |record, partition| record.partition(*partition));
            producer.send(record).map_err(|(error, _)| error)?;
        }
        Ok(producer.flush(PATIENCE)?)
    }

    /// Sends a broker, counted from 1, a signal by its name: `STOP` lets it stall, `CONT` lets it go on.
    pub fn signal_broker(&self, number: u8, signal: &str) -> Result<()> {
        let pid = std::fs::read_to_string(self.data.path().join(format!("broker-{number}/pid")))?;
        let sent = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status()?;
        ensure!(sent.success(), "kill -{signal} {}", pid.trim());
        Ok(())
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, name: &str) -> Result<()> {
        let gone = block_on(self.admin()?.delete_topics(&[name], &options()))??;
        ensure!(gone.iter().all(Result::is_ok), "{name} can't be deleted: {gone:?}");
        Ok(())
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>> {
        Ok(ClientConfig::new().set("bootstrap.servers", &self.bootstrap_servers).create()?)
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

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(PATIENCE))
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
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
