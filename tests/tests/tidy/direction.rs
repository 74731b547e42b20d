//! Who may depend on whom: `cli → server → store → {lineage, ledger}`. Reads it from cargo itself.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::source;

/// A package of the workspace and all it names in its Cargo.toml: normal, build and test dependencies.
pub struct Member {
    pub name: String,
    pub dependencies: BTreeSet<String>,
}

/// Each package of ours and those of ours it may depend on. `ledgerline` is the package of the binary in `cli/`.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("lineage", &[]),
    ("ledger", &[]),
    ("store", &["lineage", "ledger"]),
    ("server", &["store", "lineage", "ledger"]),
    ("ledgerline", &["server", "store", "lineage", "ledger"]),
    ("ledgerline-tests", &["server", "store", "lineage", "ledger"]),
    ("ledgerline-bench", &["ledgerline-tests", "server", "store", "lineage", "ledger"]),
];

const PURE: [&str; 2] = ["lineage", "ledger"];

/// No package of these families: `tokio` bans `tokio-util` too.
const IMPURE: [&str; 7] = ["tokio", "rdkafka", "rocksdb", "axum", "hyper", "reqwest", "getrandom"];

/// The packages of this workspace.
pub fn workspace() -> Vec<Member> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(source::root())
        .output()
        .expect("the cargo that runs this test can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let name = |value: &Value| value["name"].as_str().expect("everything has a name").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| Member {
            name: name(package),
            dependencies: list(&package["dependencies"]).iter().map(name).collect(),
        })
        .collect()
}

/// Every arrow that points the wrong way, as a sentence.
pub fn faults(members: &[Member]) -> Vec<String> {
    members.iter().flat_map(faults_of).collect()
}

fn faults_of(member: &Member) -> Vec<String> {
    let name = &member.name;
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
        return vec![format!("{name} has no place in the order of crates yet: say in this test what it may depend on")];
    };
    let ours = |dependency: &str| ALLOWED.iter().any(|(known, _)| *known == dependency);
    let impure = |dependency: &str| {
        IMPURE.iter().any(|family| dependency == *family || dependency.starts_with(&format!("{family}-")))
    };
    let mut faults = Vec::new();
    for dependency in &member.dependencies {
        if ours(dependency) && !allowed.contains(&dependency.as_str()) {
            faults.push(format!(
                "{name} depends on {dependency}: arrows point from cli to server to store to lineage and ledger"
            ));
        }
        if PURE.contains(&name.as_str()) && impure(dependency) {
            faults.push(format!("{name} depends on {dependency}: the pure crates build in seconds and do no I/O"));
        }
    }
    faults
}
