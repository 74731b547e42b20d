//! The line of a cosignature: making it, checking it, taking it out of a witness's answer.
//! Never takes a known witness's bad line for a missing one.

use super::WitnessKey;
use crate::key::{KeyId, KeyName, SignError, Signer};
use crate::note::{Note, NoteSignature};

/// The latest second that a cosignature can name.
pub const TIME_S_MAX: u64 = i64::MAX as u64;

/// Why cosignatures are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureFault {
    /// A known witness's line does not verify: the checkpoint was changed, or the line is a forgery.
    #[error("the cosignature of {name} ({id}) is not over this checkpoint")]
    Forged {
        /// Name of the witness that the line claims.
        name: KeyName,
        /// Its key's id.
        id: KeyId,
    },
    /// A witness's answer is not made of signature lines.
    #[error("the answer is not one or more signature lines of a note")]
    Malformed,
    /// A witness's answer has no line of the witness that was asked.
    #[error("the answer has no cosignature of {0}")]
    Missing(KeyName),
}

/// What is signed: two lines that name purpose and second, then the checkpoint's whole text.
fn message(text: &str, time_s: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes()
}

/// Cosigns a note's text as of `time_s`, seconds since 1970 UTC, at most [`TIME_S_MAX`]. `signer` holds the private half of
/// `witness`; what it gives is checked against it before it leaves.
///
/// # Errors
/// The signer's; [`SignError::Refused`] where it is another key's, or the time is out of range.
pub fn cosign(signer: &dyn Signer, witness: &WitnessKey, text: &str, time_s: u64) -> Result<NoteSignature, SignError> {
    let message = message(text, time_s);
    let signature = signer.sign(&message)?;
    if time_s > TIME_S_MAX || witness.verify(&message, &signature).is_err() {
        return Err(SignError::Refused(format!("what it gave is no cosignature of {}", witness.name())));
    }
    let bytes = [time_s.to_be_bytes().as_slice(), &signature].concat();
    Ok(NoteSignature::new(witness.name().clone(), witness.id(), bytes))
}

/// Reads the cosignatures of the witnesses in `known`: name and second of each that cosigned, in the order of `known`; of one
/// that did so more than once, the earliest. The log's own signature is not looked at here.
///
/// # Errors
/// [`CosignatureFault::Forged`].
pub fn times(note: &Note, known: &[WitnessKey]) -> Result<Vec<(KeyName, u64)>, CosignatureFault> {
    let mut times = Vec::new();
    for (at, witness) in known.iter().enumerate() {
        if known[..at].contains(witness) {
            continue;
        }
        let lines = note.signatures().iter().filter(|line| is_of(line, witness));
        let checked: Result<Vec<u64>, _> = lines.map(|line| checked(note.text(), line, witness)).collect();
        times.extend(checked?.into_iter().min().map(|time_s| (witness.name().clone(), time_s)));
    }
    Ok(times)
}

/// Takes the cosignature of `witness` out of its answer to add-checkpoint: signature lines over `note`, of which those of
/// others are dropped.
///
/// # Errors
/// [`CosignatureFault`].
pub fn from_answer(note: &Note, answer: &[u8], witness: &WitnessKey) -> Result<(NoteSignature, u64), CosignatureFault> {
    // Read as the protocol suggests: as the end of the note itself.
    let bare = [note.text().as_bytes(), b"\n", answer].concat();
    let answered = Note::from_bytes(&bare).map_err(|_| CosignatureFault::Malformed)?;
    if answered.text() != note.text() {
        return Err(CosignatureFault::Malformed);
    }
    let mut found = None;
    for line in answered.signatures().iter().filter(|line| is_of(line, witness)) {
        let time_s = checked(note.text(), line, witness)?;
        found.get_or_insert((line.clone(), time_s));
    }
    found.ok_or_else(|| CosignatureFault::Missing(witness.name().clone()))
}

fn is_of(line: &NoteSignature, witness: &WitnessKey) -> bool {
    (line.name(), line.id()) == (witness.name(), witness.id())
}

fn checked(text: &str, line: &NoteSignature, witness: &WitnessKey) -> Result<u64, CosignatureFault> {
    let read = || {
        let (time, signature) = line.bytes().split_first_chunk::<8>()?;
        let time_s = u64::from_be_bytes(*time);
        let holds = time_s <= TIME_S_MAX && witness.verify(&message(text, time_s), signature).is_ok();
        holds.then_some(time_s)
    };
    read().ok_or_else(|| CosignatureFault::Forged { name: witness.name().clone(), id: witness.id() })
}
