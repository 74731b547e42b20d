//! Questions asked all the time, of any process about any tenant: each must be answered, or say clearly when to ask again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::fleet::ask;

/// Between two questions.
const PACE: Duration = Duration::from_millis(20);

const PATHS: [&str; 6] =
    ["/v1/status", "/v1/events?limit=5", "/v1/alerts?limit=5", "/v1/jobs?limit=5", "/v1/checkpoint", "/v1/partitions"];

/// What came of them.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Answered with 200, or with 404 by a tenant's owner that has nothing of that name yet.
    pub answered: u64,
    /// Answered with 503 and `Retry-After`.
    pub later: u64,
    /// Anything else.
    pub wrong: Vec<String>,
}

/// Questions being asked. Dropped, it stops.
#[derive(Debug)]
pub struct Questions {
    urls: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Asked>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Questions {
    /// Begins to ask `urls` in turn about `tenants` in turn.
    pub fn start(urls: &[String], tenants: &[&str]) -> Self {
        let (urls, asked) = (Arc::new(Mutex::new(urls.to_vec())), Arc::<Mutex<Asked>>::default());
        let stop = Arc::new(AtomicBool::new(false));
        let tenants: Vec<String> = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
        let thread = {
            let (urls, asked, stop) = (Arc::clone(&urls), Arc::clone(&asked), Arc::clone(&stop));
            std::thread::spawn(move || {
                let Ok(client) = reqwest::blocking::Client::builder().timeout(Duration::from_secs(30)).build() else {
                    return;
                };
                for turn in 0_usize.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let (path, tenant) = (PATHS[turn % PATHS.len()], &tenants[turn / PATHS.len() % tenants.len()]);
                    // Held while asking: a process is stopped only once no question is on its way to it.
                    let urls = urls.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(url) = urls.get(turn % urls.len().max(1)) {
                        let answer = ask(&client, url, path, tenant);
                        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                        match answer {
                            Ok(answer) => asked.judge(
                                answer.status,
                                answer.retry_after,
                                &format!("{path} of {tenant}: {} {}", answer.status, answer.body),
                            ),
                            Err(error) => asked.wrong.push(format!("{path} of {tenant} at {url}: {error}")),
                        }
                    }
                    drop(urls);
                    std::thread::sleep(PACE);
                }
            })
        };
        Self { urls, asked, stop, thread: Some(thread) }
    }

    /// Asks these from now on; returns once no question is on its way to any other.
    pub fn ask_of(&self, urls: &[String]) {
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) = urls.to_vec();
    }

    /// Stops; gives what came of them.
    pub fn stop(mut self) -> Asked {
        self.end();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Asked {
    /// Judges one answer; `what` names it.
    pub fn judge(&mut self, status: u16, retry_after: bool, what: &str) {
        match (status, retry_after) {
            (200 | 404, _) => self.answered += 1,
            (503, true) => self.later += 1,
            _ => self.wrong.push(what.to_owned()),
        }
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        self.end();
    }
}
