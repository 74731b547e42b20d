//! `keys rotate`: a new key in place of the one that signs, in every ledger that the shared key signs, or in one tenant's alone.
//! Interrupted half-way it goes on where it was: what a ledger has taken up is not ordered again.

use ledger::key::VerifierKey;
use ledger::leaf::KeyAction;
use server::http::model::{LedgerKey, LedgerKeyState, NextKey, NextKeyOrder, TreeKeys};

use super::orders::{self, Drafted};
use crate::api::Api;
use crate::arguments::{Arguments, Rotate};
use crate::failure::Failure;
use crate::settings;

pub fn run(arguments: &Arguments, rotate: &Rotate) -> Result<(), Failure> {
    if let Some(path) = &rotate.way.signed {
        return orders::deliver_file(arguments, path, &[KeyAction::Rotate, KeyAction::Enrol]);
    }
    let overlap = match rotate.overlap {
        Some(overlap) => overlap.as_secs(),
        None => u64::from(settings::load(arguments, &[])?.config.ledger.rotate_overlap_hours) * 3_600,
    };
    let overlap = u32::try_from(overlap).ok().filter(|seconds| *seconds <= ledger::key::KeyOrder::OVERLAP_SECONDS_MAX);
    let overlap = overlap.ok_or_else(|| Failure::Usage("--overlap: ten years at most".to_owned()))?;
    let mut api = Api::writing(arguments)?;
    let one = arguments.tenant.clone();
    let mut trees = orders::trees(&mut api, one.as_deref())?;
    if one.is_none() {
        // A ledger with a key of its own is rotated by its name.
        trees.retain(|tree| !active(tree).is_some_and(|key| key.own));
    }
    let Some(first) = trees.first() else { return Err(Failure::No("no ledger is signed by a shared key".to_owned())) };
    api.speak_for(&first.tenant);
    let mut next = next(&api, false, false)?;
    let own = one.is_some();
    if trees.iter().all(|tree| has(tree, &next)) {
        next = self::next(&api, true, own)?;
    }
    let mut all = Vec::new();
    for tree in trees.iter().filter(|tree| !has(tree, &next)) {
        let drafted = drafted(tree, &next, overlap, rotate.reason.as_deref())?;
        all.push(authorised(orders::signed_by_server(&mut api, drafted)?, tree, rotate)?);
    }
    orders::deliver(arguments, &mut api, &rotate.way, all)?;
    if !rotate.way.print {
        eprintln!("copy the key folder to where its copy is kept, and to every other process of the deployment");
    }
    Ok(())
}

/// `keys new`
pub fn make(arguments: &Arguments) -> Result<(), Failure> {
    let mut api = Api::writing(arguments)?;
    let trees = orders::trees(&mut api, arguments.tenant.as_deref())?;
    let Some(first) = trees.first() else { return Err(Failure::No("no ledger has begun".to_owned())) };
    api.speak_for(&first.tenant);
    let body = serde_json::to_vec(&NextKeyOrder { make: true, own: arguments.tenant.is_some() });
    let made: NextKey = api.post("/v1/keys/next", body.map_err(Failure::unasked)?, &[])?;
    crate::output::text(&made.provider)?;
    eprintln!("copy it to every other process of the deployment, then run `ledgerline keys rotate`");
    Ok(())
}

fn next(api: &Api, make: bool, own: bool) -> Result<VerifierKey, Failure> {
    let body = serde_json::to_vec(&NextKeyOrder { make, own }).map_err(Failure::unasked)?;
    let next: NextKey = api.post("/v1/keys/next", body, &[])?;
    VerifierKey::from_text(&next.verifier).map_err(Failure::unasked)
}

/// The key that signs a ledger and that nothing has replaced; the newest of several.
fn active(tree: &TreeKeys) -> Option<&LedgerKey> {
    tree.keys.iter().rfind(|key| key.state == LedgerKeyState::Active)
}

/// Whether a ledger has ever taken a key up, under whatever name it goes by there.
fn has(tree: &TreeKeys, key: &VerifierKey) -> bool {
    let public = |text: &str| VerifierKey::from_text(text).map(|key| *key.public_bytes()).ok();
    tree.keys.iter().any(|known| public(&known.verifier).as_ref() == Some(key.public_bytes()))
}

/// A rotation where a key signs, and an enrolment where none does any more.
fn drafted(tree: &TreeKeys, next: &VerifierKey, overlap: u32, reason: Option<&str>) -> Result<Drafted, Failure> {
    let Some(replaced) = active(tree) else { return orders::drafted(tree, KeyAction::Enrol, next, reason) };
    let replaced = VerifierKey::from_text(&replaced.verifier).map_err(Failure::unasked)?;
    let mut drafted = orders::drafted(tree, KeyAction::Rotate, next, reason)?;
    drafted.order.replaces = Some(replaced.id());
    drafted.order.overlap_seconds = Some(overlap);
    drafted.note = drafted.order.note();
    Ok(drafted)
}

/// The old key's signature, or the root key's to come.
fn authorised(drafted: Drafted, tree: &TreeKeys, rotate: &Rotate) -> Result<Drafted, Failure> {
    if rotate.way.print || rotate.way.root.is_some() {
        return Ok(drafted);
    }
    let replaced =
        active(tree).map(|key| VerifierKey::from_text(&key.verifier)).transpose().map_err(Failure::unasked)?;
    match replaced {
        Some(key) if orders::has_signed(&drafted.note, &key) => Ok(drafted),
        Some(key) => Err(Failure::hinted(
            format!("the server does not hold the key that signs {} ({})", tree.origin, key.id()),
            "ask the server that does, or let the root key authorise it: --root FILE, or --print",
        )),
        None => Err(Failure::Usage(format!(
            "no key signs {} any more: the root key enrols another one; run it with --root FILE, or --print",
            tree.origin
        ))),
    }
}
