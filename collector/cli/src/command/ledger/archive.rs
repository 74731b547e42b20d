//! `ledger archive`: the tree into an object store, and a plain folder out of one.

use std::collections::BTreeSet;
use std::time::Duration;

use ledger::Origin;
use ledger::key::VerifierKey;
use ledger::proof::Trust;
use server::archive::{ArchiveError, Archived, Archiver, Objects, Partials, Source, checkout};
use server::http::model::Checkpoint;
use server::snapshot::{Access, Place};

use super::{given, parsed};
use crate::api::Api;
use crate::arguments::{self, Archive, ArchiveCommand, Arguments};
use crate::failure::Failure;
use crate::output;
use crate::settings;

pub fn run(arguments: &Arguments, archive: &Archive) -> Result<(), Failure> {
    match (&archive.command, &archive.to) {
        (Some(ArchiveCommand::Checkout { to, from }), _) => {
            let objects = shelf(arguments, &from.from, Access::Read)?;
            let origin = one(&objects, from)?;
            let trust = Trust::of(from.key.iter().map(|key| given(key)).collect::<Result<_, _>>()?);
            let size = checkout(&objects, &origin, &trust, to).map_err(failed)?;
            output::text(&format!("{size} leaves of {origin} are in {}", to.display()))
        }
        (None, Some(to)) => kept(arguments, archive, to),
        (None, None) => Err(Failure::Usage("name where to archive to with --to URL".to_owned())),
    }
}

/// The tree as the API serves it.
struct Served {
    api: Api,
    tenant: String,
}

impl Source for Served {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let reply = self.api.get_reply(&format!("/ledger/{}/{path}", self.tenant), &[]);
        match reply {
            Ok(reply) if reply.status == 404 => Ok(None),
            Ok(reply) => reply.accept().map(|reply| Some(reply.into_bytes())).map_err(unanswered),
            Err(failure) => Err(unanswered(failure)),
        }
    }
}

fn unanswered(failure: Failure) -> ArchiveError {
    ArchiveError::Source(match failure {
        Failure::No(what) | Failure::Usage(what) | Failure::Unasked { what, .. } => what,
        Failure::Closed => "the answer ended early".to_owned(),
    })
}

/// Archives until a signal, or once.
fn kept(arguments: &Arguments, archive: &Archive, to: &str) -> Result<(), Failure> {
    let objects = shelf(arguments, to, Access::Write)?;
    let api = Api::new(arguments)?;
    let checkpoint: Checkpoint = api.get("/v1/checkpoint", &[])?;
    let origin = Origin::parse(&checkpoint.origin).map_err(Failure::unasked)?;
    let keys: Vec<VerifierKey> = match archive.key.is_empty() {
        true => checkpoint.verifiers.iter().map(|key| parsed(key)).collect::<Result<_, _>>()?,
        false => archive.key.iter().map(|key| given(key)).collect::<Result<_, _>>()?,
    };
    let source = Served { api, tenant: origin.tenant().as_str().to_owned() };
    let mut archiver = Archiver::new(&objects, &source, origin, keys).map_err(failed)?;
    if archive.once {
        let done = archiver.run(Partials::Write).map_err(failed)?;
        return output::answer(arguments.output, &done, told);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut stopped = std::pin::pin!(super::super::serve::stopped());
    let mut looks = 0_u64;
    loop {
        // The first look archives what there is; afterwards a checkpoint with its partial tiles is due now and then.
        let due = looks.is_multiple_of(archive.partial_interval.div_ceil(archive.interval));
        looks += 1;
        match archiver.run(if due { Partials::Write } else { Partials::Wait }) {
            Ok(done) if done.objects > 0 => eprintln!("{}", told(&done)),
            Ok(_) => {}
            Err(error @ ArchiveError::Wrong(_)) => return Err(failed(error)),
            Err(error) => eprintln!("not now: {error}; tried again in {} s", archive.interval),
        }
        let waited = runtime.block_on(async {
            tokio::select! {
                ended = &mut stopped => Some(ended),
                () = tokio::time::sleep(Duration::from_secs(archive.interval)) => None,
            }
        });
        if let Some(ended) = waited {
            ended?;
            // At the end the archive covers all that is published.
            let done = archiver.run(Partials::Write).map_err(failed)?;
            return output::answer(arguments.output, &done, told);
        }
    }
}

fn told(done: &Archived) -> String {
    format!(
        "{} of {} leaves are archived under a checkpoint; {} new objects, {} bytes",
        done.archived_size, done.size, done.objects, done.bytes
    )
}

/// Opens the object store of an archive.
pub fn shelf(arguments: &Arguments, url: &str, access: Access) -> Result<Objects, Failure> {
    let place = Place::parse(url).map_err(|wanted| Failure::Usage(format!("{url:?}: {wanted}")))?;
    let options = settings::load(arguments, &[])?.config.snapshots.options;
    Objects::open(&place, &options, access).map_err(failed)
}

/// The trees in an archive.
pub fn origins(objects: &Objects) -> Result<Vec<Origin>, Failure> {
    let paths = objects.list("").map_err(failed)?;
    let found: BTreeSet<Origin> =
        paths.iter().filter_map(|path| Origin::parse(path.strip_suffix("/checkpoint")?).ok()).collect();
    Ok(found.into_iter().collect())
}

/// The one tree that is meant.
fn one(objects: &Objects, asked: &arguments::Archived) -> Result<Origin, Failure> {
    if let Some(origin) = &asked.origin {
        return Origin::parse(origin).map_err(|error| Failure::Usage(format!("{origin:?}: {error}")));
    }
    let found = origins(objects)?;
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => Err(Failure::No(format!("no tree is archived in {}", asked.from))),
        several => {
            let names: Vec<&str> = several.iter().map(Origin::as_str).collect();
            Err(Failure::Usage(format!("several trees are archived, name one with --origin: {}", names.join(", "))))
        }
    }
}

/// A fault of what is there is an answer; anything else could not be asked.
pub fn failed(error: ArchiveError) -> Failure {
    match error {
        ArchiveError::Wrong(fault) => Failure::No(fault.to_string()),
        error => Failure::unasked(error),
    }
}
