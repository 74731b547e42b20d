//! Key folders as they are after a rotation, signers that lie, and that no secret is shown.

use std::os::unix::fs::PermissionsExt as _;

use ledger::key::{Algorithm, KeyId, SignError, Signer, SigningKey};

use super::*;

fn ledger() -> LedgerName {
    LedgerName::parse("test").unwrap()
}

fn origin(tenant: &str) -> Origin {
    Origin::new(&ledger(), &Tenant::parse_recorded(tenant).unwrap())
}

fn made(folder: &Path) -> Keyring {
    let mut seed = 0;
    let mut draw = || {
        seed += 1;
        [seed; 32]
    };
    Keyring::init(folder, &ledger(), 1, &[Tenant::parse("acme").unwrap()], &mut draw).unwrap()
}

fn ids(signers: &[NamedSigner]) -> Vec<KeyId> {
    signers.iter().map(Signer::key_id).collect()
}

#[test]
fn the_newest_file_of_a_tree_begins_it_and_older_ones_sign_on() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = made(folder.path());
    let (acme, own) = (origin("acme"), origin("p-0"));
    let first = keyring.signer(&acme).unwrap();
    let second = keyring.make(&own, false, [0x51; 32]).unwrap();
    assert!(folder.path().join("ledger.2.key").exists() && folder.path().join("ledger.2.pub").exists());
    assert_eq!(second.key_name().as_str(), "test/p-0");
    let shared = keyring.signers(&acme).unwrap();
    assert_eq!(ids(&shared)[0], first.key_id(), "the newest is the last");
    assert_eq!(keyring.signer(&own).unwrap().key_id(), second.key_id());
    let single = keyring.make(&acme, true, [0x52; 32]).unwrap();
    assert!(folder.path().join("ledger-acme.key").exists());
    assert_eq!(ids(&keyring.signers(&acme).unwrap()), [single.key_id()], "its own key stands in for the shared ones");
    assert_eq!(keyring.signers(&own).unwrap().len(), 2, "and for no other tree");
    let again = Keyring::load(folder.path()).unwrap();
    assert_eq!(ids(&again.signers(&own).unwrap()), ids(&keyring.signers(&own).unwrap()));
    std::fs::remove_file(folder.path().join("ledger.2.key")).unwrap();
    again.refresh().unwrap();
    assert_eq!(again.signers(&own).unwrap().len(), 1);
    assert!(again.verifiers(&own).contains(second.verifier()), "what a destroyed key signed is still known");
    let third = again.make(&own, false, [0x53; 32]).unwrap();
    assert!(folder.path().join("ledger.3.key").exists(), "a number is given once");
    again.revoke(third.verifier()).unwrap();
    assert!(!again.verifiers(&own).contains(third.verifier()));
    assert!(again.verifiers(&acme).iter().any(|key| key.public_bytes() == third.verifier().public_bytes()));
    assert!(Keyring::load(folder.path()).unwrap().signers(&own).unwrap().len() == 1, "it is remembered");
}

#[test]
fn what_is_open_to_others_or_damaged_is_refused_and_a_root_key_that_is_away_stays_away() {
    let folder = tempfile::tempdir().unwrap();
    drop(made(folder.path()));
    std::fs::remove_file(folder.path().join("root.key")).unwrap();
    drop(made(folder.path()));
    assert!(!folder.path().join("root.key").exists(), "its public half is there: the key is elsewhere");
    let path = folder.path().join("ledger.key");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let fault = Keyring::load(folder.path()).err().unwrap().to_string();
    assert!(fault.contains("ledger.key can be read by others (mode 640): run `chmod 600`"), "{fault}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace('A', "B")).unwrap();
    let fault = Keyring::load(folder.path()).err().unwrap().to_string();
    assert!(fault.contains("restore it from its copy") && !fault.contains(text.trim()), "{fault}");
}

/// Signs with another key than it shows, as a provider does whose key was replaced under its name.
struct Liar(SigningKey);

impl Signer for Liar {
    fn key_name(&self) -> &KeyName {
        self.0.key_name()
    }
    fn key_id(&self) -> KeyId {
        self.0.key_id()
    }
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.sign(message)
    }
}

#[test]
fn a_signature_that_its_own_key_does_not_accept_is_never_given_out() {
    let key = |seed| SigningKey::from_seed(KeyName::parse("k").unwrap(), [seed; 32]);
    let shown = *key(1).verifier().public_bytes();
    let sign = |signs| {
        let held = Held::new(shown, None, "a test".to_owned(), Arc::new(Liar(key(signs))));
        held.named(&origin("acme")).sign(b"a message")
    };
    assert!(sign(1).is_ok());
    assert!(matches!(sign(2), Err(SignError::Refused(_))));
}

#[test]
fn a_place_that_can_not_be_reached_is_named_and_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    drop(made(folder.path()));
    let absent: SignerPlace = "env:LEDGERLINE_TEST_NO_SUCH_VARIABLE".parse().unwrap();
    let places = KeyPlaces { shared: vec![SignerPlace::File, absent.clone()], ..KeyPlaces::from(folder.path()) };
    let keyring = Keyring::load(places.clone()).unwrap();
    assert_eq!(keyring.signers(&origin("acme")).unwrap().len(), 1);
    let [unreached] = keyring.unreached().try_into().unwrap();
    assert_eq!(unreached.provider, absent.to_string());
    assert!(unreached.reason.contains("is not set"), "{}", unreached.reason);
    let refused = keyring.make(&origin("p-0"), false, [1; 32]).unwrap_err().to_string();
    assert!(refused.contains("make one there"), "{refused}");
    std::fs::remove_file(folder.path().join("ledger.key")).unwrap();
    let none = Keyring::load(places).unwrap().signer(&origin("acme")).unwrap_err().to_string();
    assert!(none.contains("is not set"), "{none}");
}

#[test]
fn no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = made(folder.path());
    keyring.make(&origin("p-0"), false, [0x61; 32]).unwrap();
    let signers = keyring.signers(&origin("p-0")).unwrap();
    let held = &keyring.signing().signers.held;
    let shown = format!("{signers:?} {held:?} {:?}", keyring.unreached());
    for path in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "key") {
            let text = std::fs::read_to_string(&path).unwrap();
            let secret = text.trim().rsplit('+').next().unwrap();
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    assert!(!shown.contains("6161") && !shown.contains("97, 97") && !shown.contains("YWFh"), "{shown}");
}
