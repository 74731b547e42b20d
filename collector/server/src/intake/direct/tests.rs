//! Direct intake over a log that lacks what is written to: no event is blamed for it, and each is taken once it is there.

use super::*;
use crate::intake::world::{World, event};

fn intake(world: &World) -> DirectIntake {
    DirectIntake::new(DirectParts {
        desk: Arc::clone(&world.desk),
        appender: crate::log::Log::appender(&world.log).unwrap(),
        names: world.names.clone(),
        clock: Arc::<crate::clock::ManualClock>::clone(&world.clock),
        random: Arc::<crate::random::SeededRandom>::clone(&world.random),
        metrics: Arc::clone(&world.metrics),
        queue_bytes_max: 1 << 20,
        source: "http",
    })
}

fn submission(payload: String) -> Submission {
    Submission {
        tenant: "default".to_owned(),
        principal: String::new(),
        payload: payload.into(),
        traceparent: None,
        mode: http::Mode::Live,
    }
}

/// What each submission is answered, in a word.
fn answers(intake: &DirectIntake, payloads: &[String]) -> Vec<String> {
    let answers = intake.take(payloads.iter().cloned().map(submission).collect());
    let word = |answer: Result<Accepted, Refused>| match answer {
        Ok(_) => "taken".to_owned(),
        Err(Refused::Rejected(findings)) => format!("rejected {}", findings[0].code),
        Err(Refused::Busy { .. }) => "busy".to_owned(),
        Err(Refused::Unavailable { reason }) => {
            assert!(reason.contains("topics create"), "{reason}");
            format!("unavailable {}", reason.split_whitespace().find(|word| word.contains('/')).unwrap_or_default())
        }
    };
    answers.into_iter().map(word).collect()
}

#[test]
fn a_missing_partition_is_no_fault_of_the_event() {
    let world = World::new();
    let intake = intake(&world);
    let payloads = [event(1), "nonsense".to_owned(), event(2)];
    world.log.recreate(&world.names.events, 0).unwrap();
    assert_eq!(answers(&intake, &payloads), ["unavailable lineage.events/0;"; 3]);
    world.log.recreate(&world.names.events, 1).unwrap();
    assert_eq!(answers(&intake, &payloads), ["taken", "rejected not-json", "taken"], "sent again");
    assert_eq!(world.events(), 2);
}

#[test]
fn what_can_not_be_reported_is_not_refused() {
    let world = World::new();
    let intake = intake(&world);
    let payloads = [event(1), "nonsense".to_owned()];
    world.log.recreate(&world.names.rejected, 0).unwrap();
    assert_eq!(answers(&intake, &payloads), ["taken", "unavailable lineage.rejected/0;"]);
    world.log.recreate(&world.names.rejected, 1).unwrap();
    assert_eq!(answers(&intake, &payloads), ["taken", "rejected not-json"], "sent again");
    assert_eq!(world.log.records(&world.names.rejected).len(), 1);
}
