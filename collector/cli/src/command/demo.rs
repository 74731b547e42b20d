//! `demo`: the main job in miniature, on the embedded log: a small shop's pipeline in over HTTP, with a duplicate, a malformed
//! event and a failing run; its lineage, the alert, the rejection and the signed checkpoint out.

use std::path::{Path, PathBuf};

use ledger::proof::{ProofFile, Trust};
use serde_json::{Value, json};
use server::http::model::{AlertSummary, Checkpoint, ControlReceipt, Event, Lineage, Page, RejectedSummary, Status};
use server::serve::start;

use super::serve::stopped;
use super::{host, now_ns};
use crate::api::Api;
use crate::arguments::{Arguments, Demo};
use crate::failure::Failure;
use crate::output::{self, ASIDE, BAD, GOOD, STRONG, painted};
use crate::{render, settings};

const WAREHOUSE: &str = "postgres://warehouse:5432";
const REPORT: &str = "dataset:postgres://warehouse:5432:mart.daily_revenue";

pub fn run(arguments: &Arguments, demo: &Demo) -> Result<(), Failure> {
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => scratch(),
    };
    let ended = serve(arguments, folder.clone(), "127.0.0.1:0", |url| {
        show(&Api::at(url)?, &folder)?;
        if demo.once {
            return Ok(After::Stop);
        }
        output::text(&format!(
            "\n{}\n  ledgerline --server {url} lineage downstream dataset:{WAREHOUSE}:raw.orders\n  ledgerline --server {url} lineage upstream --columns mart.daily_revenue\n  ledgerline --server {url} job list\n  ledgerline --server {url} events tail\n  ledgerline --server {url} status\n{}",
            painted("It stays up. In another terminal, try", STRONG),
            painted("Ctrl-C ends it.", ASIDE)
        ))?;
        Ok(After::Stay)
    });
    if arguments.data.is_none() {
        // What is left in a temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&folder);
    }
    ended
}

enum After {
    Stop,
    Stay,
}

/// A folder of this process's own.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("ledgerline-demo-{}", std::process::id()))
}

fn serve(
    arguments: &Arguments,
    folder: PathBuf,
    listen: &str,
    work: impl FnOnce(&str) -> Result<After, Failure> + Send,
) -> Result<(), Failure> {
    let flags = [("--data", "data_dir", folder.display().to_string()), ("demo", "http.listen", listen.to_owned())];
    let config = settings::load(arguments, &flags)?.config;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let serving = runtime.block_on(start(config, host())).map_err(Failure::unasked)?;
    let url = format!("http://{}", serving.address());
    let ended = match work(&url) {
        Ok(After::Stay) => runtime.block_on(stopped()),
        Ok(After::Stop) => Ok(()),
        Err(failure) => Err(failure),
    };
    let done = runtime.block_on(serving.shutdown());
    ended?;
    if done { Ok(()) } else { Err(Failure::unasked("the server did not finish what was at hand")) }
}

fn show(api: &Api, folder: &Path) -> Result<(), Failure> {
    step("1", "A pipeline of four jobs sends its OpenLineage events over HTTP")?;
    let events = pipeline();
    let mut newest = String::new();
    for event in &events {
        let receipt: server::http::model::Receipt = api.post("/api/v1/lineage", event.to_string().into_bytes(), &[])?;
        newest = receipt.position.to_string();
    }
    say(&format!("{} events acknowledged, each once durable", events.len()))?;

    step("2", "A client retries: the last event again")?;
    let again = events.last().map(Value::to_string).unwrap_or_default();
    let repeat: server::http::model::Receipt = api.post("/api/v1/lineage", again.into_bytes(), &[])?;
    newest = if repeat.position.to_string() > newest { repeat.position.to_string() } else { newest };
    let status: Status = api.get("/v1/status", &[("at_least", newest.clone())])?;
    say(&format!("{} recorded, {} duplicate absorbed", status.recorded, status.duplicates))?;

    step("3", "A client sends an event without a run id")?;
    let answer = api.post_any("/api/v1/lineage", malformed().to_string().into_bytes(), &[])?;
    say(&format!("refused with status {}; the original is kept:", answer.status))?;
    let refused = wait_for(|| api.get::<Page<RejectedSummary>>("/v1/rejected", &[]))?;
    for row in &refused {
        say(&format!("  {}  {}  {}", painted(&row.code, BAD), row.path.clone().unwrap_or_default(), row.reason))?;
    }

    step("4", "What fed the report?")?;
    let lineage: Lineage = api.get("/v1/lineage/upstream", &[("node", REPORT.to_owned())])?;
    output::text(&indented(&render::tree::tree(&lineage, now_ns())))?;

    step("5", "One run failed: one alert, with its reason and its owner")?;
    let alerts = wait_for(|| api.get::<Page<AlertSummary>>("/v1/alerts", &[]))?;
    for alert in &alerts {
        say(&format!("{} {}", painted("firing", BAD), alert.summary))?;
        let full: server::http::model::Alert = api.get(&format!("/v1/alerts/{}", alert.alert_id), &[])?;
        let owners = full.body["owners"].as_array().into_iter().flatten();
        let owners: Vec<&str> = owners.filter_map(|owner| owner["name"].as_str()).collect();
        say(&format!("  {}", painted(&format!("for {}", owners.join(", then ")), ASIDE)))?;
        for step in &full.remedy {
            say(&format!("  → {step}"))?;
        }
    }

    step("6", "The record: the leaf of the failure, under a signed checkpoint")?;
    let _: ControlReceipt = api.order("/v1/ticks", b"{}".to_vec())?;
    let leaf: Event = api.get(&format!("/v1/events/{}", status.leaves.saturating_sub(1)), &[])?;
    say(&painted(&leaf.leaf.to_string(), ASIDE))?;
    let checkpoint: Vec<Checkpoint> = wait_for(|| match api.get::<Checkpoint>("/v1/checkpoint", &[]) {
        Ok(checkpoint) => Ok(Page { items: vec![checkpoint], next: None, truncated: false }),
        Err(Failure::No(_)) => Ok(Page { items: vec![], next: None, truncated: false }),
        Err(failure) => Err(failure),
    })?;
    for note in &checkpoint {
        output::text(&indented(note.note.trim_end()))?;
        let signed_by = super::ledger::checked(note)?;
        say(&painted(&format!("{} leaves, signed by {}: checked", note.size, signed_by.join(", ")), GOOD))?;
        prove(api, folder, status.leaves.saturating_sub(1), &signed_by)?;
    }
    Ok(())
}

/// Writes a proof of a leaf to a file and checks it as anyone would who has the file and the key: nobody is asked.
fn prove(api: &Api, folder: &Path, leaf: u64, keys: &[String]) -> Result<(), Failure> {
    step("7", "A proof of that leaf, checked offline: from the file and the key alone")?;
    let path = folder.join("failure.proof");
    let unwritten = |error: std::io::Error| Failure::unasked(format!("{}: {error}", path.display()));
    let made = super::ledger::proof_of(api, &leaf.to_string(), true)?.to_bytes();
    std::fs::write(&path, made).map_err(unwritten)?;
    let bytes = std::fs::read(&path).map_err(unwritten)?;
    let trust = Trust::of(keys.iter().map(|key| super::ledger::given(key)).collect::<Result<_, _>>()?);
    let check =
        |bytes: &[u8]| ProofFile::from_bytes(bytes).and_then(|file| trust.file(&file).map(|checked| (file, checked)));
    let (file, checked) = check(&bytes).map_err(|fault| Failure::No(format!("the proof is not good: {fault}")))?;
    for line in super::ledger::told(&file, &checked) {
        say(&line)?;
    }
    say(&painted("ok", GOOD))?;
    let forged = String::from_utf8_lossy(&bytes).replacen("export_to_partner", "export_to_nobody0", 1);
    match check(forged.as_bytes()) {
        Ok(_) => Err(Failure::No("a proof with another name in its leaf passes as good".to_owned())),
        Err(fault) => say(&format!("with another name in the leaf: {}", painted(&fault.to_string(), BAD))),
    }
}

/// Asks until there is a row; what is asked for is already on its way.
fn wait_for<T>(mut ask: impl FnMut() -> Result<Page<T>, Failure>) -> Result<Vec<T>, Failure> {
    const TRIES_MAX: u32 = 500;
    for _ in 0..TRIES_MAX {
        let page = ask()?;
        if !page.items.is_empty() {
            return Ok(page.items);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Err(Failure::unasked("what was expected did not come within 5 seconds"))
}

fn step(number: &str, what: &str) -> Result<(), Failure> {
    output::text(&format!("\n{} {}", painted(number, STRONG), painted(what, STRONG)))
}

fn say(what: &str) -> Result<(), Failure> {
    output::text(&indented(what))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// A small shop: orders and customers are staged, a report is made of them, its export to a partner fails.
fn pipeline() -> Vec<Value> {
    let jobs: [(&str, &[&str], &str, &str); 4] = [
        ("stage_orders", &["raw.orders"], "staging.orders", "COMPLETE"),
        ("stage_customers", &["raw.customers"], "staging.customers", "COMPLETE"),
        ("daily_revenue", &["staging.orders", "staging.customers"], "mart.daily_revenue", "COMPLETE"),
        ("export_to_partner", &["mart.daily_revenue"], "partner.revenue_feed", "FAIL"),
    ];
    let mut events = Vec::new();
    for (number, (job, inputs, output, end)) in jobs.iter().enumerate() {
        for (kind, second) in [("START", 0), (*end, 40)] {
            events.push(event(number, job, inputs, output, kind, second));
        }
    }
    events
}

fn event(number: usize, job: &str, inputs: &[&str], output: &str, kind: &str, second: u32) -> Value {
    let facet = |name: &str, mut members: Value| {
        members["_producer"] = json!("https://example.test/shop");
        members["_schemaURL"] = json!(format!("https://openlineage.io/spec/facets/1-0-0/{name}.json"));
        members
    };
    let schema = facet(
        "SchemaDatasetFacet",
        json!({"fields": [{"name": "order_id", "type": "bigint"}, {"name": "amount", "type": "numeric"}]}),
    );
    let dataset = |name: &str| json!({"namespace": WAREHOUSE, "name": name, "facets": {"schema": schema}});
    let source = |name: &str| json!({"namespace": WAREHOUSE, "name": name, "field": "amount", "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}]});
    let sources: Vec<Value> = inputs.iter().map(|name| source(name)).collect();
    let mut written = dataset(output);
    written["facets"]["columnLineage"] =
        facet("ColumnLineageDatasetFacet", json!({"fields": {"amount": {"inputFields": sources}}}));
    let owners = json!({"owners": [{"name": "team:revenue", "type": "MAINTAINER"}]});
    written["facets"]["ownership"] = facet("OwnershipDatasetFacet", owners.clone());
    let mut run_facets = json!({});
    if kind == "FAIL" {
        let message = "partner endpoint answered 403: the upload key has expired";
        run_facets["errorMessage"] =
            facet("ErrorMessageRunFacet", json!({"message": message, "programmingLanguage": "python"}));
    }
    json!({
        "eventType": kind,
        "eventTime": format!("2026-03-01T06:{:02}:{second:02}Z", number * 5),
        "producer": "https://example.test/shop",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("0195500d-0000-7000-8000-00000000000{number}"), "facets": run_facets},
        "job": {"namespace": "shop", "name": job, "facets": {
            "ownership": facet("OwnershipJobFacet", owners),
        }},
        "inputs": inputs.iter().map(|name| dataset(name)).collect::<Vec<_>>(),
        "outputs": [written],
    })
}

/// An event that is refused: a RunEvent whose run has no id.
fn malformed() -> Value {
    json!({
        "eventType": "START", "eventTime": "2026-03-01T07:00:00Z", "producer": "https://example.test/shop",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {}, "job": {"namespace": "shop", "name": "stage_orders"}, "inputs": [], "outputs": [],
    })
}
