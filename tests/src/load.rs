//! Clients that send all the time: one event or a batch, again what was not answered, now and then again what was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::witness::Sent;
use crate::{Random, Witness, run_event};

/// A client that is sent away asks again this much later.
const PAUSE: Duration = Duration::from_millis(5);
/// Events in a batch, at most.
const BATCH_MAX: usize = 20;

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts that many clients against a server; what they send and hear, the witness learns.
    pub fn start(url: &str, witness: &Arc<Witness>, clients: u64, seed: u64) -> Self {
        let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let client = |number: u64| {
            let (stop, refused, witness) = (Arc::clone(&stop), Arc::clone(&refused), Arc::clone(witness));
            let (url, mut random) = (url.to_owned(), Random::new(seed ^ number.wrapping_mul(0x9e37_79b9)));
            std::thread::spawn(move || {
                let sender = reqwest::blocking::Client::builder().timeout(Duration::from_secs(20)).build();
                let Ok(sender) = sender else { return };
                while !stop.load(Ordering::Relaxed) {
                    let count = if random.once_in(4) { random.between(2, BATCH_MAX) } else { 1 };
                    let events = witness.next(count);
                    let taken = send(&sender, &url, &events, &refused);
                    let (yes, no): (Vec<_>, Vec<_>) = events.iter().zip(taken).partition(|(_, taken)| *taken);
                    let of = |pairs: Vec<(&Sent, bool)>| pairs.into_iter().map(|(event, _)| *event).collect::<Vec<_>>();
                    let (yes, no) = (of(yes), of(no));
                    witness.acknowledged(&yes);
                    witness.unsure(&no);
                    if !no.is_empty() {
                        std::thread::sleep(PAUSE);
                    } else if random.once_in(10) {
                        // A client that did not hear the answer sends again; what is heard now changes nothing.
                        send(&sender, &url, &yes, &refused);
                    }
                }
            })
        };
        let threads = (0..clients).map(client).collect();
        Self { stop, refused, threads }
    }

    /// How often a client was told to come back later, with `Retry-After`.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Ends them, each after the request in hand.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            // A client that panicked has told so already.
            let _ = thread.join();
        }
    }
}

/// Sends events as one, or as a batch; says of each whether it is durable.
fn send(sender: &reqwest::blocking::Client, url: &str, events: &[Sent], refused: &AtomicU64) -> Vec<bool> {
    let bodies: Vec<String> = events.iter().map(|(run, kind)| run_event(*run, kind)).collect();
    let (path, body) = match bodies.as_slice() {
        [one] => ("/api/v1/lineage", one.clone()),
        several => ("/api/v1/lineage/batch", format!("[{}]", several.join(","))),
    };
    let request = sender.post(format!("{url}{path}")).header("content-type", "application/json").body(body);
    let Ok(answer) = request.send() else { return vec![false; events.len()] };
    if answer.status() == 503 && answer.headers().contains_key("retry-after") {
        refused.fetch_add(1, Ordering::Relaxed);
    }
    match (answer.status().as_u16(), events.len()) {
        (201, 1) => vec![true],
        (200, count) => {
            let Ok(receipt) = answer.json::<Value>() else { return vec![false; count] };
            let failed: Vec<u64> = receipt["failed_events"]
                .as_array()
                .map(|rows| rows.iter().filter_map(|row| row["index"].as_u64()).collect())
                .unwrap_or_default();
            (0..count as u64).map(|index| !failed.contains(&index)).collect()
        }
        (_, count) => vec![false; count],
    }
}
