//! The continuous check of a server at work: a sound round is a leaf; a row that somebody changed is a leaf and an alert, once.

use serde_json::{Value, json};
use store::tables::{self, LeafKey, TenantRow};
use store::{Durability, Read as _, Store, StoreOptions, Table};

use super::super::runtime;
use super::events::start;
use super::running::Running;

/// Looks as close as they come, and leaves that tell of them soon.
const SETTINGS: &[&str] = &[
    "integrity.interval_ms=20",
    "integrity.period_ms=1000",
    "recorder.tick_interval_ms=100",
    "ledger.checkpoint_interval_ms=100",
];

/// More than one tile.
const EVENTS: u64 = 300;

/// The leaf whose body is changed.
const LEAF: u64 = 77;

#[test]
fn a_sound_ledger_says_so_and_a_changed_one_is_told_of() {
    runtime().block_on(async {
        let server = Running::start(SETTINGS).await;
        for run in 0..EVENTS {
            server.post(&start(&format!("019682a3-1f6e-7c5a-9d35-{run:012}"), "load", &["raw.orders"], &[])).await;
        }
        let checks = |page: &Value| {
            let found = page["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "integrity_check");
            found.map(|row| row["leaf"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let path = "/v1/events?kind=integrity_check&limit=100";
        let page = server.until(path, |page| !checks(page).is_empty()).await;
        let leaf = server.get(&format!("/v1/events/{}", checks(&page)[0])).await;
        let detail = &leaf["leaf"]["detail"];
        assert_eq!((&detail["scope"], &detail["faults"]), (&json!("store"), &json!(0)), "{detail:#}");
        assert_eq!((&detail["checked"], &detail["end_leaf"]), (&json!(256), &json!(256)), "{detail:#}");
        let alerts = "/v1/alerts?rule=ledger-integrity";
        assert_eq!(server.get(alerts).await["items"], json!([]), "nothing is wrong yet");

        let folder = server.stop_and_keep().await;
        let store = Store::open(&folder.path().join("partition-0"), &StoreOptions::default()).unwrap();
        let row = tables::get::<TenantRow>(&store, b"default").unwrap().unwrap();
        let key = LeafKey { tenant: row.number, index: LEAF }.bytes();
        let mut body = store.get(Table::Bodies, &key).unwrap().unwrap();
        body[20] ^= 1;
        let mut batch = store.batch();
        batch.put(Table::Bodies, &key, body);
        batch.commit(Durability::Synced).unwrap();
        drop(store);

        let server = Running::start_in(folder, SETTINGS).await;
        let told = server.until(alerts, |page| page["items"] != json!([])).await;
        let alert = &told["items"][0];
        assert_eq!((&alert["severity"], &alert["state"]), (&json!("critical"), &json!("firing")), "{alert:#}");
        let said = alert["summary"].as_str().unwrap();
        assert!(said.contains("body-mismatch at leaf 77"), "{said}");
        let evidence = server.get(&format!("/v1/alerts/{}", alert["alert_id"].as_str().unwrap())).await;
        let leaf = server.get(&format!("/v1/events/{}", evidence["evidence"][0])).await;
        let detail = &leaf["leaf"]["detail"];
        assert_eq!(detail["first_fault"], json!({"leaf": LEAF, "code": "body-mismatch"}), "{detail:#}");
        assert!(server.stop().await);
    });
}
