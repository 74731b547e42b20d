//! Keys in an HSM, over PKCS #11: Ed25519 pairs that were made there (`CKM_EDDSA`). The private half never leaves it; the PIN is
//! read anew for each login. Never tries a PIN twice that the token did not take: tokens lock themselves after a few.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use ledger::key::{Algorithm, KeyId, KeyName, SignError, Signer, VerifierKey};
use parking_lot::Mutex;

use super::place::Pkcs11Place;
use super::signers::secret;

/// Libraries are loaded and initialised once a process, whatever asks for them; one user of an HSM at a time.
static MODULES: LazyLock<Mutex<BTreeMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);

/// A key pair in a token.
pub(super) struct Pkcs11Signer {
    place: Pkcs11Place,
    verifier: VerifierKey,
    /// Set once the token refused the PIN: nothing is tried any more in the life of this process.
    refused: Mutex<Option<String>>,
}

/// Finds the public half of a pair: no PIN is needed for that.
pub(super) fn open(place: &Pkcs11Place) -> Result<([u8; 32], Pkcs11Signer), String> {
    let mut modules = MODULES.lock();
    let session = session(&mut modules, place)?;
    let public = public(&session, place)?;
    let name = KeyName::parse("pkcs11").expect("a short word");
    let verifier = VerifierKey::from_ed25519(name, &public)
        .map_err(|fault| format!("the public key of {} can't be used: {fault}", place.object))?;
    Ok((public, Pkcs11Signer { place: place.clone(), verifier, refused: Mutex::default() }))
}

fn module(modules: &mut BTreeMap<PathBuf, Pkcs11>, path: &Path) -> Result<Pkcs11, String> {
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let failed = |error: Error| format!("the PKCS #11 library {} can't be used: {error}", path.display());
    let module = Pkcs11::new(path).map_err(failed)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error)),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn session(modules: &mut BTreeMap<PathBuf, Pkcs11>, place: &Pkcs11Place) -> Result<Session, String> {
    let module = module(modules, &place.module)?;
    let failed = |error: Error| format!("the token {} can't be asked: {error}", place.token);
    for slot in module.get_slots_with_token().map_err(failed)? {
        if module.get_token_info(slot).map_err(failed)?.label() == place.token {
            return module.open_ro_session(slot).map_err(failed);
        }
    }
    Err(format!("no token {} is there; `pkcs11-tool -L` lists those that are", place.token))
}

fn public(session: &Session, place: &Pkcs11Place) -> Result<[u8; 32], String> {
    let failed = |error: Error| format!("the keys of token {} can't be listed: {error}", place.token);
    let wanted = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::EC_EDWARDS), label(place)];
    let found = session.find_objects(&wanted).map_err(failed)?;
    let [object] = found.as_slice() else {
        return Err(format!(
            "token {} has {} Ed25519 public keys named {}: it must have one",
            place.token,
            found.len(),
            place.object
        ));
    };
    let point = session.get_attributes(*object, &[AttributeType::EcPoint]).map_err(failed)?;
    let point = point.into_iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(bytes) => Some(bytes),
        _ => None,
    });
    // An OCTET STRING, as most write it; a BIT STRING or the bare bytes, as others do.
    let bytes = match point.as_deref() {
        Some([0x04, 0x20, bytes @ ..] | [0x03, 0x21, 0x00, bytes @ ..] | bytes) => bytes.try_into().ok(),
        None => None,
    };
    bytes.ok_or_else(|| format!("the public key {} of token {} is no Ed25519 key", place.object, place.token))
}

fn label(place: &Pkcs11Place) -> Attribute {
    Attribute::Label(place.object.as_bytes().to_vec())
}

impl Signer for Pkcs11Signer {
    fn key_name(&self) -> &KeyName {
        self.verifier.name()
    }

    fn key_id(&self) -> KeyId {
        self.verifier.id()
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let mut refused = self.refused.lock();
        if let Some(why) = refused.as_ref() {
            return Err(SignError::Refused(why.clone()));
        }
        let signed = self.signed(message);
        if let Err(SignError::Refused(why)) = &signed {
            *refused = Some(why.clone());
        }
        signed
    }
}

impl Pkcs11Signer {
    fn signed(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let place = &self.place;
        let unavailable = |error: Error| SignError::Unavailable(format!("token {}: {error}", place.token));
        let pin = secret(&place.pin).map_err(SignError::Unavailable)?;
        let mut modules = MODULES.lock();
        let session = session(&mut modules, place).map_err(SignError::Unavailable)?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.as_str()))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                why @ (RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinLocked
                | RvError::PinExpired),
                _,
            )) => {
                let what = format!("token {} does not take the PIN of {} ({why:?})", place.token, place.pin);
                return Err(SignError::Refused(format!("{what}: put the right one there and restart")));
            }
            Err(error) => return Err(unavailable(error)),
        }
        let wanted =
            [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC_EDWARDS), label(place)];
        let found = session.find_objects(&wanted).map_err(unavailable)?;
        let [key] = found.as_slice() else {
            let what = format!("token {} has {} Ed25519 private keys named {}", place.token, found.len(), place.object);
            return Err(SignError::Unavailable(format!("{what}: it must have one")));
        };
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
        let signature = session.sign(&mechanism, *key, message).map_err(unavailable)?;
        let wrong = |_| SignError::Refused(format!("token {} gave no Ed25519 signature", place.token));
        signature.as_slice().try_into().map_err(wrong)
    }
}
