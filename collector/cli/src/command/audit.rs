//! `audit recompute`: an archive, checked from its objects and a key alone.

use ledger::Origin;
use ledger::proof::Trust;
use serde::Serialize;
use server::archive::{Recomputed, recompute};
use server::snapshot::Access;

use super::ledger::{failed, given, origins, shelf};
use crate::arguments::{Arguments, Audit};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};

/// What one tree came to.
#[derive(Serialize)]
struct Told {
    origin: String,
    /// `ok`, or what is wrong first.
    verdict: String,
    #[serde(flatten)]
    done: Recomputed,
}

pub fn run(arguments: &Arguments, audit: &Audit) -> Result<(), Failure> {
    let Audit::Recompute { archive, origin, key } = audit;
    let objects = shelf(arguments, archive, Access::Read)?;
    let trust = Trust::of(key.iter().map(|key| given(key)).collect::<Result<_, _>>()?);
    let trees = match origin {
        Some(origin) => vec![Origin::parse(origin).map_err(|error| Failure::Usage(format!("{origin:?}: {error}")))?],
        None => origins(&objects)?,
    };
    if trees.is_empty() {
        return Err(Failure::No(format!("no tree is archived in {archive}")));
    }
    let mut told = Vec::new();
    for tree in &trees {
        let bar = indicatif::ProgressBar::new(0).with_message(tree.to_string());
        bar.set_style(
            indicatif::ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} leaves")
                .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()),
        );
        let checked = recompute(&objects, tree, &trust, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let (verdict, done) = match checked {
            Ok(done) => ("ok".to_owned(), done),
            Err(server::archive::ArchiveError::Wrong(fault)) => (fault.to_string(), Recomputed::default()),
            Err(error) => return Err(failed(error)),
        };
        told.push(Told { origin: tree.to_string(), verdict, done });
    }
    output::answer(arguments.output, &told, |told| told.iter().map(shown).collect::<Vec<_>>().join("\n"))?;
    match told.iter().filter(|one| one.verdict != "ok").count() {
        0 => Ok(()),
        bad => Err(Failure::No(format!("{bad} of {} trees not accepted", told.len()))),
    }
}

fn shown(told: &Told) -> String {
    let done = &told.done;
    if told.verdict != "ok" {
        return format!("{}  {}", painted(&told.verdict, BAD), told.origin);
    }
    format!(
        "{}  {}\n    {} leaves, {} bodies as they were recorded, {} erased; {} tiles; {} signed checkpoints have the root of the leaves",
        painted("ok", GOOD),
        told.origin,
        done.leaves,
        done.bodies,
        done.erased,
        done.tiles,
        done.checkpoints
    )
}
