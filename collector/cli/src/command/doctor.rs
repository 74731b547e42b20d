//! `doctor`: each check in a line, with what to do where it fails.

use server::http::model::{PartitionState, PartitionStatus, Readiness, Time};
use server::keyring::Keyring;
use server::serve::{key_places, keys_folder, open_log, topics};
use server::snapshot::{Access, Place, Remote, SnapshotError, Wanted, list};

use super::{host, now_ns};
use crate::api::Api;
use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::render::time::{ago, short};
use crate::settings;

/// What one check found.
struct Check {
    what: &'static str,
    found: Result<String, String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut checks = Vec::new();
    match settings::load(arguments, &[]) {
        Err(Failure::Usage(faults)) => checks.push(Check { what: "configuration", found: Err(faults) }),
        Err(failure) => return Err(failure),
        Ok(loaded) => {
            checks.push(Check { what: "configuration", found: Ok("every value is valid".to_owned()) });
            checks.extend(local(&loaded.config));
        }
    }
    checks.extend(live(arguments));
    let line = |check: &Check| match &check.found {
        Ok(found) => format!("{} {:<14} {found}", painted("ok  ", GOOD), check.what),
        Err(found) => format!("{} {:<14} {found}", painted("FAIL", BAD), check.what),
    };
    output::text(&checks.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    match checks.iter().filter(|check| check.found.is_err()).count() {
        0 => Ok(()),
        failed => Err(Failure::No(format!("{failed} of {} checks failed", checks.len()))),
    }
}

/// Checks of this machine.
fn local(config: &server::config::Config) -> Vec<Check> {
    let folder = keys_folder(config);
    let keys = match folder.exists() {
        true => match Keyring::load(key_places(config)) {
            Err(error) => Err(error.to_string()),
            Ok(keyring) => match keyring.unreached().first() {
                None => Ok(format!("readable in {}", folder.display())),
                Some(one) => {
                    Err(format!("{} can't be reached: {}; mend the place or ledger.signer", one.provider, one.reason))
                }
            },
        },
        false => Ok(format!("made in {} at the first start", folder.display())),
    };
    let mut checks =
        vec![Check { what: "keys", found: keys }, Check { what: "data folder", found: writable(&config.data_dir) }];
    if let Some(place) = config.snapshots.place() {
        checks.push(Check { what: "snapshots", found: snapshots(config, &place) });
    }
    if config.kafka.is_configured() {
        let brokers = u16::try_from(config.kafka.brokers.len()).unwrap_or(u16::MAX);
        let checked = open_log(config, &host()).map_err(|error| error.to_string()).and_then(|log| {
            topics::check(log.as_ref(), &topics::wanted(config, brokers)).map_err(|error| error.to_string())
        });
        let found = checked.and_then(|checked| {
            let wrong = checked.iter().filter(|topic| !topic.exists || !topic.mismatches.is_empty()).count();
            match wrong {
                0 => Ok(format!("{} topics are as they must be", checked.len())),
                _ => Err(format!("{wrong} topics are missing or differ: `ledgerline topics check` names them")),
            }
        });
        checks.push(Check { what: "topics", found });
    }
    checks
}

/// Whether the place of snapshots can be asked, and what is there.
fn snapshots(config: &server::config::Config, place: &Place) -> Result<String, String> {
    let told = |error: SnapshotError| match error {
        error if error.is_absent() => Ok(format!("none yet in {place}")),
        error => Err(format!("{error}: mend snapshots.url or snapshots.options")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let remote = match Remote::open(place, &config.snapshots.options, Access::Read) {
        Ok(remote) => remote,
        Err(error) => return told(error),
    };
    match runtime.block_on(list(&remote, &Wanted::default())) {
        Err(error) => told(error),
        Ok(found) => match found.iter().max_by_key(|stored| stored.written_at_ns) {
            None => Ok(format!("none yet in {place}")),
            Some(newest) => {
                let age = ago(Time(newest.written_at_ns), now_ns());
                Ok(format!("{} in {place}, the newest of {age}", found.len()))
            }
        },
    }
}

fn writable(folder: &std::path::Path) -> Result<String, String> {
    match std::fs::metadata(folder) {
        Ok(found) if found.permissions().readonly() => Err(format!("{} can't be written to", folder.display())),
        Ok(_) => Ok(format!("{} is there", folder.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{} is made at the first start", folder.display()))
        }
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}

/// Witnesses that fail: each once, with what it fails at.
fn witnesses(partitions: &[PartitionStatus]) -> Vec<Check> {
    let mut told: Vec<String> = Vec::new();
    for trouble in partitions.iter().flat_map(|partition| &partition.witnesses) {
        let line = format!("{}, since {}: {}", trouble.witness, short(trouble.since), trouble.reason);
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told.into_iter().map(|line| Check { what: "witness", found: Err(line) }).collect()
}

/// Checks of the running server.
fn live(arguments: &Arguments) -> Vec<Check> {
    // Not `status`: that is a question about one tenant, whose partition may be the one in trouble.
    let asked = Api::new(arguments).and_then(|api| {
        let partitions: Vec<PartitionStatus> = api.get("/v1/partitions", &[])?;
        let place = match api.server() {
            Some(url) => format!("answers at {url}"),
            None => "the folder can be read; no server works on it".to_owned(),
        };
        Ok((place, partitions, api.get_reply("/readyz", &[])?.json().ok()))
    });
    match asked {
        Err(Failure::Unasked { what, hint }) => {
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            vec![Check { what: "server", found: Err(format!("{what}{hint}")) }]
        }
        Err(_) => vec![Check { what: "server", found: Err("it does not let this token ask".to_owned()) }],
        Ok((place, partitions, ready)) => {
            let ready: Option<Readiness> = ready;
            let mut checks = vec![Check { what: "server", found: Ok(place) }];
            for partition in &partitions {
                let found = match &partition.reason {
                    _ if partition.state == PartitionState::Following => {
                        Ok(format!("partition {} is followed, {} records behind", partition.partition, partition.lag))
                    }
                    None => Ok(format!("partition {} is {} records behind", partition.partition, partition.lag)),
                    Some(reason) => Err(format!(
                        "partition {}: {reason}. {}",
                        partition.partition,
                        partition.remedy.as_deref().unwrap_or_default()
                    )),
                };
                checks.push(Check { what: "partition", found });
            }
            checks.extend(witnesses(&partitions));
            let found = match ready {
                Some(ready) if ready.ready && ready.reasons.is_empty() => Ok("caught up enough to answer".to_owned()),
                Some(ready) => Err(ready
                    .reasons
                    .iter()
                    .map(|reason| {
                        let remedy = reason.remedy.as_ref().map(|remedy| format!(" ({remedy})")).unwrap_or_default();
                        format!("{}: {}{remedy}", reason.part, reason.reason)
                    })
                    .collect::<Vec<_>>()
                    .join("; ")),
                None => Err("not ready yet: see `ledgerline status`".to_owned()),
            };
            checks.push(Check { what: "readiness", found });
            checks
        }
    }
}
