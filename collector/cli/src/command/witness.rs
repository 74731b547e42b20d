//! `ledger witness serve|follow`: whoever runs them stands outside of the ledger, and trusts its operator in nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::key::{KeyName, VerifierKey};
use serde::Serialize;
use server::follow::{FollowError, Follower, Look, Misconduct, Source};
use server::witness::{Witness as Desk, WitnessError, serve};
use tokio::net::TcpListener;

use super::{host, ledger::given, serve::stopped};
use crate::arguments::{Arguments, Witness, WitnessFollow, WitnessServe};
use crate::failure::Failure;
use crate::{output, settings};

pub fn run(arguments: &Arguments, witness: &Witness) -> Result<(), Failure> {
    match witness {
        Witness::Serve(wanted) => cosign(arguments, wanted),
        Witness::Follow(wanted) => follow(arguments, wanted),
    }
}

fn keys(texts: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    texts.iter().map(|text| given(text)).collect()
}

fn cosign(arguments: &Arguments, wanted: &WitnessServe) -> Result<(), Failure> {
    let logs = keys(&wanted.log)?;
    let name = wanted.name.as_deref().map(KeyName::parse).transpose();
    let name = name.map_err(|fault| Failure::Usage(format!("--name: {fault}")))?;
    if let Ok(points) = std::env::var("FAILPOINTS") {
        store::failpoint::arm_all(&points).map_err(Failure::Usage)?;
    }
    let config = settings::load(arguments, &[])?.config;
    let telemetry = server::telemetry::start(&config.telemetry, &config.deployment.name, env!("CARGO_PKG_VERSION"))
        .map_err(Failure::unasked)?;
    let desk = Desk::open(&wanted.state, name.as_ref(), &logs, &host()).map_err(|error| match error {
        WitnessError::Unnamed | WitnessError::Renamed { .. } => Failure::Usage(error.to_string()),
        error => Failure::unasked(error),
    })?;
    output::text(&desk.key().to_text())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let listener = TcpListener::bind(wanted.listen)
            .await
            .map_err(|error| Failure::hinted(format!("{}: {error}", wanted.listen), "Name another --listen."))?;
        eprintln!("the witness listens on http://{}; above is its key", listener.local_addr()?);
        // A signal that can't be waited for ends it, too.
        serve(Arc::new(desk), listener, async { drop(stopped().await) }).await;
        Ok(())
    });
    telemetry.stop(Duration::from_secs(2));
    ended
}

/// What a look has found, as it is printed.
#[derive(Serialize)]
struct Shown {
    /// `first`, `same`, `grown`, `rollback` or `fork`.
    found: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    said: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<PathBuf>,
}

impl From<Look> for Shown {
    fn from(look: Look) -> Self {
        let shown = |found, size, from, said| Self { found, size: Some(size), from, said, evidence: Vec::new() };
        match look {
            Look::First { size } => shown("first", size, None, format!("{size} leaves, the first that are kept")),
            Look::Same { size } => shown("same", size, None, format!("{size} leaves, as before")),
            Look::Grown { from, to } => {
                shown("grown", to, Some(from), format!("{to} leaves, which go on from the {from} before"))
            }
            Look::Misconduct(Misconduct { what, how, evidence }) => {
                Self { found: what, size: None, from: None, said: how, evidence: evidence.into() }
            }
        }
    }
}

fn follow(arguments: &Arguments, wanted: &WitnessFollow) -> Result<(), Failure> {
    let source = Source::parse(&wanted.log).map_err(|error| Failure::Usage(error.to_string()))?;
    let follower = Follower::open(source, keys(&wanted.key)?, &wanted.state).map_err(failed)?;
    let evidence = follower.evidence().map_err(failed)?;
    if !evidence.is_empty() {
        eprintln!("{} files of earlier contradictions are kept beside {}", evidence.len(), evidence[0].display());
    }
    loop {
        match follower.look() {
            Ok(Look::Misconduct(found)) => {
                let [kept, second] = &found.evidence;
                let said = format!(
                    "{}: {}. Both signed checkpoints are kept:\n  {}\n  {}",
                    found.what,
                    found.how,
                    kept.display(),
                    second.display()
                );
                output::answer(arguments.output, &Shown::from(Look::Misconduct(found)), |shown| {
                    shown.found.to_owned()
                })?;
                return Err(Failure::No(said));
            }
            // Between two looks that found the same there is nothing to say.
            Ok(Look::Same { .. }) if !wanted.once => {}
            Ok(look) => output::answer(arguments.output, &Shown::from(look), |shown| shown.said.clone())?,
            Err(error @ FollowError::Folder { .. }) => return Err(failed(error)),
            Err(error) if wanted.once => return Err(failed(error)),
            Err(error) => eprintln!("{error}; it is tried again in {} s", wanted.interval),
        }
        if wanted.once {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(wanted.interval));
    }
}

fn failed(error: FollowError) -> Failure {
    match error {
        // The answer is there, and it is no.
        FollowError::Unsigned(_) | FollowError::Other { .. } => Failure::No(error.to_string()),
        error => Failure::unasked(error),
    }
}
