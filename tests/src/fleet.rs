//! Several processes over one Kafka that are one deployment: keys and topics in common, a folder and a name each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Kafka, Ledgerline};

/// A deployment, and where its processes keep their folders.
#[derive(Debug)]
pub struct Fleet {
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Fleet {
    /// Makes keys and topics of a deployment of that many partitions, with these tenants beside `default`.
    ///
    /// # Errors
    /// When a command fails.
    pub fn new(kafka: &Kafka, partitions: u32, tenants: &[&str], more: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let keys = folder.path().join("keys").to_str().context("a path")?.to_owned();
        let mut settings = vec![
            ("KAFKA__BROKERS".to_owned(), kafka.bootstrap_servers().to_owned()),
            ("RECORDER__PARTITIONS".to_owned(), partitions.to_string()),
            ("LEDGER__KEYS_DIR".to_owned(), keys),
        ];
        // A topic that nobody writes to names each tenant: that is enough for it to have keys and a beginning.
        settings.extend(
            tenants.iter().map(|tenant| (format!("INTAKE__TENANTS__{}", tenant.to_uppercase()), (*tenant).to_owned())),
        );
        settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let fleet = Fleet { folder, settings };
        for arguments in [["keys", "init"], ["topics", "create"]] {
            Ledgerline::prepare(&fleet.data("first"), &fleet.settings("first", &[]), &arguments)?;
        }
        Ok(fleet)
    }

    /// The folder of a process.
    pub fn data(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    /// The settings of a process.
    pub fn settings<'a>(&'a self, node: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let common = self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        common.chain([("NODE__ID", node)]).chain(more.iter().copied()).collect()
    }

    /// Starts a process and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(&self, node: &str, more: &[(&str, &str)]) -> Result<Ledgerline> {
        Ledgerline::start(&self.data(node), &self.settings(node, more))
    }

    /// Starts a process with failpoints armed, and does not wait.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn armed(&self, node: &str, more: &[(&str, &str)], failpoints: &str) -> Result<Ledgerline> {
        Ledgerline::armed(&self.data(node), &self.settings(node, more), failpoints)
    }

    /// The deployment's keys.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Where everything lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// An answer of a process, whatever its status: status, whether it says when to ask again, body.
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: bool,
    pub body: Value,
}

/// Asks a process about a tenant.
pub(crate) fn ask(client: &reqwest::blocking::Client, url: &str, path: &str, tenant: &str) -> Result<Answer> {
    let answer = client.get(format!("{url}{path}")).header("ledgerline-tenant", tenant).send()?;
    let (status, retry_after) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    Ok(Answer { status, retry_after, body: answer.json().unwrap_or_default() })
}
