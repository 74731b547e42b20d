//! Keys that live elsewhere: in a variable, in a real HSM in software (SoftHSM 2, `ops/bootstrap.sh test` installs it), and in a
//! stand-in for Vault that keeps to the requests and answers of its documentation. Vault itself is not run here.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ledger::key::{KeyName, Signer as _, SigningKey};
use ledgerline_tests::{Around, Ledgerline, until};
use parking_lot::Mutex;
use serde_json::{Value, json};

const OFTEN: [(&str, &str); 2] = [("RECORDER__TICK_INTERVAL_MS", "200"), ("LEDGER__CHECKPOINT_INTERVAL_MS", "100")];

fn event(run: u32) -> String {
    json!({
        "eventType": "COMPLETE", "eventTime": "2026-03-01T06:05:00Z", "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("01920000-0000-7000-8000-{run:012}")}, "job": {"namespace": "shop", "name": "load"},
        "inputs": [], "outputs": [],
    })
    .to_string()
}

/// Leaves under the newest checkpoint, whose signature the command has checked.
fn signed(server: &Ledgerline) -> Result<u64> {
    Ok(server.json(&["ledger", "checkpoint"])?["size"].as_u64().unwrap())
}

/// An event more is recorded, published and signed.
fn grows(server: &Ledgerline, run: u32) -> Result<()> {
    let size = until("a first checkpoint", || Ok(signed(server).ok()))?;
    server.take([event(run)])?;
    until("a later checkpoint", || Ok((signed(server)? > size).then_some(())))
}

fn keys(server: &Ledgerline) -> Result<Vec<(String, String)>> {
    let trees = server.json(&["--tenant", "default", "keys", "list"])?;
    let text = |key: &Value, field: &str| key[field].as_str().unwrap_or_default().to_owned();
    Ok(trees[0]["keys"].as_array().unwrap().iter().map(|key| (text(key, "state"), text(key, "provider"))).collect())
}

/// No secret is in a file that grew while a server was at work.
fn check_said(said: &Path, secrets: &[&str]) {
    let text = std::fs::read_to_string(said).unwrap_or_default();
    for secret in secrets {
        assert!(!text.contains(secret), "a secret was logged");
    }
}

#[test]
fn a_key_in_a_variable_signs_from_the_first_leaf_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = SigningKey::from_seed(KeyName::parse("any").unwrap(), [0x77; 32]);
    let text = key.to_text();
    let said = folder.path().join("said");
    let around =
        Around { variables: vec![("LEDGER_KEY_TEXT".to_owned(), text.expose().to_owned())], said: Some(said.clone()) };
    let settings =
        [&OFTEN[..], &[("LEDGER__SIGNER", "env:LEDGER_KEY_TEXT"), ("TELEMETRY__LOG_LEVEL", "trace")]].concat();
    let mut server = Ledgerline::launch(folder.path(), &settings, &around)?;
    server.ready()?;
    grows(&server, 1)?;
    assert_eq!(keys(&server)?, [("active".to_owned(), "env:LEDGER_KEY_TEXT".to_owned())]);
    assert!(!folder.path().join("keys/ledger.key").exists());
    let refused = server.command(&["keys", "rotate"])?;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("make one there"), "{refused:?}");
    server.stop()?;
    check_said(&said, &[text.expose().rsplit('+').next().unwrap(), &hex::encode([0x77; 32])]);
    Ok(())
}

// ---- SoftHSM ------------------------------------------------------------------------------------------------

const PIN: &str = "93750412";
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Makes a key pair in the token, in a process of its own: the library reads its configuration once, from the environment.
#[test]
#[ignore = "run by the test of the HSM, with SOFTHSM2_CONF and the label of the pair"]
fn makes_a_pair() {
    use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
    use cryptoki::mechanism::Mechanism;
    use cryptoki::object::Attribute;
    use cryptoki::session::UserType;
    use cryptoki::types::AuthPin;
    let Ok(label) = std::env::var("HSM_LABEL") else { return };
    let module = Pkcs11::new(MODULE).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slots = module.get_slots_with_initialized_token().unwrap();
    let session = module.open_rw_session(slots[0]).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap();
    let label = Attribute::Label(label.into_bytes());
    // The object identifier 1.3.101.112, in DER.
    let curve = Attribute::EcParams(vec![0x06, 0x03, 0x2b, 0x65, 0x70]);
    let public = [Attribute::Token(true), Attribute::Private(false), Attribute::Verify(true), curve, label.clone()];
    let private =
        [Attribute::Token(true), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Sign(true), label];
    session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).unwrap();
}

fn make_pair(conf: &Path, label: &str) -> Result<()> {
    let made = Command::new(std::env::current_exe()?)
        .args(["makes_a_pair", "--exact", "--ignored"])
        .env("SOFTHSM2_CONF", conf)
        .env("HSM_LABEL", label)
        .stdout(Stdio::null())
        .status()?;
    ensure!(made.success(), "the pair {label} could not be made");
    Ok(())
}

#[test]
fn an_hsm_signs_and_a_ledger_moves_to_it_and_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens)?;
    let conf = folder.path().join("softhsm2.conf");
    std::fs::write(
        &conf,
        format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display()),
    )?;
    let init = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "ledgerline", "--so-pin", "11112222", "--pin", PIN])
        .env("SOFTHSM2_CONF", &conf)
        .stdout(Stdio::null())
        .status()
        .context("softhsm2-util is missing: run ops/bootstrap.sh test")?;
    ensure!(init.success(), "the token could not be made");
    make_pair(&conf, "one")?;
    let place = |object: &str, pin: &str| {
        format!("pkcs11:token=ledgerline;object={object}?module-path={MODULE}&pin-source={pin}")
    };
    let (data, said) = (folder.path().join("data"), folder.path().join("said"));
    let variables = |pin: &str| {
        vec![("SOFTHSM2_CONF".to_owned(), conf.to_str().unwrap().to_owned()), ("HSM_PIN".to_owned(), pin.to_owned())]
    };
    let start = |signers: &str, pin: &str| -> Result<Ledgerline> {
        let settings = [&OFTEN[..], &[("LEDGER__SIGNER", signers), ("TELEMETRY__LOG_LEVEL", "debug")]].concat();
        Ledgerline::launch(&data, &settings, &Around { variables: variables(pin), said: Some(said.clone()) })
    };

    // From a file to the HSM …
    let first = format!("file,{}", place("one", "env:HSM_PIN"));
    let mut server = start("file", PIN)?;
    server.ready()?;
    grows(&server, 1)?;
    server.stop()?;
    let mut server = start(&first, PIN)?;
    server.ready()?;
    server.ask(&["keys", "rotate", "--overlap", "1s"])?;
    let [old, new] = keys(&server)?.try_into().unwrap();
    assert!(old.1.ends_with("ledger.key") && new.1 == place("one", "env:HSM_PIN"), "{old:?} {new:?}");
    until("the file's key retires", || Ok((keys(&server)?[0].0 == "retired").then_some(())))?;
    grows(&server, 2)?;
    server.stop()?;
    std::fs::remove_file(data.join("keys/ledger.key"))?;

    // … alone there, its PIN from a file, and on to another pair.
    let pin = folder.path().join("pin");
    std::fs::write(&pin, format!("{PIN}\n"))?;
    let file = format!("file:{}", pin.display());
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600))?;
    make_pair(&conf, "two")?;
    let both = format!("{},{}", place("one", &file), place("two", &file));
    let mut server = start(&both, "")?;
    server.ready()?;
    server.ask(&["keys", "rotate", "--overlap", "1s"])?;
    let [_, one, two] = keys(&server)?.try_into().unwrap();
    assert!(one.1.contains("object=one") && two.1.contains("object=two"), "{one:?} {two:?}");
    grows(&server, 3)?;
    server.stop()?;

    // A PIN that the token does not take is tried once, and the partition says so.
    let mut server = start(&place("two", "env:HSM_PIN"), "00000000")?;
    let told = until("it halts", || {
        ensure!(!server.is_dead()?, "it ended");
        server.take([event(4)]).ok();
        let Some((false, Some(told))) = server.readiness() else { return Ok(None) };
        Ok(told.contains("does not take the PIN").then_some(told))
    })?;
    assert!(told.contains("put the right one there and restart"), "{told}");
    server.crash()?;
    let mut server = start(&place("two", "env:HSM_PIN"), PIN)?;
    server.ready()?;
    grows(&server, 5)?;
    server.stop()?;
    check_said(&said, &[PIN]);
    Ok(())
}

// ---- Vault --------------------------------------------------------------------------------------------------

const TOKEN: &str = "hvs.CAESIJ8secret";

/// What a stand-in for Vault does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Answers,
    Sealed,
    LiesAboutItsKey,
}

/// `GET /v1/transit/keys/ledger` and `POST /v1/transit/sign/ledger`, as Vault documents them.
struct Vault {
    url: String,
    mood: Arc<Mutex<Mood>>,
    versions: Arc<Mutex<u8>>,
}

fn version(number: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse("vault").unwrap(), [0x90 + number; 32])
}

impl Vault {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (mood, versions) = (Arc::new(Mutex::new(Mood::Answers)), Arc::new(Mutex::new(1)));
        let (of, count) = (Arc::clone(&mood), Arc::clone(&versions));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mood, versions) = (*of.lock(), *count.lock());
                // A client that went away is no matter here.
                let _ = answer(stream, mood, versions);
            }
        });
        Ok(Self { url, mood, versions })
    }
}

fn answer(mut stream: TcpStream, mood: Mood, versions: u8) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length, mut token) = (String::new(), 0, String::new());
    reader.read_line(&mut first)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse()?,
            "x-vault-token" => value.clone_into(&mut token),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, answer) = match first.split(' ').nth(1).unwrap_or_default() {
        _ if mood == Mood::Sealed => ("503 Service Unavailable", json!({"errors": ["Vault is sealed"]})),
        _ if token != TOKEN => ("403 Forbidden", json!({"errors": ["permission denied"]})),
        "/v1/transit/keys/ledger" => {
            let key = |number: u8| {
                let public = BASE64_STANDARD.encode(version(number).verifier().public_bytes());
                (
                    number.to_string(),
                    json!({"creation_time": "2026-01-01T00:00:00Z", "name": "ed25519", "public_key": public}),
                )
            };
            let keys: BTreeMap<_, _> = (1..=versions).map(key).collect();
            let data = json!({
                "name": "ledger", "type": "ed25519", "keys": keys, "latest_version": versions, "min_decryption_version": 1,
                "min_encryption_version": 0, "derived": false, "exportable": false, "deletion_allowed": false,
                "supports_signing": true, "supports_encryption": false,
            });
            ("200 OK", json!({"request_id": "x", "lease_id": "", "renewable": false, "data": data}))
        }
        "/v1/transit/sign/ledger" => {
            let asked: Value = serde_json::from_slice(&body)?;
            let input = BASE64_STANDARD.decode(asked["input"].as_str().context("input")?)?;
            let number = u8::try_from(asked["key_version"].as_u64().context("key_version")?)?;
            let key = version(if mood == Mood::LiesAboutItsKey { number + 50 } else { number });
            let signature = BASE64_STANDARD.encode(key.sign(&input)?);
            let data = json!({"signature": format!("vault:v{number}:{signature}"), "key_version": number});
            ("200 OK", json!({"request_id": "x", "data": data}))
        }
        _ => ("404 Not Found", json!({"errors": []})),
    };
    let answer = answer.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )?;
    Ok(())
}

#[test]
fn vault_signs_each_version_is_a_key_and_what_it_can_not_sign_waits() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let vault = Vault::start()?;
    let said = folder.path().join("said");
    let place = format!("vault:{}/transit/ledger?token=env:VAULT_TOKEN_TEXT", vault.url);
    let settings = [
        &OFTEN[..],
        &[("LEDGER__SIGNER", &*place), ("TELEMETRY__LOG_LEVEL", "trace"), ("PUBLISHER__RETRY_INTERVAL_MAX_MS", "200")],
    ]
    .concat();
    let around =
        Around { variables: vec![("VAULT_TOKEN_TEXT".to_owned(), TOKEN.to_owned())], said: Some(said.clone()) };
    let mut server = Ledgerline::launch(folder.path(), &settings, &around)?;
    server.ready()?;
    grows(&server, 1)?;
    assert_eq!(keys(&server)?, [("active".to_owned(), format!("{place} version 1"))]);

    // `vault write -f transit/keys/ledger/rotate`, then ours.
    *vault.versions.lock() = 2;
    server.ask(&["keys", "rotate", "--overlap", "1s"])?;
    assert_eq!(keys(&server)?[1], ("active".to_owned(), format!("{place} version 2")));
    grows(&server, 2)?;
    until("the first version retires", || Ok((keys(&server)?[0].0 == "retired").then_some(())))?;

    // Sealed: events are taken and recorded, nothing is signed, and it is said why; then it goes on.
    *vault.mood.lock() = Mood::Sealed;
    let size = signed(&server)?;
    server.take([event(3), event(4)])?;
    server.recorded(4)?;
    until("it is said why", || {
        let partitions = server.get("/v1/partitions")?;
        Ok(partitions.to_string().contains("Vault at").then_some(()))
    })?;
    assert_eq!(signed(&server)?, size);
    *vault.mood.lock() = Mood::Answers;
    until("what waited is signed", || Ok((signed(&server)? > size).then_some(())))?;

    // A signature of another key is never used: the partition halts and says so.
    *vault.mood.lock() = Mood::LiesAboutItsKey;
    let size = signed(&server)?;
    server.take([event(5)])?;
    until("it halts", || {
        let Some((_, Some(told))) = server.readiness() else { return Ok(None) };
        Ok(told.contains("its own public key does not accept").then_some(()))
    })?;
    assert_eq!(signed(&server)?, size);
    server.crash()?;
    check_said(&said, &[TOKEN]);
    Ok(())
}
