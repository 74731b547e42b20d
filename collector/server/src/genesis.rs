//! The beginning of a ledger: the first record of each partition, and the record that comes before a tenant's first event.
//! Owns what is written there and where each tenant lives. Never writes a second genesis record where there is one: of two
//! that were written at once, the first stands.

mod begun;

pub use begun::Begun;

use std::collections::BTreeMap;

use ledger::digest::{Context, digest};
use ledger::key::{KeyName, SignError, Signer as _, VerifierKey};
use ledger::leaf::{Hex, Previous};
use ledger::{LedgerName, Origin, Tenant};
use lineage::envelope::{Control, Envelope, IdempotencyKey, Kind, Signature};
use lineage::frame::{self, EncodeError};

use self::begun::{Found, Search};
use crate::intake::{blank, envelope_record};
use crate::keyring::{Keyring, KeyringError, NamedSigner};
use crate::log::{AppendError, Appender, Log, LogError, Names, NewRecord};
use crate::random::Random;
use crate::recorder::control::{GenesisContent, TenantContent, signed_message};
use crate::tenancy::partition_of_tenant;

const TENANT_KEY: Context = Context::new("ledgerline v1 tenant control key");
/// The partition a tenant lives in, and which life of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// The partition.
    pub partition: u32,
    /// Its incarnation.
    pub incarnation: [u8; 16],
}

/// The partitions of `lineage.events`; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Homes(Vec<[u8; 16]>);

impl Homes {
    /// How many partitions there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Where a tenant lives; `p-<n>` lives in partition n.
    pub fn of(&self, tenant: &str) -> Home {
        self.at(home_of(tenant, self.count()))
    }

    /// A partition by its number.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn at(&self, partition: u32) -> Home {
        Home { partition, incarnation: self.0[partition as usize] }
    }
}

/// The partition of a tenant: `p-<n>` lives in partition n.
fn home_of(tenant: &str, partitions: u32) -> u32 {
    let own = Tenant::parse_recorded(tenant).ok().and_then(|tenant| tenant.as_partition());
    own.filter(|own| *own < partitions).unwrap_or_else(|| partition_of_tenant(tenant, partitions))
}

/// Why a ledger can't be begun or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The log can't be read.
    #[error("the beginning of {topic}/{partition} can't be read: {error}")]
    Read {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// Why.
        error: LogError,
    },
    /// The log did not take the records.
    #[error("the ledger can't be begun: {0}")]
    Append(#[from] AppendError),
    /// Topic and configuration contradict each other.
    #[error("{what}; {remedy}")]
    Contradiction {
        /// What does.
        what: String,
        /// What to change.
        remedy: String,
    },
    /// A record could not be made.
    #[error("the genesis record can't be made: {0}")]
    Encode(#[from] EncodeError),
    /// A record could not be signed.
    #[error("the tenant record can't be signed: {0}")]
    Sign(#[from] SignError),
    /// No key is there to begin a tree with.
    #[error(transparent)]
    Key(#[from] KeyringError),
}

/// What a ledger is begun with.
pub struct Beginning<'a> {
    /// Where to.
    pub log: &'a dyn Log,
    /// Appends to it.
    pub appender: &'a dyn Appender,
    /// Our topics.
    pub names: &'a Names,
    /// Keys that are written into it.
    pub keyring: &'a Keyring,
    /// `ledger.name`.
    pub ledger: &'a LedgerName,
    /// `recorder.partitions`.
    pub partitions: u32,
    /// Every tenant that configuration names.
    pub tenants: &'a [Tenant],
    /// For incarnations.
    pub random: &'a dyn Random,
    /// ns UTC.
    pub now_ns: i64,
    /// Last checkpoints of the ledger that this one goes on from after a real loss, by tenant.
    pub previous: BTreeMap<String, Previous>,
}

impl Beginning<'_> {
    /// Begins each partition that is empty, makes every tenant known, and gives where tenants live. May be called at each
    /// start and by several processes at once.
    ///
    /// # Errors
    /// When the log can't be read or written, or was begun with another name or partition count.
    pub fn ensure(&self) -> Result<Homes, GenesisError> {
        let topic = &self.names.events;
        let found = self.log.partitions(topic).map_err(|error| reading(topic, 0, error))?;
        if found != self.partitions {
            return Err(contradiction(
                format!("{topic} has {found} partitions and recorder.partitions is {}", self.partitions),
                "before the ledger has begun, set recorder.partitions to what the topic has; a ledger that has begun keeps its \
                 count, and a topic that was given more is not the one it lives in: see `ledgerline topics check`, and restore \
                 the topic from a copy or begin a new origin with `ledgerline recover --new-origin`",
            ));
        }
        let (mut incarnations, mut known) = (Vec::new(), Vec::new());
        for partition in 0..self.partitions {
            let Found { incarnation, content } = self.begun(partition)?;
            match content {
                Some(content) => {
                    self.compare(partition, &content)?;
                    known.extend(content.tenants);
                }
                // A log is trimmed below a snapshot only, and what a snapshot holds was published: each of its tenants, too.
                None => known.extend(self.search().published_tenants(self.ledger)?),
            }
            incarnations.push(incarnation);
        }
        let homes = Homes(incarnations);
        for tenant in self.tenants.iter().filter(|tenant| !known.iter().any(|known| known == tenant.as_str())) {
            self.appender.append(vec![self.tenant_record(&homes, tenant)?])?;
        }
        Ok(homes)
    }

    /// The genesis record of a partition; written first where the partition is empty.
    fn begun(&self, partition: u32) -> Result<Found, GenesisError> {
        if let Some(found) = self.find(partition)? {
            return Ok(found);
        }
        let range = self
            .log
            .range(&self.names.events, partition)
            .map_err(|error| reading(&self.names.events, partition, error))?;
        if range.start > 0 {
            return Err(contradiction(
                format!(
                    "{}/{partition} begins at offset {} and holds neither a genesis record nor an envelope of ours",
                    self.names.events, range.start
                ),
                "restore the topic, or begin a new origin with `ledgerline recover --new-origin`",
            ));
        }
        self.appender.append(vec![self.genesis_record(partition)?])?;
        self.find(partition)?.ok_or_else(|| {
            contradiction(
                format!("{}/{partition} does not show the genesis record that was appended", self.names.events),
                "run `ledgerline doctor`",
            )
        })
    }

    /// The first genesis record of a partition, if it has one.
    fn find(&self, partition: u32) -> Result<Option<Found>, GenesisError> {
        self.search().find(partition)
    }

    fn search(&self) -> Search<'_> {
        Search { log: self.log, names: self.names, keyring: self.keyring }
    }

    fn compare(&self, partition: u32, content: &GenesisContent) -> Result<(), GenesisError> {
        let remedy = "use the configuration that the ledger was begun with, or another data_dir or topic";
        if content.partition != partition || content.partition_count != self.partitions {
            let what = format!(
                "partition {partition} was begun as {} of {}, and now it is one of {}",
                content.partition, content.partition_count, self.partitions
            );
            return Err(contradiction(what, remedy));
        }
        if content.ledger_name != self.ledger.as_str() {
            let what = format!(
                "the ledger was begun as {:?} and ledger.name is {:?}",
                content.ledger_name,
                self.ledger.as_str()
            );
            return Err(contradiction(what, remedy));
        }
        if !self.previous.is_empty() && content.previous != self.cited(partition) {
            let what = format!("partition {partition} holds a ledger that was begun without these citations");
            return Err(contradiction(what, "recover into topics or a folder of its own"));
        }
        Ok(())
    }

    /// What the genesis record of a partition cites.
    fn cited(&self, partition: u32) -> BTreeMap<String, Previous> {
        let here = |(name, _): &(&String, &Previous)| home_of(name, self.partitions) == partition;
        self.previous.iter().filter(here).map(|(name, last)| (name.clone(), last.clone())).collect()
    }

    fn genesis_record(&self, partition: u32) -> Result<NewRecord, GenesisError> {
        let (mut incarnation, mut key) = ([0; 16], [0; 16]);
        self.random.fill(&mut incarnation);
        self.random.fill(&mut key);
        let own = Tenant::partition(partition);
        let here = |tenant: &&Tenant| partition_of_tenant(tenant.as_str(), self.partitions) == partition;
        let content = GenesisContent {
            incarnation: Hex(incarnation).to_string(),
            ledger_name: self.ledger.as_str().to_owned(),
            partition,
            partition_count: self.partitions,
            verifier_key: self.verifier(partition, &own)?,
            root_key: self.keyring.root().to_text(),
            tenants: self.tenants.iter().filter(here).map(|tenant| tenant.as_str().to_owned()).collect(),
            previous: self.cited(partition),
        };
        let content = serde_json::to_vec(&content).expect("its members are texts and numbers");
        self.record(own.as_str(), Home { partition, incarnation }, "genesis", &key, &content, Vec::new())
    }

    /// The record before a tenant's first event. Its idempotency key follows from the tenant, so that it counts once however
    /// often it is written.
    fn tenant_record(&self, homes: &Homes, tenant: &Tenant) -> Result<NewRecord, GenesisError> {
        let home = homes.of(tenant.as_str());
        let mut key = [0; 16];
        key.copy_from_slice(&digest(TENANT_KEY, &[&home.incarnation, tenant.as_str().as_bytes()])[..16]);
        let content = TenantContent {
            tenant: tenant.as_str().to_owned(),
            verifier_key: self.verifier(home.partition, tenant)?,
            root_key: self.keyring.root().to_text(),
        };
        let content = serde_json::to_vec(&content).expect("its members are texts");
        let signers = self.keyring.signers(&Origin::new(self.ledger, &Tenant::partition(home.partition)))?;
        let signed = sign(&signers, &signed_message("tenant", &key, &content))?;
        self.record(tenant.as_str(), home, "tenant", &key, &content, signatures(&signed))
    }

    fn record(
        &self,
        tenant: &str,
        home: Home,
        name: &str,
        key: &[u8; 16],
        content: &[u8],
        signatures: Vec<Signature<'_>>,
    ) -> Result<NewRecord, GenesisError> {
        let envelope = Envelope {
            idempotency_key: Some(IdempotencyKey(*key)),
            control: Some(Control { name, content, expected_size: None, signatures }),
            ..blank(Kind::Control, tenant, home.incarnation, self.now_ns)
        };
        let mut sealed = Vec::new();
        // Read by every build that comes to it, the oldest too.
        frame::seal_as(frame::OLDEST, &envelope, self.keyring.intake_key(), &mut sealed)?;
        Ok(envelope_record(&self.names.events, home.partition, tenant, sealed))
    }

    /// The key that a tree is begun with. Under the name of the partition's own tree, as the keys of the others are too.
    fn verifier(&self, partition: u32, tenant: &Tenant) -> Result<String, KeyringError> {
        let signer = self.keyring.signer(&Origin::new(self.ledger, tenant))?;
        let name = KeyName::of_checkpoints(&Origin::new(self.ledger, &Tenant::partition(partition)));
        let key = VerifierKey::from_ed25519(name, signer.verifier().public_bytes());
        Ok(key.expect("a key that signs was checked when it came").to_text())
    }
}

/// Signatures of a control record: how each names its key, and its bytes.
pub(crate) type Signed = Vec<(String, [u8; 64])>;

/// Signs a control record with every key that may be the enrolled one. One key alone goes by its name, several by name and id.
///
/// # Errors
/// When none of them signs.
pub(crate) fn sign(signers: &[NamedSigner], message: &[u8]) -> Result<Signed, SignError> {
    let (mut signed, mut failed) = (Signed::new(), None);
    for signer in signers {
        let name = match signers.len() {
            1 => signer.key_name().to_string(),
            _ => format!("{}+{}", signer.key_name(), signer.key_id()),
        };
        match signer.sign(message) {
            Ok(value) => signed.push((name, value)),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if signed.is_empty() => Err(error),
        _ => Ok(signed),
    }
}

/// The same as an envelope holds them.
pub(crate) fn signatures(signed: &Signed) -> Vec<Signature<'_>> {
    signed.iter().map(|(key, value)| Signature { algorithm: "ed25519", key, value }).collect()
}

fn reading(topic: &str, partition: u32, error: LogError) -> GenesisError {
    GenesisError::Read { topic: topic.to_owned(), partition, error }
}

fn contradiction(what: String, remedy: &str) -> GenesisError {
    GenesisError::Contradiction { what, remedy: remedy.to_owned() }
}

/// Shared for tests and for whoever needs homes without a log.
impl From<Vec<[u8; 16]>> for Homes {
    fn from(incarnations: Vec<[u8; 16]>) -> Self {
        Self(incarnations)
    }
}

/// The tenants that a configuration names: the default, those of topics, those of tokens. Sorted, each once.
pub fn configured_tenants(config: &crate::config::Config) -> Vec<Tenant> {
    let topics = config.intake.tenants.values();
    let tokens = config.http.tokens.iter().map(|token| &token.tenant);
    let mut names: Vec<&String> = topics.chain(tokens).chain([&config.intake.default_tenant]).collect();
    names.sort_unstable();
    names.dedup();
    // Configuration has checked the names; what is left out here is "*", which is no tenant.
    names.into_iter().filter_map(|name| Tenant::parse(name).ok()).collect()
}
