//! `ledger checkpoint`: the newest published checkpoint, its signature checked here.

use std::path::Path;

use ledger::checkpoint::Checkpoint as Signed;
use ledger::key::VerifierKey;
use serde::Serialize;
use server::http::model::Checkpoint;

use crate::api::Api;
use crate::arguments::{Arguments, Ledger};
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

pub fn run(arguments: &Arguments, ledger: &Ledger) -> Result<(), Failure> {
    match ledger {
        Ledger::Checkpoint { key } => {
            let checkpoint: Checkpoint = Api::new(arguments)?.get("/v1/checkpoint", &[])?;
            let signed_by = match key {
                Some(text) => verified(&checkpoint, &[given(text)?])?,
                None => checked(&checkpoint)?,
            };
            let from = if key.is_some() {
                "the key given"
            } else {
                "the key that the server names; --key takes one that you trust"
            };
            let checked = Checked { checkpoint, signed_by };
            output::answer(arguments.output, &checked, |checked| checked.checkpoint.note.clone())?;
            eprintln!(
                "{}: by {}, checked with {from}",
                painted_aside("signature good", GOOD),
                checked.signed_by.join(", ")
            );
            Ok(())
        }
    }
}

/// The keys that signed, out of those that the server names.
pub fn checked(checkpoint: &Checkpoint) -> Result<Vec<String>, Failure> {
    let keys: Vec<VerifierKey> = checkpoint.verifiers.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?;
    verified(checkpoint, &keys)
}

/// The keys that signed; a note that says something else than the answer around it is no proof of that answer.
fn verified(checkpoint: &Checkpoint, keys: &[VerifierKey]) -> Result<Vec<String>, Failure> {
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
    Ok(verified.signed_by.iter().map(VerifierKey::to_text).collect())
}

/// A key as text, or a file that holds one.
pub fn given(text: &str) -> Result<VerifierKey, Failure> {
    match std::fs::read_to_string(Path::new(text)) {
        Ok(content) => parsed(content.trim()),
        Err(_) => parsed(text),
    }
}

fn parsed(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::from_text(text).map_err(|fault| {
        Failure::Usage(format!("{text:?} is neither a verifier key (name+id+key) nor a file that holds one: {fault}"))
    })
}
