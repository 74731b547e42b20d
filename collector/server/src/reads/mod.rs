//! Answers to the API's questions, from the stores and from what was published. Never writes, never answers for a partition
//! that another process has, and never shows a checkpoint or an alert before the transaction that published it.

mod alerts;
mod body;
mod events;
mod evidence;
mod facts;
mod keys;
mod lineage;
mod nodes;
mod proofs;
mod rejected;
mod runs;
mod scope;
mod served;
mod standing;
mod status;
mod tail;
mod tree;
mod uses;

use std::sync::Arc;

use ledger::proof::ProofFile;
use ledger::tile::TilePath;
use tokio::sync::watch;

use self::alerts::Message;
use self::rejected::Refusal;
use self::scope::Scope;
use self::tail::{Tail, TailRow};
use crate::http::model::query::{
    AlertsQuery, ConsistencyQuery, EventsQuery, LineageQuery, NodesQuery, ProofQuery, RejectedQuery, RunsQuery,
    SearchQuery,
};
use crate::http::model::{
    Alert, AlertSummary, Checkpoint, Consistency, Dataset, DatasetSummary, Direction, Event, EventSummary, Job,
    JobSummary, KeyOrderOutcome, Known, Lineage, PartitionStatus, Readiness, Rejected, RejectedSummary, Run,
    RunSummary, SearchHit, Status, TreeKeys,
};
use crate::http::{Found, Home, Payload, Read, ReadError, Reads, Span};
use crate::serve::{Core, StartError};

/// Reads over a core.
pub struct StoreReads {
    core: Arc<Core>,
    alerts: Arc<Tail<Message>>,
    rejected: Arc<Tail<Refusal>>,
}

impl StoreReads {
    /// Reads over `core`; lists of alerts and rejections fill once [`StoreReads::follow`] was called.
    pub fn new(core: &Arc<Core>) -> Self {
        Self {
            alerts: Arc::new(Tail::new(&core.names.alerts, alerts::MESSAGES_MAX)),
            rejected: Arc::new(Tail::new(&core.names.rejected, rejected::ROWS_MAX)),
            core: Arc::clone(core),
        }
    }

    /// Follows the topics behind those lists, until the core stops.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn follow(&self) -> Result<(), StartError> {
        self.follow_one("show-alerts", &self.alerts)?;
        self.follow_one("show-rejected", &self.rejected)
    }

    fn follow_one<R: TailRow + 'static>(&self, name: &'static str, tail: &Arc<Tail<R>>) -> Result<(), StartError> {
        let (tail, log, stop) = (Arc::clone(tail), Arc::clone(&self.core.log), self.core.stop_flag());
        let progress = Arc::clone(&self.core.progress);
        self.core.spawn(name, move || {
            tail.follow(log.as_ref(), &|| progress.send_modify(|count| *count = count.wrapping_add(1)), &stop);
        })
    }

    /// Answers one question about one tenant.
    fn ask<T>(&self, tenant: &str, answer: impl FnOnce(&Scope) -> Result<T, ReadError>) -> Read<T> {
        let scope = Scope::of(&self.core, tenant)?;
        if let Some(reason) = scope.partition.disowned() {
            return Err(ReadError::Unavailable { reason });
        }
        let body = answer(&scope)?;
        Ok(scope.answer(body))
    }
}

impl Reads for StoreReads {
    fn progress(&self) -> watch::Receiver<u64> {
        self.core.progress.subscribe()
    }

    fn home(&self, tenant: &str) -> Home {
        self.core.home(self.core.desk.homes.of(tenant).partition)
    }

    fn homes(&self) -> Vec<Home> {
        (0..self.core.desk.homes.count()).map(|partition| self.core.home(partition)).collect()
    }

    fn partitions(&self) -> Result<Vec<PartitionStatus>, ReadError> {
        standing::partitions(&self.core)
    }

    fn take_over(&self) -> bool {
        self.core.order_takeover()
    }

    fn readiness(&self) -> Readiness {
        standing::readiness(&self.core)
    }

    fn keys(&self, tenant: &str) -> Read<Vec<TreeKeys>> {
        self.ask(tenant, |scope| keys::trees(&self.core, scope, tenant))
    }

    fn key_order(&self, tenant: &str, order: &[u8; 16]) -> Read<KeyOrderOutcome> {
        self.ask(tenant, |scope| keys::outcome(scope, order))
    }

    fn known(&self, tenant: &str) -> Result<Known, ReadError> {
        Ok(Scope::of(&self.core, tenant)?.known)
    }

    fn status(&self, tenant: &str) -> Read<Status> {
        // Also of a partition that shows nothing else: here is said why.
        let scope = Scope::of(&self.core, tenant)?;
        let body = status::status(&self.core, &scope, tenant)?;
        Ok(scope.answer(body))
    }

    fn lineage(&self, tenant: &str, direction: Direction, query: &LineageQuery) -> Read<Lineage> {
        self.ask(tenant, |scope| lineage::lineage(scope, direction, query))
    }

    fn runs(&self, tenant: &str, query: &RunsQuery, span: &Span) -> Found<RunSummary> {
        self.ask(tenant, |scope| runs::list(scope, query, span))
    }

    fn run(&self, tenant: &str, run_id: &str) -> Read<Run> {
        self.ask(tenant, |scope| runs::show(scope, &self.core.desk, run_id))
    }

    fn jobs(&self, tenant: &str, query: &NodesQuery, span: &Span) -> Found<JobSummary> {
        self.ask(tenant, |scope| nodes::jobs(scope, query, span))
    }

    fn job(&self, tenant: &str, node: &str) -> Read<Job> {
        self.ask(tenant, |scope| nodes::job(scope, node))
    }

    fn datasets(&self, tenant: &str, query: &NodesQuery, span: &Span) -> Found<DatasetSummary> {
        self.ask(tenant, |scope| nodes::datasets(scope, query, span))
    }

    fn dataset(&self, tenant: &str, node: &str) -> Read<Dataset> {
        self.ask(tenant, |scope| nodes::dataset(scope, node))
    }

    fn search(&self, tenant: &str, query: &SearchQuery, span: &Span) -> Found<SearchHit> {
        self.ask(tenant, |scope| nodes::search(scope, query, span))
    }

    fn events(&self, tenant: &str, query: &EventsQuery, span: &Span) -> Found<EventSummary> {
        self.ask(tenant, |scope| events::list(scope, query, span))
    }

    fn event(&self, tenant: &str, key: &str) -> Read<Event> {
        self.ask(tenant, |scope| events::show(scope, &self.core.desk, key))
    }

    fn event_body(&self, tenant: &str, key: &str) -> Read<Payload> {
        self.ask(tenant, |scope| events::body(scope, key))
    }

    fn alerts(&self, tenant: &str, query: &AlertsQuery, span: &Span) -> Found<AlertSummary> {
        self.ask(tenant, |_| alerts::list(&self.alerts, tenant, query, span))
    }

    fn alert(&self, tenant: &str, alert_id: &str) -> Read<Alert> {
        self.ask(tenant, |scope| alerts::show(&self.alerts, scope, tenant, alert_id))
    }

    fn rejected(&self, tenant: &str, query: &RejectedQuery, span: &Span) -> Found<RejectedSummary> {
        self.ask(tenant, |_| rejected::list(&self.rejected, tenant, query, span))
    }

    fn rejection(&self, tenant: &str, key: &str) -> Read<Rejected> {
        let (log, topic) = (self.core.log.as_ref(), &self.core.names.rejected);
        self.ask(tenant, |_| rejected::show(&self.rejected, log, topic, &self.core.desk, tenant, key))
    }

    fn rejected_payload(&self, tenant: &str, key: &str) -> Read<Payload> {
        let (log, topic) = (self.core.log.as_ref(), &self.core.names.rejected);
        self.ask(tenant, |_| rejected::payload(&self.rejected, log, topic, tenant, key))
    }

    fn checkpoint(&self, tenant: &str) -> Read<Checkpoint> {
        self.ask(tenant, |scope| status::checkpoint(&self.core, scope, tenant))
    }

    fn tile(&self, tenant: &str, path: &TilePath) -> Read<Vec<u8>> {
        self.ask(tenant, |scope| tree::tile(scope, tenant, path))
    }

    fn bodies(&self, tenant: &str, path: &TilePath) -> Read<Vec<u8>> {
        self.ask(tenant, |scope| tree::bodies(scope, tenant, path))
    }

    fn proof(&self, tenant: &str, query: &ProofQuery, may_read_bodies: bool) -> Read<ProofFile> {
        self.ask(tenant, |scope| proofs::proof(scope, &self.alerts, tenant, query, may_read_bodies))
    }

    fn consistency(&self, tenant: &str, query: &ConsistencyQuery) -> Read<Consistency> {
        self.ask(tenant, |scope| tree::consistency(scope, tenant, query))
    }
}
