//! `keys recover`: reads keys back from a copy. As a drill it compares each with what is enrolled; in earnest it puts missing files
//! back. Never replaces a file that is there.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ledger::key::{IdentityKey, IntakeKey, VerifierKey};
use ledger::leaf::KeyAction;
use serde::Serialize;
use server::http::model::{LedgerKey, LedgerKeyState};
use server::keyring::{Keyring, signing_key};
use server::serve::keys_folder;

use super::orders;
use crate::api::Api;
use crate::arguments::{Arguments, RecoverKeys};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, painted};
use crate::render::table::table;
use crate::settings;

/// What was found of one key.
#[derive(Serialize)]
struct Found {
    key: String,
    place: String,
    fault: Option<String>,
}

pub fn run(arguments: &Arguments, recover: &RecoverKeys) -> Result<(), Failure> {
    let Some(from) = &recover.from else {
        let path =
            recover.way.signed.as_deref().ok_or_else(|| Failure::Usage("name the folder with --from".to_owned()))?;
        return orders::deliver_file(arguments, path, &[KeyAction::Recover]);
    };
    if recover.drill { drill(arguments, recover, from) } else { restore(arguments, from) }
}

/// Copies what is missing.
fn restore(arguments: &Arguments, from: &Path) -> Result<(), Failure> {
    let folder = keys_folder(&settings::load(arguments, &[])?.config);
    let failed = |path: &Path, error: std::io::Error| Failure::unasked(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let mut restored = Vec::new();
    for path in files(from)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = name.ends_with(".key") || name.ends_with(".pub") || name == "revoked";
        let to = folder.join(&name);
        // The root key stays where it is kept.
        if !wanted || name == "root.key" || to.exists() {
            continue;
        }
        let fault = if name.ends_with(".key") { readable(&path) } else { None };
        if fault.is_none() {
            let content = zeroize::Zeroizing::new(std::fs::read(&path).map_err(|error| failed(&path, error))?);
            let mode = if name.ends_with(".key") { 0o600 } else { 0o644 };
            let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&to);
            let written = file.and_then(|mut file| {
                std::io::Write::write_all(&mut file, &content)?;
                file.sync_all()
            });
            written.map_err(|error| failed(&to, error))?;
        }
        restored.push(Found { key: name, place: to.display().to_string(), fault });
    }
    let faults = restored.iter().filter(|found| found.fault.is_some()).count();
    show(arguments, &restored, "restored", "Every key of the copy is there already.")?;
    if faults > 0 {
        return Err(Failure::No(format!("{faults} copies can't be read; nothing was put in their place")));
    }
    Keyring::load(&folder).map_err(Failure::unasked)?;
    eprintln!("the key folder is whole; `ledgerline doctor` compares it with what is enrolled");
    Ok(())
}

/// Compares a copy with what is enrolled, and has that recorded.
fn drill(arguments: &Arguments, recover: &RecoverKeys, from: &Path) -> Result<(), Failure> {
    let mut api = Api::writing(arguments)?;
    let trees = orders::trees(&mut api, arguments.tenant.as_deref())?;
    let mut copies: BTreeMap<[u8; 32], String> = BTreeMap::new();
    let mut found = Vec::new();
    for path in files(from)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "key")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match signing_key(&path) {
            Ok(key) => drop(copies.insert(*key.verifier().public_bytes(), name)),
            Err(_) if !name.starts_with("ledger") => {
                found.push(Found { key: name, place: path.display().to_string(), fault: readable(&path) });
            }
            Err(error) => {
                found.push(Found { key: name, place: path.display().to_string(), fault: Some(error.to_string()) })
            }
        }
    }
    let mut orders = Vec::new();
    for tree in &trees {
        let identity = format!("identity-{}.key", tree.tenant);
        if !found.iter().any(|found| found.key == identity) {
            let fault =
                Some("it is not in the copy: without it nobody tells a repeated event from a new one".to_owned());
            found.push(Found { key: identity, place: from.display().to_string(), fault });
        }
        let signs = |key: &&LedgerKey| matches!(key.state, LedgerKeyState::Active | LedgerKeyState::Overlap);
        for key in tree.keys.iter().filter(signs) {
            let verifier = VerifierKey::from_text(&key.verifier).map_err(Failure::unasked)?;
            let (place, fault) = place(&copies, &verifier, key);
            if fault.is_none() {
                orders.push(orders::drafted(tree, KeyAction::Recover, &verifier, Some("drill"))?);
            }
            found.push(Found { key: format!("{} {}", tree.origin, key.id), place, fault });
        }
    }
    let faults = found.iter().filter(|found| found.fault.is_some()).count();
    show(arguments, &found, "readable", "No key is enrolled.")?;
    if faults > 0 {
        return Err(Failure::No(format!(
            "{faults} keys can't be had from {}: make a new copy of the key folder",
            from.display()
        )));
    }
    if recover.way.root.is_none() && !recover.way.print {
        eprintln!("not recorded: --root FILE writes the drill into the ledgers");
        return Ok(());
    }
    orders::deliver(arguments, &mut api, &recover.way, orders)
}

/// Where a key is kept: in the copy, or by a provider that keeps it itself.
fn place(copies: &BTreeMap<[u8; 32], String>, key: &VerifierKey, shown: &LedgerKey) -> (String, Option<String>) {
    match (copies.get(key.public_bytes()), &shown.provider) {
        (Some(name), _) => (name.clone(), None),
        (None, Some(provider)) if provider.starts_with("pkcs11:") || provider.starts_with("vault:") => {
            (provider.clone(), None)
        }
        (None, _) => ("nowhere".to_owned(), Some("the copy does not hold it".to_owned())),
    }
}

/// Why a key file can't be read; nothing where it can.
fn readable(path: &Path) -> Option<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = match std::fs::read_to_string(path).map(zeroize::Zeroizing::new) {
        Ok(text) => text,
        Err(error) => return Some(error.to_string()),
    };
    let text = text.trim_end();
    let fault = match () {
        () if name.starts_with("intake-") => IntakeKey::from_text(text).err(),
        () if name.starts_with("identity-") => IdentityKey::from_text(text).err(),
        () => return signing_key(path).err().map(|error| error.to_string()),
    };
    fault.map(|fault| fault.to_string())
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("--from {}: {error}", folder.display()));
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn show(arguments: &Arguments, found: &[Found], verdict: &str, none: &str) -> Result<(), Failure> {
    output::answer(arguments.output, &found, |found| {
        let row = |found: &Found| {
            let told = match &found.fault {
                None => painted(verdict, GOOD),
                Some(fault) => painted(fault, BAD),
            };
            vec![found.key.clone(), found.place.clone(), told]
        };
        table(&["key", "where", "verdict"], found.iter().map(row).collect(), none)
    })
}
