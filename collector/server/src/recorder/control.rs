//! Control records: genesis, tenants, and those that later parts bring. Deduplicated on their idempotency key, verified
//! against the enrolled keys, recorded whether they took effect or not.

use std::collections::BTreeMap;

use ledger::commitment::Opening;
use ledger::key::{KeyName, KeyState, VerifierKey};
use ledger::leaf::{self, Genesis, Hex, Label, Outcome, Previous, SignatureCheck, Signatures, Verdict};
use ledger::{LedgerName, Origin, Tenant};
use lineage::envelope::{Control, Envelope};
use serde::{Deserialize, Serialize};
use store::tables::Beside;
use store::{Read, Table};

use super::book::Book;
use super::drill::{ALERT_TEST, DrillContent};
use super::key_operation::{KEY_OPERATION, KeyContent};
use super::{Halt, Recorder, Turn, identity, position, upkeep};

/// Content of the `genesis` control record: the first record of each partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisContent {
    /// Incarnation, 32 hex digits; drawn once.
    pub incarnation: String,
    /// Name of the ledger.
    pub ledger_name: String,
    /// The partition that it begins.
    pub partition: u32,
    /// Partitions of `lineage.events`; never changes.
    pub partition_count: u32,
    /// Key that signs checkpoints, as verifier text.
    pub verifier_key: String,
    /// Key that authorises key operations, as verifier text.
    pub root_key: String,
    /// Tenants of this partition.
    pub tenants: Vec<String>,
    /// Where this ledger goes on from another after a real loss: last checkpoints of the other's trees, by tenant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub previous: BTreeMap<String, Previous>,
}

/// Content of the `tenant` control record: before a tenant's first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantContent {
    /// The tenant.
    pub tenant: String,
    /// Key that signs its checkpoints, as verifier text.
    pub verifier_key: String,
    /// Its root key, as verifier text.
    pub root_key: String,
}

/// What a signature of a control record is made over.
pub fn signed_message(name: &str, idempotency_key: &[u8; 16], content: &[u8]) -> Vec<u8> {
    let mut message = format!("ledgerline v1 control\n{name}\n{}\n", Hex(*idempotency_key)).into_bytes();
    message.extend_from_slice(content);
    message
}

impl Recorder {
    /// The first record must be the genesis record; everything before it is passed over and counted.
    pub(super) fn before_genesis(&mut self, turn: &mut Turn<'_, '_>, envelope: &Envelope<'_>) -> Result<(), Halt> {
        let genesis = envelope.control.as_ref().filter(|control| control.name == "genesis");
        let Some(content) = genesis.and_then(|control| serde_json::from_slice::<GenesisContent>(control.content).ok())
        else {
            self.meta.before_genesis += 1;
            return Ok(());
        };
        if content.partition != self.meta.partition || Hex(envelope.incarnation).to_string() != content.incarnation {
            let reason =
                format!("the genesis record at offset {} is of partition {}", turn.record.offset, content.partition);
            return Err(self
                .halt(reason, "The topic was copied or re-partitioned: use the topic that the ledger was begun on."));
        }
        self.meta.incarnation = Some(envelope.incarnation);
        self.meta.ledger_name = content.ledger_name;
        self.meta.partition_count = content.partition_count;
        self.meta.verifier_key = content.verifier_key;
        self.meta.root_key = content.root_key;
        let own = Tenant::partition(self.meta.partition);
        let (verifier, root) = (self.meta.verifier_key.clone(), self.meta.root_key.clone());
        let previous = |tenant: &str| content.previous.get(tenant).cloned();
        self.begin(turn, own.clone(), (&verifier, &root), envelope.received_at_ns, previous(own.as_str()))?;
        for name in &content.tenants {
            match Tenant::parse(name) {
                Ok(tenant) => {
                    self.begin(turn, tenant, (&verifier, &root), envelope.received_at_ns, previous(name))?;
                }
                Err(error) => {
                    return Err(self.halt(
                        format!("the genesis record names tenant {name:?}: {error}"),
                        "Begin the ledger again with a valid name.",
                    ));
                }
            }
        }
        turn.applied.controls += 1;
        Ok(())
    }

    /// Begins a tenant's tree: leaf 0. One that has begun stays as it is.
    fn begin(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tenant: Tenant,
        (verifier, root): (&str, &str),
        received_at_ns: i64,
        previous: Option<Previous>,
    ) -> Result<(), Halt> {
        if self.books.contains_key(tenant.as_str()) {
            return Ok(());
        }
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            Halt::new(
                self.meta.partition,
                format!("{what} of tenant {}: {error}", tenant.as_str()),
                "Begin the ledger again with valid keys.",
            )
        };
        let ledger = LedgerName::parse(&self.meta.ledger_name).map_err(|error| wrong("ledger name", &error))?;
        let origin = Origin::new(&ledger, &tenant);
        // One pair of keys may serve every tenant; in each tree it goes by the tree's own name, as C2SP has it.
        let named = |text: &str, name: KeyName| {
            VerifierKey::from_text(text).and_then(|key| VerifierKey::from_ed25519(name, key.public_bytes()))
        };
        let detail = Genesis {
            verifier_key: named(verifier, KeyName::of_checkpoints(&origin))
                .map_err(|error| wrong("verifier key", &error))?,
            root_key: named(root, KeyName::of_root(&origin)).map_err(|error| wrong("root key", &error))?,
            origin,
            partition_count: self.meta.partition_count,
            received_at_ns,
            previous,
        };
        let number = u32::try_from(self.books.len()).unwrap_or(u32::MAX);
        let identity = identity(&self.keyring, self.meta.partition, &tenant)?;
        let mut book = Book::new(tenant.clone(), number, identity, root, (&detail, self.meta.time_ns));
        let position = position(&self.meta, turn.record);
        book.append(&mut turn.batch, position, self.meta.time_ns, detail.into(), None);
        self.books.insert(tenant.as_str().to_owned(), book);
        Ok(())
    }

    pub(super) fn control(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        control: &Control<'_>,
    ) -> Result<(), Halt> {
        if control.name == "genesis" {
            // The first one won.
            return Ok(());
        }
        let Some(key) = envelope.idempotency_key else { return self.unappliable(turn, "no-idempotency-key", None) };
        let seen = turn.batch.has(Table::Controls, &key.0).map_err(|error| Halt::store(self.meta.partition, &error))?;
        if seen {
            turn.applied.duplicates += 1;
            return Ok(());
        }
        let Ok(name) = Label::parse(control.name) else {
            return self.unappliable(turn, "control-name-not-a-label", None);
        };
        if let Some(content) = KeyContent::read(control).filter(|_| self.books.contains_key(envelope.tenant)) {
            return self.key_operation(turn, envelope, control, &key.0, &content);
        }
        let checks = self.checks(control, &key.0);
        let outcome = self.carry_out(turn, envelope, control, &checks)?;
        match &outcome {
            Outcome::Applied => turn.applied.controls += 1,
            Outcome::Refused(_) => turn.applied.controls_refused += 1,
        }
        let own = Tenant::partition(self.meta.partition);
        let home = if self.books.contains_key(envelope.tenant) { envelope.tenant } else { own.as_str() };
        let position = position(&self.meta, turn.record);
        let Some(book) = self.books.get_mut(home) else { return Ok(()) };
        let principal = envelope.principal.map(|principal| book.identity.pseudonym(principal));
        let upkeep =
            upkeep::detail(control, principal, envelope.received_at_ns).filter(|_| outcome == Outcome::Applied);
        if let Some(detail) = upkeep {
            // It says all that there is to say of it, and is a leaf of its own kind.
            let index = book.append(&mut turn.batch, position, self.meta.time_ns, detail, None);
            turn.batch.put(Table::Controls, &key.0, index.to_be_bytes());
            self.integrity_alarm(turn, envelope, control, index);
            return Ok(());
        }
        let opening = Opening::of_control(&book.identity, &key.0, control.content);
        let detail = leaf::Control {
            name,
            idempotency_key: Hex(key.0),
            commitment: opening.commit(control.content),
            received_at_ns: envelope.received_at_ns,
            principal,
            signatures: Signatures::collect(checks),
            expected_size: control.expected_size.and_then(|size| u64::try_from(size).ok()),
            outcome,
        };
        let applied = detail.outcome == Outcome::Applied;
        let beside = Beside { event_id: None, opening: opening.as_bytes(), body: control.content };
        let index = book.append(&mut turn.batch, position, self.meta.time_ns, detail.into(), Some(beside));
        turn.batch.put(Table::Controls, &key.0, index.to_be_bytes());
        if applied && control.name == ALERT_TEST {
            self.drill(turn, envelope, control, &key.0, index);
        }
        Ok(())
    }

    /// What each signature is worth. Keys of the partition's own tree sign, as long as they sign its checkpoints, and the root
    /// key. A signature names its key by the name alone, or by name and id where one holds several.
    fn checks(&self, control: &Control<'_>, key: &[u8; 16]) -> Vec<SignatureCheck> {
        let own = self.books.get(Tenant::partition(self.meta.partition).as_str());
        let signing = own.iter().flat_map(|book| book.keys.book().keys());
        let signing = signing.filter(|key| matches!(key.state(), KeyState::Active | KeyState::Overlap));
        let enrolled: Vec<VerifierKey> =
            signing.map(|key| key.verifier.clone()).chain(VerifierKey::from_text(&self.meta.root_key)).collect();
        let message = signed_message(control.name, key, control.content);
        let check = |signature: &lineage::envelope::Signature<'_>| {
            let named = |known: &&VerifierKey| {
                let rest = signature.key.strip_prefix(known.name().as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('+') == Some(&known.id().to_string()))
            };
            let known: Vec<&VerifierKey> = enrolled.iter().filter(named).collect();
            let valid = known.iter().find(|known| known.verify(&message, signature.value).is_ok());
            match (valid, known.last()) {
                (Some(known), _) => SignatureCheck { key_id: Some(known.id()), verdict: Verdict::Valid },
                (None, Some(known)) => SignatureCheck { key_id: Some(known.id()), verdict: Verdict::Invalid },
                (None, None) => SignatureCheck { key_id: None, verdict: Verdict::UnknownKey },
            }
        };
        control.signatures.iter().map(check).collect()
    }

    fn carry_out(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        control: &Control<'_>,
        checks: &[SignatureCheck],
    ) -> Result<Outcome, Halt> {
        let refused =
            |reason: &str| Ok(Outcome::Refused(Label::parse(reason).expect("reasons are kebab-case constants")));
        // What is about a key is signed within; here is only what can't be read, or is for no tree of this partition.
        match control.name {
            KEY_OPERATION if !self.books.contains_key(envelope.tenant) => return refused("unknown-tenant"),
            KEY_OPERATION => return refused("content-not-readable"),
            _ => {}
        }
        if !checks.iter().any(|check| check.verdict == Verdict::Valid) {
            return refused("not-signed-by-an-enrolled-key");
        }
        let size = self.books.get(envelope.tenant).map_or(0, |book| book.row.size);
        if control.expected_size.is_some_and(|expected| u64::try_from(expected) != Ok(size)) {
            return refused("ledger-has-another-size");
        }
        match control.name {
            "tenant" => match serde_json::from_slice::<TenantContent>(control.content) {
                Ok(content) if content.tenant == envelope.tenant => match Tenant::parse(&content.tenant) {
                    Ok(tenant) => {
                        let keys = (content.verifier_key.as_str(), content.root_key.as_str());
                        self.begin(turn, tenant, keys, envelope.received_at_ns, None)?;
                        Ok(Outcome::Applied)
                    }
                    Err(_) => refused("tenant-name-not-valid"),
                },
                _ => refused("content-not-readable"),
            },
            ALERT_TEST if !self.books.contains_key(envelope.tenant) => refused("unknown-tenant"),
            ALERT_TEST => match DrillContent::read(control) {
                Some(_) => Ok(Outcome::Applied),
                None => refused("content-not-readable"),
            },
            name if upkeep::is_upkeep(name) && !self.books.contains_key(envelope.tenant) => refused("unknown-tenant"),
            name if upkeep::is_upkeep(name) => match upkeep::detail(control, None, envelope.received_at_ns) {
                Some(_) => Ok(Outcome::Applied),
                None => refused("content-not-readable"),
            },
            _ => refused("unknown-control"),
        }
    }
}
