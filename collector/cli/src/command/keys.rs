//! `keys`: what a deployment signs with. Making and enrolling here; the rest in files of their own.

mod orders;
mod recover;
mod revoke;
mod rotate;

use ledger::LedgerName;
use server::genesis::configured_tenants;
use server::http::model::{LedgerKey, LedgerKeyState, TreeKeys};
use server::keyring::Keyring;
use server::random::{Random as _, SystemRandom};
use server::serve::{Core, key_places};

use super::{host, now_ns};
use crate::api::Api;
use crate::arguments::{Arguments, Keys};
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::table;
use crate::render::time::when;
use crate::settings;

pub fn run(arguments: &Arguments, command: &Keys) -> Result<(), Failure> {
    match command {
        Keys::Init => init(arguments).map(drop),
        Keys::Enrol => enrol(arguments),
        Keys::List => list(arguments),
        Keys::New => rotate::make(arguments),
        Keys::Rotate(rotate) => rotate::run(arguments, rotate),
        Keys::Revoke(revoke) => revoke::run(arguments, revoke),
        Keys::Recover(recover) => recover::run(arguments, recover),
        Keys::Sign(sign) => orders::sign_file(&sign.orders, &sign.root),
    }
}

fn init(arguments: &Arguments) -> Result<server::config::Config, Failure> {
    let config = settings::load(arguments, &[])?.config;
    let places = key_places(&config);
    let folder = places.folder.clone();
    let name = LedgerName::parse(&config.ledger.name).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut draw = || {
        let mut bytes = [0; 32];
        SystemRandom.fill(&mut bytes);
        bytes
    };
    let tenants = configured_tenants(&config);
    Keyring::init(places, &name, config.recorder.partitions, &tenants, &mut draw).map_err(Failure::unasked)?;
    eprintln!("the keys of {} tenants are in {}: keep a copy where the data is not", tenants.len(), folder.display());
    Ok(config)
}

fn enrol(arguments: &Arguments) -> Result<(), Failure> {
    let config = init(arguments)?;
    // Opening a core writes the tenant records that are missing.
    let core = Core::open(config, host()).map_err(Failure::unasked)?;
    core.shutdown(std::time::Duration::from_secs(5));
    eprintln!("every configured tenant is enrolled in the log");
    Ok(())
}

fn list(arguments: &Arguments) -> Result<(), Failure> {
    let mut api = Api::new(arguments)?;
    let trees = orders::trees(&mut api, arguments.tenant.as_deref())?;
    output::answer(arguments.output, &trees, |trees| {
        let rows = trees.iter().flat_map(|tree| tree.keys.iter().map(move |key| row(tree, key))).collect();
        let heading = ["ledger", "key", "purpose", "state", "signs", "until", "signed", "held in"];
        table(&heading, rows, "No ledger has begun.")
    })
}

fn row(tree: &TreeKeys, key: &LedgerKey) -> Vec<String> {
    let state = match key.state {
        LedgerKeyState::Active => painted("active", GOOD),
        LedgerKeyState::Overlap => painted("overlap", DOUBTFUL),
        LedgerKeyState::Retired => "retired".to_owned(),
        LedgerKeyState::Revoked => painted("revoked", BAD),
    };
    let until = match (key.revoked_at, key.retired_from, key.retires_at) {
        (Some(leaf), ..) => format!("leaf {leaf}"),
        (None, Some(size), _) => format!("{size} leaves"),
        (None, None, Some(at)) => when(at, now_ns()),
        (None, None, None) => String::new(),
    };
    let signs = matches!(key.state, LedgerKeyState::Active | LedgerKeyState::Overlap);
    let held = match &key.provider {
        Some(provider) => provider.clone(),
        None if signs => painted("not here", BAD),
        None => String::new(),
    };
    vec![
        tree.origin.clone(),
        key.id.clone(),
        key.purpose.clone(),
        state,
        format!("from {} leaves", key.from_size),
        until,
        match key.signed_last_size {
            Some(last) => format!("{} checkpoints, the last of {last} leaves", key.signed),
            None => "nothing".to_owned(),
        },
        held,
    ]
}
