//! What producers send: runs of a few jobs that start and end, some of them failing, and a payload now and then that is no event.

use server::random::Random;

/// One payload, and whether it is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The bytes.
    pub text: String,
    /// Intake takes it.
    pub sound: bool,
    /// The input topic it goes to, by number.
    pub topic: usize,
}

const JOBS: u64 = 4;

/// `runs` runs with two events each.
pub fn payloads(random: &dyn Random, runs: u64, topics: usize) -> Vec<Payload> {
    let mut payloads = Vec::new();
    for run in 0..runs {
        let job = random.below(JOBS);
        let topic = usize::try_from(random.below(topics as u64)).unwrap();
        let end = ["COMPLETE", "COMPLETE", "FAIL", "ABORT"][usize::try_from(random.below(4)).unwrap()];
        for (minute, kind) in [(run, "START"), (run + 3, end)] {
            let minute = minute % 60;
            let text = format!(
                r#"{{"eventType":"{kind}","eventTime":"2026-03-01T06:{minute:02}:00Z","producer":"https://example.test/p","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent","run":{{"runId":"01920000-0000-7000-8000-{run:012}"}},"job":{{"namespace":"shop","name":"job-{job}"}},"inputs":[{{"namespace":"db","name":"t{job}"}}],"outputs":[{{"namespace":"db","name":"t{}"}}]}}"#,
                job + 1
            );
            payloads.push(Payload { text, sound: true, topic });
        }
        if random.once_in(8) {
            payloads.push(Payload { text: format!("{{\"no event\": {run}"), sound: false, topic });
        }
    }
    payloads
}
