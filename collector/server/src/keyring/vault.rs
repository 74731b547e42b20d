//! Keys of Vault's transit engine (`GET /v1/<mount>/keys/<key>`, `POST /v1/<mount>/sign/<key>`): each version of a key is a key
//! of ours. The private half never leaves Vault; the token is read anew for each request, so that an agent may replace it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ledger::key::{Algorithm, KeyId, KeyName, SignError, Signer, VerifierKey};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::place::VaultPlace;
use super::signers::secret;

const CONNECT_MAX: Duration = Duration::from_secs(2);
const REQUEST_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read: a key of a thousand versions has less.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// One version of a key.
pub(super) struct VaultSigner {
    place: VaultPlace,
    version: u32,
    verifier: VerifierKey,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "type")]
    kind: String,
    keys: BTreeMap<u32, Version>,
}

#[derive(Deserialize)]
struct Version {
    public_key: String,
}

#[derive(Deserialize)]
struct Signed {
    signature: String,
}

/// The versions of a key, oldest first.
pub(super) fn open(place: &VaultPlace) -> Result<Vec<([u8; 32], VaultSigner)>, String> {
    let path = format!("{}/keys/{}", place.mount, place.key);
    let key: Key =
        asked(place, move |client, url| client.get(format!("{url}/v1/{path}"))).map_err(|error| match error {
            SignError::Unavailable(what) | SignError::Refused(what) => what,
        })?;
    if key.kind != "ed25519" {
        return Err(format!("{} is a key of type {:?}: make one of type ed25519", place.key, key.kind));
    }
    let version = |(version, found): (u32, Version)| {
        let public = BASE64_STANDARD.decode(&found.public_key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let name = KeyName::parse("vault").expect("a short word");
        let verifier = public.and_then(|public| VerifierKey::from_ed25519(name, &public).ok());
        let verifier =
            verifier.ok_or_else(|| format!("version {version} of {} has no usable public key", place.key))?;
        Ok((*verifier.public_bytes(), VaultSigner { place: place.clone(), version, verifier }))
    };
    key.keys.into_iter().map(version).collect()
}

impl VaultSigner {
    /// Which version.
    pub(super) fn version(&self) -> u32 {
        self.version
    }
}

impl Signer for VaultSigner {
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
        let path = format!("{}/sign/{}", self.place.mount, self.place.key);
        let body = serde_json::json!({ "input": BASE64_STANDARD.encode(message), "key_version": self.version });
        let signed: Signed =
            asked(&self.place, move |client, url| client.post(format!("{url}/v1/{path}")).json(&body))?;
        // `vault:v<version>:<base64>`
        let mut parts = signed.signature.splitn(3, ':');
        let ours = parts.next() == Some("vault") && parts.next() == Some(&format!("v{}", self.version));
        let bytes = parts.next().filter(|_| ours).and_then(|text| BASE64_STANDARD.decode(text).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            SignError::Refused(format!(
                "Vault's answer for {} holds no signature of version {}",
                self.place.key, self.version
            ))
        })
    }
}

/// Asks on a thread of its own: the blocking client may not be used where an async runtime is at work, and callers are both.
fn asked<T: DeserializeOwned + Send>(
    place: &VaultPlace,
    request: impl FnOnce(&Client, &str) -> RequestBuilder + Send,
) -> Result<T, SignError> {
    let answered = std::thread::scope(|scope| scope.spawn(|| ask(place, request)).join());
    answered.unwrap_or_else(|_| Err(SignError::Unavailable("asking Vault failed; see the log".to_owned())))
}

fn ask<T: DeserializeOwned>(
    place: &VaultPlace,
    request: impl FnOnce(&Client, &str) -> RequestBuilder,
) -> Result<T, SignError> {
    use std::io::Read as _;
    let unavailable = |what: String| SignError::Unavailable(format!("Vault at {}: {what}", place.url));
    let token = secret(&place.token).map_err(|error| unavailable(error.clone()))?;
    let mut header = HeaderValue::from_str(&token)
        .map_err(|_| unavailable("its token has characters that no token has".to_owned()))?;
    header.set_sensitive(true);
    let client = Client::builder().connect_timeout(CONNECT_MAX).timeout(REQUEST_MAX);
    let client = client.redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| unavailable(error.to_string()))?;
    let answer = request(&client, &place.url).header("X-Vault-Token", header).send();
    let answer = answer.map_err(|error| unavailable(innermost(&error)))?;
    match answer.status() {
        StatusCode::OK => {}
        // The token may be replaced, the seal opened, the load gone.
        status
            if status == StatusCode::FORBIDDEN
                || status == StatusCode::TOO_MANY_REQUESTS
                || status.is_server_error() =>
        {
            return Err(unavailable(format!("it answers {status}")));
        }
        status => {
            return Err(SignError::Refused(format!(
                "Vault at {} answers {status} for key {} in {}: is it there, and of type ed25519?",
                place.url, place.key, place.mount
            )));
        }
    }
    let mut body = Vec::new();
    answer.take(ANSWER_BYTES_MAX).read_to_end(&mut body).map_err(|error| unavailable(error.to_string()))?;
    let read: Result<Answer<T>, _> = serde_json::from_slice(&body);
    read.map(|answer| answer.data).map_err(|error| unavailable(format!("its answer can't be read: {error}")))
}

/// The innermost reason: the outer ones only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
