//! `ledger prove`: leaves with what proves them, in a file.

use ledger::proof::{ProofFile, SubjectKind};

use super::write;
use crate::api::Api;
use crate::arguments::{Arguments, Prove};
use crate::failure::Failure;
use crate::output::{DOUBTFUL, painted_aside};

/// Looks at most for a checkpoint that covers what was asked for: longer together than one interval.
const LOOKS_MAX: u32 = 30;

/// Between two looks.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

pub fn run(arguments: &Arguments, prove: &Prove) -> Result<(), Failure> {
    let file = proof_of(&Api::new(arguments)?, &prove.subject, !prove.no_bodies)?;
    write(prove.file.as_ref(), &name(&file), &file.to_bytes())?;
    if !file.complete {
        let leaves = file.leaves.len();
        eprintln!("{}: the first {leaves} leaves of it; there are more", painted_aside("incomplete", DOUBTFUL));
    }
    eprintln!("check it anywhere: ledgerline ledger verify FILE --key KEY");
    Ok(())
}

/// Asks for a proof; waits for a checkpoint that covers it.
pub fn proof_of(api: &Api, subject: &str, bodies: bool) -> Result<ProofFile, Failure> {
    let query = [("subject", subject.to_owned()), ("bodies", bodies.to_string())];
    for _ in 1..LOOKS_MAX {
        let reply = api.get_reply("/v1/proof", &query)?;
        if reply.status != 503 {
            return reply.accept()?.json();
        }
        std::thread::sleep(PAUSE);
    }
    api.get_reply("/v1/proof", &query)?.accept()?.json()
}

/// A name for the file: the kind, and what tells one from another.
fn name(file: &ProofFile) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let key: String = file.subject.key.chars().map(plain).take(60).collect();
    let key = match file.subject.kind {
        SubjectKind::Event | SubjectKind::Alert => key.get(..16).unwrap_or(&key).to_owned(),
        _ => key,
    };
    let kind = format!("{:?}", file.subject.kind).to_lowercase();
    format!("{kind}-{key}.proof")
}
