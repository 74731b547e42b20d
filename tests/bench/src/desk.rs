//! Keys, homes and rules of a ledger for measuring: one partition, one tenant, everything of a seed.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use ledger::{LedgerName, Tenant};
use lineage::decode::Limits;
use lineage::schema::Schemas;
use server::clock::Clock;
use server::genesis::Beginning;
use server::intake::{Desk, WrittenVersion};
use server::keyring::Keyring;
use server::log::{Log, Names, Sizing};
use server::random::{Random, SeededRandom};

/// The tenant of every event.
pub const TENANT: &str = "default";
/// The largest payload: the default of `intake.payload_bytes_max`.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Makes topics and keys, and begins a ledger of one partition on `log`.
pub fn begin(log: &dyn Log, names: &Names, keys: &Path, clock: &dyn Clock) -> Result<Arc<Desk>> {
    let sizing =
        Sizing { partitions: 1, input_partitions: 1, brokers: 1, payload_bytes_max: u32::try_from(PAYLOAD_BYTES_MAX)? };
    for spec in sizing.topics(names) {
        log.create(&spec)?;
    }
    let (ledger, tenant) = (LedgerName::parse("bench")?, Tenant::parse(TENANT)?);
    let random = SeededRandom::new(7);
    let mut draw = || {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        bytes
    };
    let keyring = Arc::new(Keyring::init(keys, &ledger, 1, std::slice::from_ref(&tenant), &mut draw)?);
    let appender = log.appender()?;
    let beginning = Beginning {
        log,
        appender: appender.as_ref(),
        names,
        keyring: &keyring,
        ledger: &ledger,
        partitions: 1,
        tenants: &[tenant],
        random: &random,
        now_ns: clock.now_ns(),
        previous: Default::default(),
    };
    let homes = Arc::new(beginning.ensure()?);
    let schemas = Arc::new(Schemas::built_in()?);
    Ok(Arc::new(Desk { schemas, limits: Limits::default(), keyring, homes, version: WrittenVersion::default() }))
}
