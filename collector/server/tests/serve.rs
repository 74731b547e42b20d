//! A whole server on the embedded log, over its own HTTP edge: what is acknowledged is there, once, and stays.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

#[path = "http_edge/schema.rs"]
mod schema;
mod serve {
    pub mod events;
    mod facts;
    mod integrity;
    mod keys;
    pub mod running;
    mod tells;
}

use serde_json::{Value, json};
use serve::events::{complete, fail, start};
use serve::running::Running;

const RUN: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11";
const OTHER: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a12";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn events_become_lineage_and_a_duplicate_changes_nothing() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        server.post(&start(RUN, "load", &["raw.orders"], &["shop.orders"])).await;
        let last = complete(RUN, "load", &["raw.orders"], &["shop.orders"]);
        server.post(&last).await;
        let position = server.post(&last).await["position"].as_str().unwrap().to_owned();

        let lineage =
            server.get(&format!("/v1/lineage/upstream?node=dataset:db:shop.orders&at_least={position}")).await;
        let names: Vec<&str> =
            lineage["nodes"].as_array().unwrap().iter().map(|node| node["node"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["shop.orders", "raw.orders"], "{lineage:#}");
        assert_eq!(lineage["edges"][0]["state"], "current", "{lineage:#}");
        assert_eq!(lineage["edges"][0]["job"], "job:etl:load", "{lineage:#}");

        let status = server.get("/v1/status").await;
        let counts: Vec<u64> =
            ["recorded", "duplicates", "datasets", "jobs", "runs"].map(|key| status[key].as_u64().unwrap()).into();
        assert_eq!(counts, [2, 1, 2, 1, 1], "{status:#}");
        let leaf = run_leaf(&server).await;
        assert_eq!(server.get(&format!("/v1/events/{leaf}")).await["duplicates"], 1);
        let run = server.get(&format!("/v1/runs/{RUN}")).await;
        assert_eq!(
            (&run["summary"]["state"], &run["inputs"][0]["node"]["name"]),
            (&json!("completed"), &json!("raw.orders"))
        );
        let job = server.get("/v1/job?node=load").await;
        assert_eq!(
            (&job["inputs"][0]["name"], &job["outputs"][0]["name"]),
            (&json!("raw.orders"), &json!("shop.orders")),
            "{job:#}"
        );
        let dataset = server.get("/v1/dataset?node=shop.orders").await;
        assert_eq!(
            (&dataset["written_by"][0]["name"], &dataset["columns"][0]["name"]),
            (&json!("load"), &json!("id")),
            "{dataset:#}"
        );
        let hits = server.get("/v1/search?q=ord").await;
        assert_eq!(hits["items"].as_array().unwrap().len(), 2, "{hits:#}");
        assert!(server.stop().await);
    });
}

/// The newest leaf of the run.
async fn run_leaf(server: &Running) -> u64 {
    let page = server.get(&format!("/v1/events?newest=true&kind=event&run={RUN}&limit=1")).await;
    page["items"][0]["leaf"].as_u64().unwrap()
}

#[test]
fn every_answer_is_as_described() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        server.post(&complete(OTHER, "load", &["raw.orders"], &["shop.orders"])).await;
        server.try_post(b"nonsense").await;
        server.post(&fail(RUN, "send", "connection refused")).await;
        let alerts = server.until("/v1/alerts", |page| !page["items"].as_array().unwrap().is_empty()).await;
        let alert = alerts["items"][0]["alert_id"].as_str().unwrap().to_owned();
        let refused = server.until("/v1/rejected", |page| !page["items"].as_array().unwrap().is_empty()).await;
        let refused = refused["items"][0]["key"].as_str().unwrap().to_owned();
        let document = serde_json::to_value(server::http::document()).unwrap();
        for (route, asked) in [
            ("/v1/status", "/v1/status".to_owned()),
            ("/v1/runs", "/v1/runs".to_owned()),
            ("/v1/runs/{run_id}", format!("/v1/runs/{RUN}")),
            ("/v1/jobs", "/v1/jobs".to_owned()),
            ("/v1/job", "/v1/job?node=load".to_owned()),
            ("/v1/datasets", "/v1/datasets".to_owned()),
            ("/v1/dataset", "/v1/dataset?node=shop.orders".to_owned()),
            ("/v1/search", "/v1/search?q=ord".to_owned()),
            ("/v1/lineage/upstream", "/v1/lineage/upstream?node=shop.orders".to_owned()),
            ("/v1/lineage/downstream", "/v1/lineage/downstream?node=raw.orders&columns=true".to_owned()),
            ("/v1/events", "/v1/events".to_owned()),
            ("/v1/events/{key}", "/v1/events/1".to_owned()),
            ("/v1/alerts", "/v1/alerts?newest=true".to_owned()),
            ("/v1/alerts/{alert_id}", format!("/v1/alerts/{alert}")),
            ("/v1/alerts/{alert_id}", format!("/v1/alerts/{}", &alert[..12])),
            ("/v1/rejected", "/v1/rejected".to_owned()),
            ("/v1/rejected/{key}", format!("/v1/rejected/{refused}")),
        ] {
            let schema = &document["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
            let answer = server.get(&asked).await;
            assert_eq!(
                schema::violations(&document, schema, &answer, "$"),
                Vec::<String>::new(),
                "{asked}: {answer:#}"
            );
        }
        assert!(server.stop().await);
    });
}

#[test]
fn what_is_malformed_is_kept_with_its_reason_and_stops_nothing() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        let (status, problem) = server.try_post(b"{\"eventTime\":").await;
        assert_eq!((status, &problem["code"]), (400, &json!("event-malformed")), "{problem:#}");
        let mut nameless: Value = serde_json::from_slice(&complete(RUN, "load", &[], &[])).unwrap();
        nameless["job"].as_object_mut().unwrap().remove("name");
        let (status, problem) = server.try_post(nameless.to_string().as_bytes()).await;
        assert_eq!((status, &problem["path"]), (422, &json!("$.job.name")), "{problem:#}");
        server.post(&complete(RUN, "load", &[], &["shop.orders"])).await;

        let rejected = server.until("/v1/rejected", |page| page["items"].as_array().unwrap().len() == 2).await;
        let first = &rejected["items"][1];
        assert_eq!(
            (&first["code"], &first["source"], &first["payload_bytes"]),
            (&json!("not-json"), &json!("http"), &json!(13))
        );
        let key = first["key"].as_str().unwrap();
        assert_eq!(server.bytes(&format!("/v1/rejected/{key}/payload")).await, b"{\"eventTime\":");
        let shown = server.get(&format!("/v1/rejected/{key}")).await;
        assert_eq!(shown["findings"][0]["code"], "not-json", "{shown:#}");
        server.until("/v1/status", |status| status["rejected"] == 2 && status["recorded"] == 1).await;
        assert!(server.stop().await);
    });
}

#[test]
fn a_failed_run_is_one_alert_however_often_it_is_sent() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        for _ in 0..2 {
            server.post(&start(RUN, "load", &["raw.orders"], &["shop.orders"])).await;
            server.post(&fail(RUN, "load", "connection refused")).await;
        }
        let alerts = server.until("/v1/alerts", |page| !page["items"].as_array().unwrap().is_empty()).await;
        let alert = &alerts["items"][0];
        assert_eq!((&alert["rule"], &alert["state"]), (&json!("failed-run"), &json!("firing")), "{alerts:#}");
        let shown = server.get(&format!("/v1/alerts/{}", alert["alert_id"].as_str().unwrap())).await;
        assert!(!shown["remedy"].as_array().unwrap().is_empty(), "{shown:#}");
        let folder = server.stop_and_keep().await;
        let records = serve::running::alert_records(folder.path());
        assert_eq!(records.len(), 1, "{records:?}");
    });
}

#[test]
fn a_restart_keeps_everything_and_goes_on() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        server.post(&complete(RUN, "load", &["raw.orders"], &["shop.orders"])).await;
        server.post(&fail(OTHER, "send", "no route")).await;
        let before = server
            .until("/v1/events", |page| {
                page["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "event").count() == 2
            })
            .await;
        let folder = server.stop_and_keep().await;

        let server = Running::start_in(folder, &[]).await;
        let again = server.post(&complete(RUN, "load", &["raw.orders"], &["shop.orders"])).await;
        let position = again["position"].as_str().unwrap();
        let after = server.get(&format!("/v1/events?at_least={position}")).await;
        let events = |page: &Value| -> Vec<Value> {
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|row| row["kind"] == "event")
                .map(|row| row["event_id"].clone())
                .collect()
        };
        assert_eq!(events(&before), events(&after));
        assert_eq!(events(&after).len(), 2);
        let checkpoint = server.get("/v1/checkpoint").await;
        assert!(checkpoint["size"].as_u64().unwrap() >= 3, "{checkpoint:#}");
        let alerts = server.until("/v1/alerts", |page| !page["items"].as_array().unwrap().is_empty()).await;
        assert_eq!(alerts["items"].as_array().unwrap().len(), 1);
        assert!(server.stop().await);
    });
}

#[test]
fn a_second_process_on_the_same_folder_is_told_so() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        let error = Running::try_start(server.folder(), &[]).await.err().map(|error| error.to_string());
        assert!(error.as_deref().is_some_and(|error| error.contains("open in another process")), "{error:?}");
        assert!(server.stop().await);
    });
}

#[test]
fn events_of_the_input_topic_are_taken_in_and_bad_ones_stop_nothing() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        let good = complete(RUN, "load", &["raw.orders"], &["shop.orders"]);
        let huge = vec![b'x'; (1 << 20) + 1];
        server
            .produce(vec![
                good.clone(),
                b"nonsense".to_vec(),
                huge,
                good,
                complete(OTHER, "send", &["shop.orders"], &[]),
            ])
            .await;
        let status = server
            .until("/v1/status", |status| {
                status["recorded"] == 2 && status["rejected"] == 2 && status["duplicates"] == 1
            })
            .await;
        assert_eq!(status["partitions"][0]["state"], "running", "{status:#}");
        let rejected = server.until("/v1/rejected", |page| page["items"].as_array().unwrap().len() == 2).await;
        let mut rows: Vec<(String, String)> = Vec::new();
        for row in rejected["items"].as_array().unwrap() {
            rows.push((row["key"].as_str().unwrap().to_owned(), row["code"].as_str().unwrap().to_owned()));
        }
        rows.sort();
        let expected = [("openlineage.events~0~1", "not-json"), ("openlineage.events~0~2", "too-large")];
        assert_eq!(rows, expected.map(|(key, code)| (key.to_owned(), code.to_owned())));
        assert_eq!(server.bytes("/v1/rejected/openlineage.events~0~2/payload").await.len(), 256 << 10);
        let folder = server.stop_and_keep().await;
        // Offsets were stored: nothing is read again.
        let server = Running::start_in(folder, &[]).await;
        server.produce(vec![start(OTHER, "send", &[], &[])]).await;
        let status = server.until("/v1/status", |status| status["recorded"] == 3).await;
        assert_eq!(status["duplicates"], 1, "the one of before, and no more: {status:#}");
        assert!(server.stop().await);
    });
}

#[test]
fn tenants_of_topics_and_several_partitions_have_trees_of_their_own() {
    runtime().block_on(async {
        let settings = [
            "recorder.partitions=3",
            "intake.tenants.sales.events=sales",
            "intake.topics=openlineage.events,sales.events",
        ];
        let server = Running::start(&settings).await;
        server.post(&complete(RUN, "load", &[], &["shop.orders"])).await;
        let status = server.until("/v1/status", |status| status["recorded"] == 1).await;
        assert_eq!(status["partitions"].as_array().unwrap().len(), 3, "{status:#}");
        let folder = server.stop_and_keep().await;
        let refused =
            Running::try_start(folder.path(), &["recorder.partitions=2"]).await.err().map(|error| error.to_string());
        assert!(refused.as_deref().is_some_and(|error| error.contains("3 partitions")), "{refused:?}");
        // A tenant that configuration names later begins with a record of its own.
        let server = Running::start_in(folder, &[&settings[..], &["intake.default_tenant=late"]].concat()).await;
        server.post(&complete(RUN, "load", &[], &["shop.orders"])).await;
        let events = server.until("/v1/events", |page| page["items"].as_array().unwrap().len() >= 3).await;
        let kinds: Vec<&str> =
            events["items"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds[0], "genesis", "{events:#}");
        assert!(kinds.contains(&"event"), "{events:#}");
        assert!(server.stop().await);
    });
}
