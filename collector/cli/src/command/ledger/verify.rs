//! `ledger verify`: files and keys in, a verdict out. Asks nobody, so that it works where nobody can be asked.

use std::path::{Path, PathBuf};

use ledger::Checkpoint;
use ledger::checkpoint::Verified;
use ledger::cosignature::WitnessKey;
use ledger::leaf::{Detail, Leaf};
use ledger::proof::{
    Believed, Checked, CheckedLeaf, ConsistencyFile, Fault, Memory, ProofFile, Seen, SubjectKind, TlogProof, Trust,
    Verdict,
};
use serde::Serialize;
use server::http::model::Time;

use super::{checkpoint, given, read};
use crate::arguments::{Arguments, Form, Verify};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::render;

/// Leaves that are told of one by one.
const TOLD_MAX: usize = 20;

/// What a file came to.
#[derive(Serialize)]
struct Told {
    file: String,
    /// `ok`, or the word for what is wrong.
    verdict: String,
    /// Sentences.
    said: Vec<String>,
}

/// What files are held against.
struct Trusted {
    /// Keys.
    trust: Trust,
    /// Links that were checked.
    links: Vec<ConsistencyFile>,
    /// Checkpoints that the others must belong together with.
    anchors: Vec<Checkpoint>,
    memory: Option<(PathBuf, Memory)>,
}

pub fn run(arguments: &Arguments, verify: &Verify) -> Result<(), Failure> {
    let keys = verify.key.iter().map(|text| given(text)).collect::<Result<_, _>>()?;
    let memory = verify.state.as_ref().map(|path| Ok::<_, Failure>((path.clone(), recall(path)?))).transpose()?;
    let mut trust = Trust::of(keys);
    trust.witnesses = verify.witness.iter().map(|text| witness(text)).collect::<Result<_, _>>()?;
    let mut trusted = Trusted { trust, links: Vec::new(), anchors: Vec::new(), memory };
    let mut told = Vec::new();
    for path in &verify.revoked {
        if let Err(fault) = trusted.trust.revoke(&read(path)?) {
            told.push(no(path, &fault));
        }
    }
    for path in &verify.anchor {
        if let Err(fault) = trusted.anchor(&read(path)?) {
            told.push(no(path, &fault));
        }
    }
    let contents = verify.files.iter().map(|path| Ok((path, read(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    // Links first: what they link may stand before them.
    for (_, bytes) in &contents {
        trusted.links.extend(ConsistencyFile::from_bytes(bytes).ok().filter(|link| link.check_link().is_ok()));
    }
    let leaf = verify.leaf.as_deref().map(read).transpose()?;
    for (path, bytes) in &contents {
        told.push(match trusted.one(bytes, leaf.as_deref()) {
            Ok(said) => Told { file: path.display().to_string(), verdict: "ok".to_owned(), said },
            Err(fault) => no(path, &fault),
        });
    }
    let bad = told.iter().filter(|one| one.verdict != "ok").count();
    match arguments.output {
        Form::Json => output::text(&serde_json::to_string_pretty(&told).map_err(Failure::unasked)?)?,
        Form::Table | Form::Tree => output::text(&told.iter().map(shown).collect::<Vec<_>>().join("\n"))?,
    }
    if bad > 0 {
        return Err(Failure::No(format!("{bad} of {} not accepted", told.len())));
    }
    match &trusted.memory {
        Some((path, memory)) => checkpoint::keep(path, memory),
        None => Ok(()),
    }
}

/// A witness's key as text, or a file that holds one.
fn witness(text: &str) -> Result<WitnessKey, Failure> {
    let content = std::fs::read_to_string(Path::new(text)).unwrap_or_else(|_| text.to_owned());
    WitnessKey::from_text(content.trim()).map_err(|fault| {
        Failure::Usage(format!("{text:?} is neither a witness's key nor a file that holds one: {fault}"))
    })
}

fn no(path: &Path, fault: &Fault) -> Told {
    Told { file: path.display().to_string(), verdict: fault.verdict.to_string(), said: vec![fault.what.clone()] }
}

fn shown(told: &Told) -> String {
    let colour = if told.verdict == "ok" { GOOD } else { BAD };
    let said: Vec<String> = told.said.iter().map(|line| format!("    {line}")).collect();
    format!("{}  {}\n{}", painted(&told.verdict, colour), told.file, said.join("\n"))
}

/// What a file remembers; nothing where there is none yet.
pub fn recall(path: &Path) -> Result<Memory, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Memory::from_bytes(&bytes).map_err(|fault| {
            Failure::unasked(format!("{} can't be used: {fault}; restore it from a copy", path.display()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Memory::default()),
        Err(error) => Err(Failure::unasked(format!("{} can't be read: {error}", path.display()))),
    }
}

impl Trusted {
    /// Takes a checkpoint, or a link and the checkpoint at its end.
    fn anchor(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.trim_ascii_start().starts_with(b"{") {
            let file = ConsistencyFile::from_bytes(bytes)?;
            let (_, newest) = self.trust.consistency(&file)?;
            self.anchors.push(newest.verified.checkpoint);
            self.links.push(file);
            return Ok(());
        }
        self.anchors.push(self.bare(bytes)?.verified.checkpoint);
        Ok(())
    }

    /// A signed checkpoint alone.
    fn bare(&self, note: &[u8]) -> Result<Believed, Fault> {
        let named = std::str::from_utf8(note).ok().and_then(|text| text.lines().next());
        let origin = named.and_then(|line| ledger::Origin::parse(line).ok());
        let origin = origin.ok_or_else(|| Fault::new(Verdict::Malformed, "not a checkpoint, nor any file of ours"))?;
        self.trust.checkpoint(note, &origin)
    }

    /// Checks one file of whatever kind; gives what there is to say of it.
    fn one(&mut self, bytes: &[u8], leaf: Option<&[u8]>) -> Result<Vec<String>, Fault> {
        if bytes.starts_with(b"c2sp.org/tlog-proof@") {
            let leaf = leaf.ok_or_else(|| Fault::new(Verdict::Missing, "a tlog-proof is checked with --leaf LEAF"))?;
            let proof =
                TlogProof::from_bytes(bytes).map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))?;
            let origin = self.bare(&proof.checkpoint)?.verified.checkpoint.origin;
            let (believed, leaf) = self.trust.leaf(&proof, leaf, &origin)?;
            let mut said = vec![line(proof.index, &leaf, None)];
            said.extend(self.settle(&believed)?);
            return Ok(said);
        }
        if !bytes.trim_ascii_start().starts_with(b"{") {
            let believed = self.bare(bytes)?;
            return self.settle(&believed);
        }
        if String::from_utf8_lossy(bytes).contains("\"ledgerline-consistency-") {
            let file = ConsistencyFile::from_bytes(bytes)?;
            let (old, believed) = self.trust.consistency(&file)?;
            let size = believed.verified.checkpoint.size;
            let mut said = vec![format!("{size} leaves of {} go on from {}", file.origin, old.size)];
            said.extend(self.settle(&believed)?);
            return Ok(said);
        }
        let file = ProofFile::from_bytes(bytes)?;
        let checked = self.trust.file(&file)?;
        let mut said = told(&file, &checked);
        said.extend(self.settle(&checked.believed)?);
        Ok(said)
    }

    /// Compares a checkpoint with anchors and memory.
    fn settle(&mut self, believed: &Believed) -> Result<Vec<String>, Fault> {
        let Believed { verified, witnessed } = believed;
        let found = &verified.checkpoint;
        let keys: Vec<String> = verified.signed_by.iter().map(|key| format!("{}+{}", key.name(), key.id())).collect();
        let mut said = vec![format!("{} leaves of {}, signed by {}", found.size, found.origin, keys.join(", "))];
        if let Some((name, time_s)) = witnessed.iter().min_by_key(|(_, time_s)| *time_s) {
            let time = Time(i64::try_from(*time_s).unwrap_or(i64::MAX).saturating_mul(1_000_000_000));
            said.push(format!("existed before {}, says witness {name}", render::time::short(time)));
        }
        for anchor in self.anchors.iter().filter(|anchor| anchor.origin == found.origin) {
            let mut memory = Memory::default();
            let anchored = Verified { checkpoint: anchor.clone(), ..verified.clone() };
            memory.anchor(&anchored);
            memory.see(verified, &self.links)?;
            said.push(format!("it belongs together with the anchor of {} leaves", anchor.size));
        }
        if let Some((_, memory)) = &mut self.memory {
            said.push(seen(memory.see(verified, &self.links)?).to_owned());
        }
        Ok(said)
    }
}

/// What a comparison with earlier checkpoints came to.
pub fn seen(seen: Seen) -> &'static str {
    match seen {
        Seen::First => "the first checkpoint seen of this tree; later ones are compared with it",
        Seen::Same => "the newest checkpoint seen of this tree",
        Seen::Newer => "it goes on from the newest checkpoint seen before",
        Seen::Older => "an earlier size of the newest checkpoint seen",
    }
}

/// What a proof file shows.
pub fn told(file: &ProofFile, checked: &Checked) -> Vec<String> {
    let kind = format!("{:?}", file.subject.kind).to_lowercase();
    let mut said = Vec::new();
    if file.subject.kind != SubjectKind::Leaf {
        said.push(format!("{kind} {}", file.subject.key));
    }
    let leaves = &checked.leaves;
    said.extend(leaves.iter().take(TOLD_MAX).map(|one: &CheckedLeaf| line(one.index, &one.leaf, one.body.as_deref())));
    if leaves.len() > TOLD_MAX {
        said.push(format!("and {} leaves more", leaves.len() - TOLD_MAX));
    }
    if !file.complete {
        said.push("there are more leaves of it than the file holds".to_owned());
    }
    if !checked.subject_shown {
        said.push("that these leaves are behind it is the server's claim; read their bodies to see".to_owned());
    }
    said
}

/// A leaf in a line.
fn line(index: u64, leaf: &Leaf, body: Option<&[u8]>) -> String {
    let about = match &leaf.detail {
        Detail::Event(event) => match &event.subject {
            ledger::leaf::Subject::Run { id, job } => {
                format!(", run {id} of {}/{}", job.namespace.shown(), job.name.shown())
            }
            ledger::leaf::Subject::Job(job) => format!(", job {}/{}", job.namespace.shown(), job.name.shown()),
            ledger::leaf::Subject::Dataset(name) => {
                format!(", dataset {}/{}", name.namespace.shown(), name.name.shown())
            }
        },
        Detail::Control(control) => format!(" {}", control.name.as_str()),
        _ => String::new(),
    };
    let body = body.map_or(String::new(), |body| format!("; body of {} bytes is the one recorded", body.len()));
    format!("leaf {index}: {}{about}{body}", leaf.detail.kind().as_str())
}
