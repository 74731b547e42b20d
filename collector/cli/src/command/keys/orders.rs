//! Orders about keys on their way: drafted here, signed by the server and by whoever has the root key, sent, and looked for until
//! the log tells what became of them. An order goes once, however often it is sent: its own key is within what is signed.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use ledger::Origin;
use ledger::key::{KeyName, KeyOrder, Reason, SigningKey, VerifierKey};
use ledger::leaf::{Hex, KeyAction};
use ledger::note::Note;
use serde::{Deserialize, Serialize};
use server::http::model::{ControlReceipt, KeyOrderNote, KeyOrderOutcome, PartitionStatus, TreeKeys};
use server::keyring::signing_key;
use server::random::{Random as _, SystemRandom};

use crate::api::Api;
use crate::arguments::{Arguments, Way};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::render::table::table;

const FORMAT: &str = "ledgerline-key-orders-1";
/// How long an outcome is looked for.
const OUTCOME_LOOKS: u32 = 600;
const LOOK: Duration = Duration::from_millis(100);
/// Bytes of a file of orders.
const ORDERS_BYTES_MAX: u64 = 16 << 20;

/// Orders in a file: between the machine that sends them and the one with the root key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrdersFile {
    format: String,
    notes: Vec<String>,
}

/// An order and its note.
pub struct Drafted {
    pub order: KeyOrder,
    pub note: Note,
}

/// What became of one order.
#[derive(Serialize)]
struct Done {
    ledger: String,
    action: KeyAction,
    key: String,
    leaf: u64,
    refused: Option<String>,
}

/// The ledgers with their keys: the tenant's that was named, or all there are.
pub fn trees(api: &mut Api, tenant: Option<&str>) -> Result<Vec<TreeKeys>, Failure> {
    if let Some(tenant) = tenant {
        api.speak_for(tenant);
        return api.get("/v1/keys", &[]);
    }
    let partitions: Vec<PartitionStatus> = api.get("/v1/partitions", &[])?;
    let partitions: BTreeSet<u32> = partitions.iter().map(|row| row.partition).collect();
    let mut trees = Vec::new();
    for partition in partitions {
        api.speak_for(&format!("p-{partition}"));
        trees.extend(api.get::<Vec<TreeKeys>>("/v1/keys", &[])?);
    }
    Ok(trees)
}

/// A new order about a key of a ledger.
pub fn drafted(
    tree: &TreeKeys,
    action: KeyAction,
    key: &VerifierKey,
    reason: Option<&str>,
) -> Result<Drafted, Failure> {
    let origin = Origin::parse(&tree.origin).map_err(Failure::unasked)?;
    let name = KeyName::of_checkpoints(&origin);
    let key = VerifierKey::from_ed25519(name, key.public_bytes()).map_err(Failure::unasked)?;
    let reason = reason.map(Reason::parse).transpose().map_err(|fault| Failure::Usage(format!("--reason: {fault}")))?;
    let mut order = [0; 16];
    SystemRandom.fill(&mut order);
    let order = KeyOrder { origin, action, key, replaces: None, overlap_seconds: None, reason, order: Hex(order) };
    Ok(Drafted { note: order.note(), order })
}

/// Has the server sign with the keys that it holds.
pub fn signed_by_server(api: &mut Api, drafted: Drafted) -> Result<Drafted, Failure> {
    api.speak_for(drafted.order.origin.tenant().as_str());
    let note = String::from_utf8(drafted.note.to_bytes()).expect("a note is text");
    let body = serde_json::to_vec(&KeyOrderNote { note }).expect("texts have a JSON form");
    let answer: KeyOrderNote = api.post("/v1/keys/sign", body, &[])?;
    let (order, note) = KeyOrder::read_draft(answer.note.as_bytes()).map_err(Failure::unasked)?;
    if order == drafted.order {
        Ok(Drafted { order, note })
    } else {
        Err(Failure::unasked("the server signed another order"))
    }
}

/// Whether a key has signed; its signature was checked where it was made, and is again where it counts.
pub fn has_signed(note: &Note, key: &VerifierKey) -> bool {
    let good = |line: &&ledger::note::NoteSignature| key.verify(note.text().as_bytes(), line.bytes()).is_ok();
    note.signatures().iter().filter(|line| (line.name(), line.id()) == (key.name(), key.id())).any(|line| good(&line))
}

/// Signs with the root key, under the name that it has in the order's ledger.
fn sign(drafted: &mut Drafted, root: &SigningKey) -> Result<(), Failure> {
    let root = root.named(KeyName::of_root(&drafted.order.origin));
    drafted.note.sign(&root).map_err(Failure::unasked)
}

/// The root key out of its file.
pub fn root_key(path: &Path) -> Result<SigningKey, Failure> {
    let key = signing_key(path).map_err(|error| Failure::Usage(error.to_string()))?;
    match key.verifier().name().as_str().ends_with("#root") {
        true => Ok(key),
        false => {
            Err(Failure::Usage(format!("{} holds {}, which is no root key", path.display(), key.verifier().name())))
        }
    }
}

/// Sends orders in the way that was chosen: printed for somebody else to sign, or signed here and sent.
pub fn deliver(arguments: &Arguments, api: &mut Api, way: &Way, mut all: Vec<Drafted>) -> Result<(), Failure> {
    if all.is_empty() {
        eprintln!("nothing is to be done");
        return Ok(());
    }
    if way.print {
        write(&all)?;
        eprintln!(
            "sign them where the root key is (`ledgerline keys sign ORDERS --root FILE > SIGNED`), and send them from here with \
             the same command and --signed SIGNED"
        );
        return Ok(());
    }
    if let Some(path) = &way.root {
        let root = root_key(path)?;
        all.iter_mut().try_for_each(|drafted| sign(drafted, &root))?;
    }
    send(arguments, api, &all)
}

/// Sends the orders of a file.
pub fn deliver_file(arguments: &Arguments, path: &Path, wanted: &[KeyAction]) -> Result<(), Failure> {
    let all = read(path)?;
    if let Some(other) = all.iter().find(|drafted| !wanted.contains(&drafted.order.action)) {
        return Err(Failure::Usage(format!(
            "{} holds an order to {:?} a key: send it with that command",
            path.display(),
            other.order.action
        )));
    }
    send(arguments, &mut Api::writing(arguments)?, &all)
}

/// `keys sign`: shows what is signed on standard error, writes the signed orders to standard output.
pub fn sign_file(path: &Path, root: &Path) -> Result<(), Failure> {
    let root = root_key(root)?;
    let mut all = read(path)?;
    for drafted in &mut all {
        eprintln!("{}", drafted.note.text().trim_end());
        sign(drafted, &root)?;
    }
    eprintln!("{} signed", all.len());
    write(&all)
}

fn write(all: &[Drafted]) -> Result<(), Failure> {
    let note = |drafted: &Drafted| String::from_utf8(drafted.note.to_bytes()).expect("a note is text");
    let file = OrdersFile { format: FORMAT.to_owned(), notes: all.iter().map(note).collect() };
    output::text(&serde_json::to_string_pretty(&file).map_err(Failure::unasked)?)
}

fn read(path: &Path) -> Result<Vec<Drafted>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => std::io::stdin().take(ORDERS_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?,
        false => {
            std::fs::File::open(path).map_err(failed)?.take(ORDERS_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?
        }
    };
    let malformed = || Failure::Usage(format!("{} holds no orders as --print writes them", path.display()));
    let file: OrdersFile = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
    if file.format != FORMAT {
        return Err(malformed());
    }
    let draft = |note: &String| {
        KeyOrder::read_draft(note.as_bytes()).map(|(order, note)| Drafted { order, note }).map_err(|_| malformed())
    };
    file.notes.iter().map(draft).collect()
}

fn send(arguments: &Arguments, api: &mut Api, all: &[Drafted]) -> Result<(), Failure> {
    let mut done = Vec::new();
    for drafted in all {
        api.speak_for(drafted.order.origin.tenant().as_str());
        let note = String::from_utf8(drafted.note.to_bytes()).expect("a note is text");
        let body = serde_json::to_vec(&KeyOrderNote { note }).expect("texts have a JSON form");
        let _: ControlReceipt = api.post("/v1/keys/operations", body, &[])?;
        let KeyOrderOutcome { leaf, refused } = outcome(api, &drafted.order)?;
        done.push(Done {
            ledger: drafted.order.origin.to_string(),
            action: drafted.order.action,
            key: drafted.order.key.id().to_string(),
            leaf,
            refused,
        });
    }
    output::answer(arguments.output, &done, |done| {
        let row = |done: &Done| {
            let outcome = match &done.refused {
                None => painted("done", GOOD),
                Some(reason) => painted(&format!("refused: {reason}"), BAD),
            };
            let action = format!("{:?}", done.action).to_lowercase();
            vec![done.ledger.clone(), action, done.key.clone(), done.leaf.to_string(), outcome]
        };
        table(&["ledger", "action", "key", "leaf", "outcome"], done.iter().map(row).collect(), "Nothing was ordered.")
    })?;
    match done.iter().filter(|done| done.refused.is_some()).count() {
        0 => Ok(()),
        refused => Err(Failure::No(format!(
            "{refused} of {} orders were refused; docs/ledger-format.md names the reasons",
            done.len()
        ))),
    }
}

fn outcome(api: &Api, order: &KeyOrder) -> Result<KeyOrderOutcome, Failure> {
    for _ in 0..OUTCOME_LOOKS {
        let reply = api.get_reply(&format!("/v1/keys/operations/{}", order.order), &[])?;
        match reply.status {
            404 | 503 => std::thread::sleep(LOOK),
            _ => return reply.accept()?.json(),
        }
    }
    Err(Failure::hinted(
        format!("the order about {} is in the log, and nothing has told of it yet", order.origin),
        "see `ledgerline status` for what holds the partition up, then `ledgerline keys list`",
    ))
}
