//! `keys revoke`: what a key alone signed is believed no more, in every ledger that has the key.

use std::collections::BTreeSet;

use ledger::key::VerifierKey;
use ledger::leaf::KeyAction;
use server::http::model::{LedgerKey, LedgerKeyState, TreeKeys};

use super::orders;
use crate::api::Api;
use crate::arguments::{Arguments, Revoke};
use crate::failure::Failure;

pub fn run(arguments: &Arguments, revoke: &Revoke) -> Result<(), Failure> {
    let (Some(id), Some(reason)) = (&revoke.key, &revoke.reason) else {
        let path = revoke.way.signed.as_deref().ok_or_else(|| Failure::Usage("name the key".to_owned()))?;
        return orders::deliver_file(arguments, path, &[KeyAction::Revoke]);
    };
    if !revoke.way.print && revoke.way.root.is_none() {
        return Err(Failure::Usage(
            "only the root key revokes: name its file with --root FILE, or write the order with --print, sign it where the root \
             key is with `ledgerline keys sign`, and send it with --signed"
                .to_owned(),
        ));
    }
    let mut api = Api::writing(arguments)?;
    let trees = orders::trees(&mut api, arguments.tenant.as_deref())?;
    let public = |key: &LedgerKey| VerifierKey::from_text(&key.verifier).map(|key| *key.public_bytes()).ok();
    // The id is of one ledger's name for the key; the key is the same in all.
    let named = |tree: &TreeKeys| tree.keys.iter().filter(|key| key.id == *id).filter_map(public).collect::<Vec<_>>();
    let named: BTreeSet<[u8; 32]> = trees.iter().flat_map(named).collect();
    if named.is_empty() {
        return Err(Failure::No(format!("no ledger has a key {id}: `ledgerline keys list` shows those there are")));
    }
    let mut all = Vec::new();
    for tree in &trees {
        let has = |key: &&LedgerKey| public(key).is_some_and(|public| named.contains(&public));
        for key in tree.keys.iter().filter(has).filter(|key| key.state != LedgerKeyState::Revoked) {
            let verifier = VerifierKey::from_text(&key.verifier).map_err(Failure::unasked)?;
            all.push(orders::drafted(tree, KeyAction::Revoke, &verifier, Some(reason))?);
            let others = tree.keys.iter().filter(|other| other.id != key.id);
            let others = others.filter(|other| matches!(other.state, LedgerKeyState::Active | LedgerKeyState::Overlap));
            if others.count() == 0 {
                eprintln!(
                    "{} is not signed any more until `ledgerline keys rotate --root FILE` enrols another key",
                    tree.origin
                );
            }
        }
    }
    orders::deliver(arguments, &mut api, &revoke.way, all)
}
