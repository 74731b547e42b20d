//! A core among others: its seat in the group that shares partitions out, and where the partitions of others are answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::owners::{Owners, SESSION_TIMEOUT};
use super::{Core, StartError, parts};
use crate::http::Home;
use crate::log::{LogError, seat};

impl Core {
    /// Follows what the owners of partitions say.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn follow_peers(self: &Arc<Self>, advertised_url: &str) -> Result<(), StartError> {
        let url = self.config.publisher.advertised_url.clone().unwrap_or_else(|| advertised_url.to_owned());
        *self.advertised_url.lock() = url;
        let core = Arc::clone(self);
        self.spawn("follow-owners", move || {
            let homes = &core.desk.homes;
            let heard = || {
                let version = core.peers.readable(homes.count(), core.build.envelope_version);
                core.desk.version.set(version);
            };
            core.peers.follow(core.log.as_ref(), &core.names.recorders, homes, &heard, &core.stop_flag());
        })
    }

    /// Comes back once another process has taken this one's seat; says so.
    pub async fn displaced(&self) -> String {
        let mut displaced = self.displaced.subscribe();
        let told = displaced.wait_for(Option::is_some).await;
        told.ok().and_then(|why| why.clone()).unwrap_or_default()
    }

    /// Takes part in sharing the partitions out until told to leave; a standby waits for its turn first.
    pub(super) fn share(&self, owners: &Arc<Owners>) {
        let mut shared = match &self.config.node.standby_for {
            None => owners.share(parts::seat(&self.config, "recorder").as_deref(), &self.leave),
            Some(primary) => self.stand_by(owners, primary),
        };
        let seat = self.config.node.standby_for.as_ref().map(|primary| parts::seat_of("recorder", primary));
        if let Some(seat) = seat.or_else(|| parts::seat(&self.config, "recorder")) {
            while matches!(shared, Err(LogError::Fenced { .. })) && self.was_a_shadow(&seat) {
                tracing::warn!(seat, "the group had shut this process out for its own shadow; it joins again");
                shared = owners.share(Some(&seat), &self.leave);
            }
        }
        match shared {
            Ok(()) => {}
            Err(LogError::Fenced { what }) => {
                let node = parts::node(&self.config);
                self.displaced.send_replace(Some(format!("another process has taken the seat of node {node}: {what}")));
            }
            Err(error) => self.gave_up(format!("partitions are no longer shared with this process: {error}")),
        }
    }

    /// Whether nobody has taken the seat that this process was shut out of: it falls free by itself, and no other process says
    /// that it owns what this one owned.
    fn was_a_shadow(&self, seat: &str) -> bool {
        let marks = self.peers.all().into_iter().filter(|(_, mark)| mark.advertised_url == self.url());
        let ours: Vec<u32> = marks.map(|(partition, _)| partition).collect();
        let taken = || {
            let elsewhere =
                |partition: &u32| self.peers.of(*partition).is_some_and(|mark| mark.advertised_url != self.url());
            ours.iter().any(elsewhere)
        };
        let (group, clock) = (self.names.group("recorder"), self.host.clock.as_ref());
        seat::falls_free(self.log.as_ref(), (&group, seat), SESSION_TIMEOUT, clock, &taken, &self.stop_flag())
    }

    /// Where others reach this process.
    pub(crate) fn url(&self) -> String {
        self.advertised_url.lock().clone()
    }

    /// Tells a standby to take over; false where this process stands by for none.
    pub(crate) fn order_takeover(&self) -> bool {
        let stands_by = self.config.node.standby_for.is_some();
        self.takeover.fetch_or(stands_by, Ordering::Relaxed);
        stands_by
    }

    /// Where a partition's questions are answered.
    pub(crate) fn home(&self, partition: u32) -> Home {
        let reason = match self.owners() {
            None => "this process is starting or stopping".to_owned(),
            Some(owners) => match owners.get(partition) {
                // Alone with its log it answers with what it has, and says how fresh that is.
                Some(_) if !self.config.kafka.is_configured() => return Home::Here,
                Some(open) if open.serves() => return Home::Here,
                Some(open) if open.disowned().is_none() => "this process has it and is catching up".to_owned(),
                _ => match owners.unopened().into_iter().find(|(unopened, _)| *unopened == partition) {
                    Some((_, why)) => format!("this process has it and can't open its store: {why}"),
                    None if !self.config.kafka.is_configured() => "its store is being opened".to_owned(),
                    // A ledger that was recovered has a watermark before it has an owner.
                    None => match self.peers.of(partition).filter(|mark| !mark.advertised_url.is_empty()) {
                        Some(mark) if mark.advertised_url != self.url() => {
                            return Home::At { partition, url: mark.advertised_url };
                        }
                        Some(_) => "this process had it last, and no other has taken it up yet".to_owned(),
                        None => "no process has taken it up yet".to_owned(),
                    },
                },
            },
        };
        Home::OnItsWay { partition, reason }
    }
}
