//! Row 9: what a cluster may do to its clients. Acknowledgements are lost, offsets and watermarks go, streams come again, topics are
//! made anew or re-partitioned.

use std::sync::Arc;

use anyhow::{Context, Result};
use ledgerline_tests::{Around, Fault, Kafka, Ledgerline, Standing, Witness, kafka, run_event, until};
use serde_json::Value;

use crate::oracle::judge;
use crate::site::Site;

const ROW: u32 = 9;
const EVENTS: usize = 40;

/// A deployment that has recorded and published what its input topic holds, and has stopped.
struct Settled<'k> {
    site: Site<'k>,
    witness: Arc<Witness>,
    /// Records of the input topic.
    stream: Vec<(Option<i32>, Vec<u8>, Vec<u8>)>,
}

fn settled<'k>(kafka: &'k Kafka, name: &str, around: &Around) -> Result<Settled<'k>> {
    let (site, witness) = (Site::on(kafka, name)?, Arc::new(Witness::default()));
    let events = witness.next(EVENTS);
    let stream: Vec<_> = events.iter().map(|(run, kind)| (None, vec![], run_event(*run, kind).into())).collect();
    kafka.produce(&site.input(), &stream)?;
    witness.acknowledged(&events);
    let server = ready(&site, around)?;
    server.recorded(EVENTS as u64)?;
    server.stop()?;
    Ok(Settled { site, witness, stream })
}

fn ready(site: &Site<'_>, around: &Around) -> Result<Ledgerline> {
    let mut server = site.launch(around)?;
    let standing = server.standing()?;
    anyhow::ensure!(matches!(standing, Standing::Ready), "{standing:?}\n{}", site.heard());
    Ok(server)
}

/// Starts it, waits until so many repeats are absorbed, and stops it.
fn absorb(site: &Site<'_>, repeats: u64, around: &Around) -> Result<()> {
    let server = ready(site, around)?;
    until("the repeats are absorbed", || {
        Ok(server.status()?.filter(|status| status["duplicates"].as_u64() >= Some(repeats)))
    })?;
    server.stop()
}

fn failpoint(text: &str) -> Around {
    Around { variables: vec![("FAILPOINTS".to_owned(), text.to_owned())], said: None }
}

/// What each of these does to a settled deployment.
type Blow = fn(&Kafka, &Settled<'_>) -> Result<()>;

/// Whatever the cluster does here, nothing is lost and nothing doubled.
const BLOWS: [(&str, Blow); 4] = [
    ("source-offsets-gone", |kafka, settled| {
        // Without offsets intake begins at the beginning.
        kafka.delete_group(&format!("{}-ledgerline-intake", settled.site.name()))?;
        absorb(&settled.site, EVENTS as u64, &Around::default())
    }),
    ("stream-again", |kafka, settled| {
        kafka.produce(&settled.site.input(), &settled.stream)?;
        absorb(&settled.site, EVENTS as u64, &Around::default())
    }),
    ("recorder-offsets-gone", |kafka, settled| {
        kafka.delete_group(&format!("{}-ledgerline-recorder", settled.site.name()))
    }),
    ("watermark-gone", |kafka, settled| {
        kafka.delete_topic(&settled.site.topic("lineage.recorders"))?;
        create_topics(&settled.site)
    }),
];

/// Makes what is missing of our topics; a topic that is being deleted is there for a while.
fn create_topics(site: &Site<'_>) -> Result<()> {
    until("the topics are made", || {
        let (made, missing) = (
            Ledgerline::prepare(&site.data(), &site.settings(), &["topics", "create"]),
            Ledgerline::prepare(&site.data(), &site.settings(), &["topics", "check"]),
        );
        Ok((made.is_ok() && missing.is_ok()).then_some(()))
    })
}

#[test]
fn row_9_whatever_the_cluster_forgets_or_repeats() -> Result<()> {
    let kafka = kafka(1)?;
    let judged = |name: &str, blow: &dyn Fn(&Settled<'_>) -> Result<()>, around: &Around| -> Result<Fault> {
        let settled = settled(&kafka, name, around)?;
        blow(&settled)?;
        let mut fault = Fault::default();
        judge(&settled.site, &settled.witness, &mut fault)?;
        fault.violations.iter_mut().for_each(|wrong| *wrong = format!("{name}: {wrong}"));
        Ok(fault)
    };
    let mut fault = Fault { row: ROW, log: "kafka", rounds: BLOWS.len() as u64 + 1, ..Fault::default() };
    // Side by side: most of it is waiting for sessions to end.
    std::thread::scope(|scope| -> Result<()> {
        let (kafka, judged) = (&kafka, &judged);
        let mut all: Vec<_> = BLOWS
            .iter()
            .map(|(name, blow)| {
                let run = move || judged(name, &|settled| blow(kafka, settled), &Around::default());
                scope.spawn(move || run().with_context(|| (*name).to_owned()))
            })
            .collect();
        // The log has it and intake does not hear so: it sends again.
        let lost = failpoint("intake.append.after=error@2");
        all.push(scope.spawn(move || judged("acknowledgement-lost", &|_| Ok(()), &lost)));
        for one in all {
            let one = one.join().unwrap()?;
            fault.events += one.events;
            fault.violations.extend(one.violations);
        }
        Ok(())
    })?;
    fault.told()
}

#[test]
fn row_9_a_topic_made_anew_or_widened_halts_and_says_so() -> Result<()> {
    let kafka = kafka(1)?;
    let mut fault = Fault { row: ROW, log: "kafka", ..Fault::default() };
    let anew = settled(&kafka, "anew", &Around::default())?;
    kafka.delete_topic(&anew.site.topic("lineage.events"))?;
    create_topics(&anew.site)?;
    let mut server = anew.site.launch(&Around::default())?;
    assert!(!server.is_dead()?);
    // It may be ready for a moment: the partition comes to it only once its group has met.
    until("a topic made anew halts and names a command", || {
        let halted = server.readiness().and_then(|(_, halted)| halted);
        Ok(halted.filter(|why| why.contains("ledgerline recover --new-origin")).map(drop))
    })?;
    drop(server);

    let wide = settled(&kafka, "wide", &Around::default())?;
    kafka.widen_topic(&wide.site.topic("lineage.events"), 2)?;
    let mut server = wide.site.launch(&Around::default())?;
    match server.standing()? {
        Standing::Ended(status) if !status.success() && wide.site.heard().contains("`ledgerline topics check`") => {}
        standing => fault.violations.push(format!("a topic with more partitions: {standing:?}\n{}", wide.site.heard())),
    }
    fault.rounds = 2;
    fault.events = 2 * EVENTS as u64;
    fault.told()
}

/// The same while a server is at work: it stops by itself and says so.
#[test]
fn row_9_topics_that_go_under_a_running_server_halt_it() -> Result<()> {
    let kafka = kafka(1)?;
    let mut fault = Fault { row: ROW, log: "kafka", ..Fault::default() };
    for (name, comes_again, command) in
        [("gone", false, "ledgerline topics create"), ("replaced", true, "ledgerline recover --new-origin")]
    {
        let settled = settled(&kafka, name, &Around::default())?;
        let server = ready(&settled.site, &Around::default())?;
        kafka.delete_topic(&settled.site.topic("lineage.events"))?;
        if comes_again {
            create_topics(&settled.site)?;
        }
        until(&format!("a topic that is {name} halts and names a command"), || {
            let halted = server.readiness().and_then(|(_, halted)| halted);
            Ok(halted.filter(|why| why.contains(command)).map(drop))
        })?;
        fault.rounds += 1;
        fault.events += EVENTS as u64;
    }
    fault.told()
}

/// Two different events that claim the same transition: both are kept, and somebody is told.
#[test]
fn row_9_another_payload_of_the_same_transition() -> Result<()> {
    let kafka = kafka(1)?;
    let settled = settled(&kafka, "conflict", &Around::default())?;
    let first = run_event(0, "START");
    let changed = first.replace("mart.t0", "mart.elsewhere");
    assert_ne!(first, changed);
    let conflicts = || -> Result<usize> {
        let alerts = settled.site.read("lineage.alerts")?;
        let rule = |value: &[u8]| serde_json::from_slice::<Value>(value).map(|message| message["rule"].clone());
        Ok(alerts.iter().filter(|alert| rule(&alert.value).is_ok_and(|rule| rule == "conflicting-duplicate")).count())
    };
    let mut fault = Fault { row: ROW, log: "kafka", rounds: 1, events: EVENTS as u64 + 1, ..Fault::default() };
    for round in 0..2 {
        kafka.produce(&settled.site.input(), &[(None, vec![], changed.clone().into())])?;
        let server = ready(&settled.site, &Around::default())?;
        until("it is taken in", || {
            let taken = |status: &Value| status["recorded"] == EVENTS + 1 && status["duplicates"] == round;
            Ok(server.status()?.filter(taken))
        })?;
        server.stop()?;
        if conflicts()? != 1 {
            fault.violations.push(format!("{} alerts of a conflict after {} deliveries", conflicts()?, round + 1));
        }
    }
    fault.told()
}

/// A recorder that does not look whether it knows an event.
#[test]
fn row_9_catches_a_recorder_that_does_not_deduplicate() -> Result<()> {
    let kafka = kafka(1)?;
    let settled = settled(&kafka, "doubled", &Around::default())?;
    kafka.produce(&settled.site.input(), &settled.stream)?;
    let server = ready(&settled.site, &failpoint("recorder.deduplicate=skip"))?;
    server.recorded(2 * EVENTS as u64)?;
    server.stop()?;
    let mut fault = Fault::default();
    judge(&settled.site, &settled.witness, &mut fault)?;
    assert!(!fault.violations.is_empty(), "events were doubled and nobody noticed");
    Ok(())
}
