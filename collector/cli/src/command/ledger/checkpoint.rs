//! `ledger checkpoint`: the newest published checkpoint, its signature checked here, and compared with what was seen before.

use std::path::Path;

use ledger::checkpoint::{Checkpoint as Signed, Verified};
use ledger::key::VerifierKey;
use ledger::proof::{ConsistencyFile, Memory, Seen};
use serde::Serialize;
use server::http::model::Checkpoint;

use super::{consistency, given, parsed, verify};
use crate::api::Api;
use crate::arguments::{self, Arguments};
use crate::failure::Failure;
use crate::output::{self, GOOD, painted_aside};

/// A checkpoint and the keys that it was checked with.
#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    checkpoint: Checkpoint,
    /// Keys whose signature over it is good.
    signed_by: Vec<String>,
}

pub fn run(arguments: &Arguments, asked: &arguments::Checkpoint) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    let checkpoint: Checkpoint = api.get("/v1/checkpoint", &[])?;
    let verified = match &asked.key {
        Some(text) => verified(&checkpoint, &[given(text)?])?,
        None => verified(&checkpoint, &named(&checkpoint)?)?,
    };
    let from = match asked.key.is_some() {
        true => "the key given",
        false => "the key that the server names; --key takes one that you trust",
    };
    let seen = asked.state.as_deref().map(|path| remember(&api, path, &verified)).transpose()?;
    let signed_by = keys_of(&verified);
    let told = signed_by.join(", ");
    output::answer(arguments.output, &Checked { checkpoint, signed_by }, |checked| checked.checkpoint.note.clone())?;
    eprintln!("{}: by {told}, checked with {from}", painted_aside("signature good", GOOD));
    if let Some(seen) = seen {
        eprintln!("{}: {}", painted_aside("history good", GOOD), verify::seen(seen));
    }
    Ok(())
}

/// Compares it with what the file remembers. The link from there to here is asked for, and checked here.
fn remember(api: &Api, path: &Path, verified: &Verified) -> Result<Seen, Failure> {
    let mut memory = verify::recall(path)?;
    let found = &verified.checkpoint;
    let links: Vec<ConsistencyFile> = match memory.newest(&found.origin) {
        Some(known) if known.size < found.size => vec![consistency::between(api, &known, verified)?],
        _ => Vec::new(),
    };
    let links: Vec<ConsistencyFile> = links.into_iter().filter(|link| link.check_link().is_ok()).collect();
    let seen = memory.see(verified, &links).map_err(|fault| {
        let known = memory.newest(&found.origin).map(|known| known.body()).unwrap_or_default();
        Failure::No(format!("{fault}\nseen before:\n{known}now:\n{}", found.body()))
    })?;
    keep(path, &memory)?;
    Ok(seen)
}

/// Keeps what is remembered: beside its place first, so that it is whole or as it was.
pub fn keep(path: &Path, memory: &Memory) -> Result<(), Failure> {
    let unwritten = |error: std::io::Error| Failure::unasked(format!("{} can't be written: {error}", path.display()));
    let beside = path.with_extension("partial");
    std::fs::write(&beside, memory.to_bytes()).map_err(unwritten)?;
    std::fs::File::open(&beside).and_then(|file| file.sync_all()).map_err(unwritten)?;
    std::fs::rename(&beside, path).map_err(unwritten)
}

/// The keys that signed, out of those that the server names.
pub fn checked(checkpoint: &Checkpoint) -> Result<Vec<String>, Failure> {
    Ok(keys_of(&verified(checkpoint, &named(checkpoint)?)?))
}

fn named(checkpoint: &Checkpoint) -> Result<Vec<VerifierKey>, Failure> {
    checkpoint.verifiers.iter().map(|text| parsed(text)).collect()
}

fn keys_of(verified: &Verified) -> Vec<String> {
    verified.signed_by.iter().map(VerifierKey::to_text).collect()
}

/// The keys that signed; a note that says something else than the answer around it is no proof of that answer.
fn verified(checkpoint: &Checkpoint, keys: &[VerifierKey]) -> Result<Verified, Failure> {
    let no = |why: String| {
        Failure::No(format!(
            "the checkpoint's signature is not good: {why}. Keep the note, and compare it with an earlier one"
        ))
    };
    let verified = Signed::verify(checkpoint.note.as_bytes(), keys).map_err(|fault| no(fault.to_string()))?;
    let signed = &verified.checkpoint;
    if (signed.origin.as_str(), signed.size) != (checkpoint.origin.as_str(), checkpoint.size) {
        return Err(no(format!("it is over {} at {} leaves", signed.origin.as_str(), signed.size)));
    }
    Ok(verified)
}
