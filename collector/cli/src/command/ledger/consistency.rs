//! `ledger consistency`: a file that links two checkpoints. The server gives the hashes; what they prove is checked here.

use std::path::Path;

use ledger::Checkpoint;
use ledger::checkpoint::Verified;
use ledger::proof::{ConsistencyFile, TlogProof, hash};
use server::http::model::Consistency;

use super::{prove, read, write};
use crate::api::Api;
use crate::arguments::{self, Arguments};
use crate::failure::Failure;

pub fn run(arguments: &Arguments, asked: &arguments::Consistency) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    let (old_size, old_text) = match asked.old.parse::<u64>() {
        Ok(size) => (size, None),
        Err(_) => {
            let text = note(Path::new(&asked.old))?;
            (size_of(&text)?, Some(text))
        }
    };
    let new_text = asked.new.as_deref().map(note).transpose()?;
    let mut query = vec![("old", old_size.to_string())];
    if let Some(text) = &new_text {
        query.push(("new", size_of(text)?.to_string()));
    }
    let answer: Consistency = api.get("/v1/consistency", &query)?;
    let old = old_text.unwrap_or_else(|| format!("{}\n{}\n{}\n", answer.origin, answer.old.size, answer.old.root));
    let new = match (new_text, answer.note.clone()) {
        (Some(text), _) | (None, Some(text)) => text,
        (None, None) => return Err(Failure::unasked("the server gave no signed checkpoint; ask again")),
    };
    let file = composed(&api, &answer, old, new)?;
    file.check_link().map_err(|fault| Failure::No(format!("the server's proof links nothing: {fault}")))?;
    let name = format!("{}-to-{}.consistency", answer.old.size, answer.new.size);
    write(asked.file.as_ref(), &name, &file.to_bytes())
}

/// The link from a checkpoint that was seen before to one that is there now.
pub fn between(api: &Api, old: &Checkpoint, new: &Verified) -> Result<ConsistencyFile, Failure> {
    let query = [("old", old.size.to_string()), ("new", new.checkpoint.size.to_string())];
    let answer: Consistency = api.get("/v1/consistency", &query)?;
    let text = String::from_utf8(new.note.to_bytes()).map_err(Failure::unasked)?;
    composed(api, &answer, old.body(), text)
}

fn composed(api: &Api, answer: &Consistency, old: String, new: String) -> Result<ConsistencyFile, Failure> {
    let origin = ledger::Origin::parse(&answer.origin).map_err(Failure::unasked)?;
    let hashes: Option<Vec<_>> = answer.hashes.iter().map(|text| hash(text)).collect();
    let hashes = hashes.ok_or_else(|| Failure::unasked("the server's hashes can't be read"))?;
    // Key operations are proved under the newest checkpoint; they stand in the file where that is the newer one of the link.
    let keys = prove::proof_of(api, "keys", true)?.leaves;
    let under_new = keys.first().and_then(|entry| TlogProof::from_bytes(entry.proof.as_bytes()).ok());
    let keys = if under_new.is_some_and(|proof| proof.checkpoint == new.as_bytes()) { keys } else { Vec::new() };
    Ok(ConsistencyFile::new(origin, old, new, &hashes, keys))
}

fn note(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| Failure::Usage(format!("{} holds no checkpoint", path.display())))
}

/// The size on a checkpoint's second line.
fn size_of(text: &str) -> Result<u64, Failure> {
    text.lines().nth(1).and_then(|size| size.parse().ok()).ok_or_else(|| {
        Failure::Usage("not a checkpoint: three lines with origin, size and root, and signatures below".to_owned())
    })
}
