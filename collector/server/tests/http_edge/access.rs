//! Who may do what.

use crate::client::{NOW_NS, Running, start};
use server::auth::{ROUTES, Role};
use server::config::{Config, Sources};
use sha2::{Digest as _, Sha256};

/// One token per role, named after it; and an admin of every tenant, and one that has expired.
fn tokens() -> String {
    let entry = |token: &str, tenant: &str, role: Role, rest: &str| {
        let hash = hex::encode(Sha256::digest(token));
        format!("{{ hash = \"{hash}\", tenant = \"{tenant}\", principal = \"p-{token}\", role = \"{role}\"{rest} }}")
    };
    let mut entries: Vec<_> = Role::ALL.iter().map(|role| entry(role.as_str(), "acme", *role, "")).collect();
    entries.push(entry("root", "*", Role::Admin, ""));
    let past = jiff::Timestamp::from_nanosecond(i128::from(NOW_NS)).unwrap();
    entries.push(entry("old", "acme", Role::Admin, &format!(", expires = \"{past}\"")));
    format!("tokens = [{}]", entries.join(", "))
}

fn status(server: &Running, token: &str, method: &str, path: &str) -> u16 {
    let path = path.replace("{run_id}", "r").replace("{key}", "k").replace("{alert_id}", "a");
    let path = path.replace("{tenant}", "acme").replace("tile/{*place}", "tile/0/000").replace("{*place}", "000");
    let path = path.replace("{order}", &"0".repeat(32));
    let query = match path.as_str() {
        "/v1/job" | "/v1/dataset" => "?node=x",
        path if path.contains("lineage/") => "?node=x",
        "/v1/proof" => "?subject=0",
        "/v1/consistency" => "?old=1",
        _ => "",
    };
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "12345678")];
    match method {
        "POST" if path.ends_with("batch") => server.post(&path, &headers, "[{}]").status,
        "POST" if path.ends_with("/sign") || path.ends_with("/operations") => {
            server.post(&path, &headers, serde_json::json!({ "note": order_note() }).to_string()).status
        }
        "POST" => server.post(&path, &headers, "{}").status,
        _ => server.get_as(token, &format!("{path}{query}")).status,
    }
}

/// An order about a key of acme's ledger, signed by somebody.
fn order_note() -> String {
    use ledger::key::{KeyName, KeyOrder, SigningKey};
    use ledger::leaf::{Hex, KeyAction};
    let origin = ledger::Origin::parse("ledgerline/acme").unwrap();
    let key = SigningKey::from_seed(KeyName::of_checkpoints(&origin), [1; 32]).verifier().clone();
    let (action, order) = (KeyAction::Revoke, Hex([1; 16]));
    let order = KeyOrder { origin, action, key, replaces: None, overlap_seconds: None, reason: None, order };
    let mut note = order.note();
    note.sign(&SigningKey::from_seed(KeyName::parse("somebody").unwrap(), [2; 32])).unwrap();
    String::from_utf8(note.to_bytes()).unwrap()
}

/// Written down apart from the code that is tested: per kind of route, the letters of those who may, in the order
/// producer, consumer, steward, auditor, admin.
fn who_may(method: &str, path: &str) -> &'static str {
    match (method, path) {
        (_, "/healthz" | "/readyz" | "/openapi.json") => "everybody",
        (_, "/v1/status" | "/v1/partitions" | "/metrics") => "pcsaA",
        ("POST", "/api/v1/lineage" | "/api/v1/lineage/batch") => "psA",
        (_, "/v1/snapshots") | ("POST", "/v1/keys/next" | "/v1/keys/sign" | "/v1/keys/operations") => "A",
        ("POST", _) => "sA",
        (_, "/v1/events/{key}/body" | "/ledger/{tenant}/bodies/{*place}") => "aA",
        (_, path) if path.starts_with("/v1/rejected") => "saA",
        _ => "csaA",
    }
}

#[test]
fn each_role_may_what_was_decided_and_nothing_else() {
    let server = start(&tokens());
    server.fake.gate.send_replace(true);
    for (method, path, _) in ROUTES {
        let may = who_may(method, path);
        for (role, letter) in Role::ALL.into_iter().zip(['p', 'c', 's', 'a', 'A']) {
            let allowed = may == "everybody" || may.contains(letter);
            let status = status(&server, role.as_str(), method, path);
            assert_eq!(status < 300, allowed, "{role} {method} {path}: {status}");
            assert!(allowed || status == 403, "{role} {method} {path}: {status}");
        }
        let unknown = status(&server, "nobody", method, path);
        assert_eq!(unknown, if may == "everybody" { 200 } else { 401 }, "{method} {path}");
    }
}

#[test]
fn a_refusal_of_access_says_why() {
    let server = start(&tokens());
    let check = |token: &str, code: &str, challenge: &str| {
        let reply = server.get_as(token, "/v1/status");
        assert_eq!(reply.code(), code);
        assert_eq!(reply.header("www-authenticate"), challenge);
    };
    check("", "unauthenticated", "Bearer");
    check("wrong", "unauthenticated", "Bearer error=\"invalid_token\"");
    check("old", "unauthenticated", "Bearer error=\"invalid_token\", error_description=\"expired\"");
    let basic = server.post("/api/v1/lineage", &[("authorization", "Basic eDp5")], "{}");
    assert_eq!(basic.header("www-authenticate"), "Bearer error=\"invalid_request\"");
    assert!(server.fake.submitted.lock().unwrap().is_empty());
}

#[test]
fn the_tenant_comes_from_the_credential() {
    let server = start(&tokens());
    let sent = |token: &str, tenant: &str| {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend((!tenant.is_empty()).then_some(("ledgerline-tenant", tenant)));
        let status = server.post("/api/v1/lineage", &headers, "{\"tenant\":\"evil\"}").status;
        let last = server.fake.submitted.lock().unwrap().last().map(|s| s.tenant.clone());
        (status, last.unwrap_or_default())
    };
    assert_eq!(sent("producer", ""), (201, "acme".into()));
    assert_eq!(sent("producer", "acme"), (201, "acme".into()));
    assert_eq!(sent("producer", "other").0, 403);
    assert_eq!(sent("admin", "other").0, 403);
    assert_eq!(sent("root", "other"), (201, "other".into()));
    assert_eq!(sent("root", ""), (201, "default".into()));
    assert_eq!(sent("root", "../etc").0, 403);
    let last = server.fake.submitted.lock().unwrap().last().unwrap().principal.clone();
    assert_eq!(last, "p-root");
}

#[test]
fn without_a_token_only_loopback_is_listened_on() {
    let sources = |listen: &str| Sources::default().with_flag("listen", "http.listen", listen);
    let faults = Config::load(&sources("0.0.0.0:0")).unwrap_err().to_string();
    assert!(faults.contains("add an entry to http.tokens"), "{faults}");
    // The listener judges for itself, whatever got past the configuration.
    let mut config = Config::load(&sources("127.0.0.1:0")).unwrap().config;
    config.http.listen = "0.0.0.0:0".parse().unwrap();
    let refused = crate::client::bind(config).unwrap_err();
    assert!(refused.contains("can be reached by others and no token is configured"), "{refused}");
}
