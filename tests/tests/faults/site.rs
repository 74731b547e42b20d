//! One deployment for one test: a folder, a log under it or a cluster beside it, and how its topics are read from outside.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ledgerline_tests::{Around, Found, Kafka, Ledgerline, on_disk, on_kafka};
use tempfile::TempDir;

/// Partitions of the topic that clients send to.
const INPUT_PARTITIONS: i32 = 2;

/// A deployment.
pub struct Site<'k> {
    folder: TempDir,
    kafka: Option<&'k Kafka>,
    /// Prefix of our topics on the cluster.
    name: String,
    settings: Vec<(String, String)>,
}

impl<'k> Site<'k> {
    /// On the embedded log.
    pub fn embedded() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("data"))?;
        Ok(Self { folder, kafka: None, name: String::new(), settings: Vec::new() })
    }

    /// The same with settings.
    pub fn embedded_with(settings: &[(&str, &str)]) -> Result<Self> {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Ok(Self { settings, ..Self::embedded()? })
    }

    /// A copy of what lies in a folder, on the embedded log.
    pub fn copy_of(data: &Path) -> Result<Self> {
        let site = Self::embedded()?;
        copy(data, &site.data())?;
        Ok(site)
    }

    /// On a cluster, with topics of its own; clients send to `<name>.input`.
    pub fn on(kafka: &'k Kafka, name: &str) -> Result<Self> {
        Self::on_with(kafka, name, &[])
    }

    /// The same with more settings.
    pub fn on_with(kafka: &'k Kafka, name: &str, more: &[(&str, &str)]) -> Result<Self> {
        let settings = [
            ("KAFKA__BROKERS", kafka.bootstrap_servers().to_owned()),
            ("DEPLOYMENT__NAME", name.to_owned()),
            ("INTAKE__TOPICS", format!("{name}.input")),
        ];
        let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let settings = settings.into_iter().chain(more).map(|(key, value)| (key.to_owned(), value)).collect();
        let site = Self { kafka: Some(kafka), name: name.to_owned(), settings, ..Self::embedded()? };
        Ledgerline::prepare(&site.data(), &site.settings(), &["keys", "init"])?;
        Ledgerline::prepare(&site.data(), &site.settings(), &["topics", "create"])?;
        kafka.create_topic(&site.input(), INPUT_PARTITIONS)?;
        Ok(site)
    }

    /// `embedded` or `kafka`.
    pub fn log(&self) -> &'static str {
        if self.kafka.is_some() { "kafka" } else { "embedded" }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder beside the data, on the same disk.
    pub fn beside(&self) -> PathBuf {
        self.folder.path().join("beside")
    }

    pub fn keys(&self) -> PathBuf {
        self.data().join("keys")
    }

    pub fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    pub fn kafka(&self) -> Option<&'k Kafka> {
        self.kafka
    }

    /// Its name on the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients of a cluster send to.
    pub fn input(&self) -> String {
        format!("{}.input", self.name)
    }

    /// A topic of ours by its name on this deployment.
    pub fn topic(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    /// Starts the server; comes back at once. What it says is kept.
    pub fn launch(&self, around: &Around) -> Result<Ledgerline> {
        let said = Some(around.said.clone().unwrap_or_else(|| self.said()));
        Ledgerline::launch(&self.data(), &self.settings(), &Around { said, ..around.clone() })
    }

    /// What the servers have said on standard error.
    pub fn heard(&self) -> String {
        std::fs::read(self.said()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn said(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    /// All records of a topic of ours; on the embedded log no server may run.
    pub fn read(&self, topic: &str) -> Result<Vec<Found>> {
        match self.kafka {
            Some(kafka) => on_kafka(kafka, &self.topic(topic)),
            None => on_disk(&self.data(), topic),
        }
    }
}

/// Copies a folder with what lies in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
