//! What the recorder itself has to tell: refused records, and the test alert.

use lineage::alert::AlertMessage;
use lineage::row::AlertState;
use store::Table;
use store::tables::{Outgoing, Row};

use super::world::{Step, World, play};

/// Messages on their way to the alert topic, in order.
fn messages(steps: &[Step]) -> Vec<AlertMessage> {
    let world = World::new();
    let (_, rows) = play(&world, &world.history(steps), 1000, false);
    let outbox = rows.iter().filter(|(table, ..)| *table == Table::Outbox);
    outbox
        .filter_map(|(.., row)| match Outgoing::decode(row) {
            Some(Outgoing::Alert { key, body: Some(body), .. }) => {
                let message: AlertMessage = serde_json::from_slice(&body).unwrap();
                assert_eq!(key, message.id, "the key is the alert");
                Some(message)
            }
            _ => None,
        })
        .collect()
}

/// Rule, reason of the window, state, and leaves behind each message.
fn check(name: &str, steps: &[Step], expected: &[(&str, &str, AlertState, u64)]) {
    let told = messages(steps);
    let told: Vec<_> = told
        .iter()
        .map(|message| {
            let reason = message.occurrence.key.split('/').next().unwrap_or_default();
            let evidence = &message.evidence;
            let leaves = evidence.leaves_total.unwrap_or(evidence.leaves.len() as u64);
            (&*message.rule, reason, message.state, leaves)
        })
        .collect();
    assert_eq!(told, expected, "{name}");
}

const TICK: Step = Step::Tick { seconds: 1 };
/// The hour that the first tick lies in ends 400 seconds after the start.
const NEXT_HOUR: Step = Step::Tick { seconds: 401 };

#[test]
fn a_refused_record_is_one_alert_for_its_reason_and_hour() {
    use AlertState::{Firing, Resolved};
    use Step::{Forged, Misplaced};
    let rule = "refused-record";
    check("none", &[TICK, Step::Foreign, NEXT_HOUR], &[]);
    check("one", &[TICK, Forged], &[(rule, "bad-mac", Firing, 1)]);
    check("before the log has a time", &[Forged, Forged, TICK], &[(rule, "bad-mac", Firing, 2)]);
    check(
        "a storm",
        &[TICK, Forged, Forged, Forged, Step::Tick { seconds: 300 }, Forged],
        &[(rule, "bad-mac", Firing, 1)],
    );
    let both = [(rule, "bad-mac", Firing, 1), (rule, "misplaced", Firing, 1)];
    check("two reasons", &[TICK, Forged, Misplaced, Forged, Misplaced], &both);
    let ended = [(rule, "bad-mac", Firing, 1), (rule, "bad-mac", Resolved, 3)];
    check("the hour is over", &[TICK, Forged, Forged, Forged, NEXT_HOUR], &ended);
    let again = [ended[0], ended[1], (rule, "bad-mac", Firing, 1)];
    check("and comes again", &[TICK, Forged, Forged, Forged, NEXT_HOUR, Forged], &again);
}

#[test]
fn the_alert_names_its_hour_and_what_to_do() {
    let told = messages(&[TICK, Step::Forged, NEXT_HOUR, Step::Forged]);
    let [first, ended, second] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&first.id, first.sequence, ended.sequence), (&ended.id, 0, 1));
    assert_ne!(first.id, second.id, "another hour is another alert");
    assert_eq!((&*first.tenant, &*first.subject.node), ("p-0", "partition:p-0"));
    let hour = (first.occurrence.from.as_deref(), first.occurrence.until.as_deref());
    assert_eq!(hour, (Some("2025-10-09T08:00:00Z"), Some("2025-10-09T09:00:00Z")));
    assert!(first.summary.contains("offset 2") && first.remedy.len() == 2, "{first:?}");
    assert!(ended.resolution.as_deref().is_some_and(|why| why.contains("1 in all")), "{ended:?}");
}

#[test]
fn a_test_alert_begins_and_ends_with_its_record() {
    use AlertState::{Firing, Resolved};
    let drill = |key, message| Step::Drill { key, message };
    let key = "01".repeat(16);
    let both = [("alert-test", &*key, Firing, 1), ("alert-test", &*key, Resolved, 1)];
    check("one", &[TICK, drill(1, "hello")], &both);
    check("its repeat", &[TICK, drill(1, "hello"), drill(1, "hello")], &both);
    check("before the log has a time", &[drill(1, "")], &both);
    let long: &'static str = Box::leak("x".repeat(257).into_boxed_str());
    check("it says too much", &[TICK, drill(1, long)], &[]);

    let told = messages(&[TICK, drill(1, "from the handbook"), drill(2, "")]);
    assert_eq!(told.len(), 4);
    let ids: std::collections::BTreeSet<_> = told.iter().map(|message| &message.id).collect();
    assert_eq!(ids.len(), 2, "each order is an alert of its own");
    for message in &told {
        assert_eq!((&*message.mode, message.severity), ("drill", lineage::rule::Severity::Info));
        assert!(message.summary.starts_with("Test alert, sent on purpose"), "{}", message.summary);
    }
    assert!(told[0].summary.contains("from the handbook"));
}
