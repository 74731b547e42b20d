//! A deployment on the embedded log, worked on without a server: the same API, answered in this process. Holds the folder as
//! a server would, so that of the two only one is at work. Opened to be read it writes nothing into the log.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use store::{Read as _, Scan, Table};

use super::{Core, Host, StartError, edge};
use crate::config::Config;
use crate::http::Api;
use crate::reads::StoreReads;
use crate::worker::{Partition, State};

/// Longest wait for what an interrupted server left to be applied and published.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// What a folder is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be asked. There must be a ledger in it.
    Read,
    /// To take events and orders, too. A ledger is begun where there is none.
    Write,
}

/// An open folder.
pub struct Folder {
    core: Arc<Core>,
    api: Api,
    purpose: Purpose,
}

impl Folder {
    /// Opens the folder that `data_dir` names. What its log holds and its stores do not is applied and published first, as a
    /// server's start would: so the answers are those of that server. Tokens don't count: who reads the folder reads it all.
    ///
    /// # Errors
    /// [`StartError`]; a log that is [`crate::log::LogError::Locked`] is a server's at the moment.
    pub fn open(mut config: Config, host: Host, purpose: Purpose) -> Result<Self, StartError> {
        config.http.tokens.clear();
        let core = match purpose {
            Purpose::Read => Core::open_stopped(config, host)?,
            Purpose::Write => Core::open(config, host)?,
        };
        let reads = Arc::new(StoreReads::new(&core));
        let api = edge(&core, &reads)?;
        let folder = Self { core, api, purpose };
        let begun = match purpose {
            Purpose::Read => folder.core.work_off(),
            Purpose::Write => folder.core.work("").and_then(|()| folder.core.keep_snapshots(false)),
        };
        match begun.and_then(|()| reads.follow()) {
            Ok(()) => folder.settle(),
            Err(error) => {
                folder.close();
                return Err(error);
            }
        }
        Ok(folder)
    }

    /// Asks the API: method, path with its query, headers, body. Gives status and body.
    ///
    /// # Errors
    /// A sentence, when this can't be a request at all.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::from(body)).map_err(|error| error.to_string())?;
        Ok(self.api.answer(request).await)
    }

    /// Gives the folder up. Returns whether everything was done that was at hand; what was not is done by whoever opens it next.
    pub fn close(&self) -> bool {
        let limit = Duration::from_millis(self.core.config.shutdown_timeout_ms);
        match self.purpose {
            Purpose::Read => self.core.close(limit),
            Purpose::Write => self.core.shutdown(limit),
        }
    }

    /// Waits until every partition has applied and published what the log held, or has halted and says why in its status.
    fn settle(&self) {
        let clock = self.core.host.clock.as_ref();
        let until = clock.monotonic() + SETTLE_MAX;
        let partitions = self.core.owners().map(|owners| owners.all()).unwrap_or_default();
        for partition in partitions {
            while !self.is_settled(&partition) && clock.monotonic() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn is_settled(&self, partition: &Partition) -> bool {
        let status = partition.status();
        match status.state {
            State::Starting | State::CatchingUp => false,
            State::Halted { .. } | State::Stopped => true,
            State::Running => {
                let end = self.core.log.range(&self.core.names.events, partition.number).map(|range| range.end);
                end.is_ok_and(|end| status.next_offset >= end)
                    && (status.unpublished.is_some() || nothing_waits(partition))
            }
        }
    }
}

fn nothing_waits(partition: &Partition) -> bool {
    let mut empty = true;
    let scanned = partition.store.scan(Scan::prefix(Table::Outbox, &[]), &mut |_, _| {
        empty = false;
        ControlFlow::Break(())
    });
    scanned.is_ok() && empty
}
