//! `keys init|enrol`.

use ledger::LedgerName;
use server::genesis::configured_tenants;
use server::keyring::Keyring;
use server::random::{Random as _, SystemRandom};
use server::serve::{Core, keys_folder};

use super::host;
use crate::arguments::{Arguments, Keys};
use crate::failure::Failure;
use crate::settings;

pub fn run(arguments: &Arguments, command: Keys) -> Result<(), Failure> {
    let config = settings::load(arguments, &[])?.config;
    let folder = keys_folder(&config);
    let name = LedgerName::parse(&config.ledger.name).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut draw = || {
        let mut bytes = [0; 32];
        SystemRandom.fill(&mut bytes);
        bytes
    };
    let tenants = configured_tenants(&config);
    Keyring::init(&folder, &name, config.recorder.partitions, &tenants, &mut draw).map_err(Failure::unasked)?;
    eprintln!("the keys of {} tenants are in {}: keep a copy where the data is not", tenants.len(), folder.display());
    match command {
        Keys::Init => Ok(()),
        Keys::Enrol => {
            // Opening a core writes the tenant records that are missing.
            let core = Core::open(config, host()).map_err(Failure::unasked)?;
            core.shutdown(std::time::Duration::from_secs(5));
            eprintln!("every configured tenant is enrolled in the log");
            Ok(())
        }
    }
}
