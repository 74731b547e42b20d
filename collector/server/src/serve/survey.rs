//! Looks at the stores now and then and shows what it finds as metrics: sizes, backlogs, open alerts, free disk. Every look is
//! bounded; nothing that is recorded depends on it.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lineage::alert::AlertMessage;
use lineage::row::key::{AlertKey, prefix};
use lineage::row::{self, AlertRow, OpenAlertRow};
use store::tables::{self, CheckpointRow, RefusalsRow, Row};
use store::{Read, Scan, Store, StoreError, Table};

use super::Core;
use crate::metrics::{AlertLabel, PartitionLabel, TableLabel};
use crate::publisher::{label_of, name_of};
use crate::recorder::rule_of_row;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);
/// Rows of one table and partition that are counted; a gauge that stands at it says "at least".
const ROWS_MAX: i64 = 10_000;
/// Open alerts of one tenant that are counted: each is read whole, for its severity.
const ALERTS_MAX: usize = 1_000;

/// Alerts that fire, by rule and severity.
type Firing = HashMap<AlertLabel, i64>;

impl Core {
    /// Looks until the server stops.
    pub(super) fn survey(&self) {
        let clock = self.host.clock.as_ref();
        let (mut next, mut shown) = (Duration::ZERO, Firing::new());
        while !self.stop_flag().load(Ordering::Relaxed) {
            if clock.monotonic() >= next {
                next = clock.monotonic() + INTERVAL;
                if let Err(error) = self.look(&mut shown) {
                    tracing::debug!(%error, "the stores could not be surveyed");
                }
            }
            std::thread::sleep(LOOK);
        }
    }

    fn look(&self, shown: &mut Firing) -> Result<(), StoreError> {
        let mut tables: BTreeMap<&'static str, i64> = BTreeMap::new();
        // What fired at the last look and does no more is shown as none.
        let mut firing: Firing = shown.keys().map(|label| (*label, 0)).collect();
        for partition in self.owners().into_iter().flat_map(|owners| owners.all()) {
            let (store, label) = (&partition.store, PartitionLabel { partition: partition.number });
            for size in store.sizes() {
                *tables.entry(size.name).or_default() += gauge(size.bytes);
            }
            let (mut leaves, mut covered) = (0, 0);
            for (name, tenant) in tables::tenants(store)? {
                leaves += tenant.size;
                covered += tables::get::<CheckpointRow>(store, name.as_bytes())?.map_or(0, |row| row.size);
                alerts(store, tenant.number, &mut firing)?;
            }
            refusals(store, &mut firing)?;
            self.metrics.recorder.leaves.get_or_create(&label).set(gauge(leaves));
            self.metrics.publisher.checkpoint_leaves.get_or_create(&label).set(gauge(covered));
            self.metrics.publisher.outbox_rows.get_or_create(&label).set(count(store, Table::Outbox)?);
        }
        for (table, bytes) in tables {
            self.metrics.store.table_bytes.get_or_create(&TableLabel { table }).set(bytes);
        }
        for (label, alerts) in &firing {
            self.metrics.alerts.firing.get_or_create(label).set(*alerts);
        }
        *shown = firing;
        if let Ok(disk) = rustix::fs::statvfs(&self.config.data_dir) {
            self.metrics.store.disk_free_bytes.set(gauge(disk.f_bavail.saturating_mul(disk.f_frsize)));
        }
        Ok(())
    }
}

/// Open alerts of a tenant.
fn alerts(store: &Store, tenant: u32, firing: &mut Firing) -> Result<(), StoreError> {
    let graph = store.graph(tenant);
    for (key, _) in row::scan::<OpenAlertRow, _>(&graph, &prefix(&[]), ALERTS_MAX)? {
        let alert = row::get::<AlertRow, _>(&graph, &AlertKey { alert: key.alert })?;
        let message = alert.and_then(|alert| serde_json::from_slice::<AlertMessage>(&alert.body).ok());
        if let Some(message) = message {
            *firing.entry(AlertLabel { state: "firing", ..label_of(&message) }).or_default() += 1;
        }
    }
    Ok(())
}

/// Open alerts of the partition's own.
fn refusals(store: &Store, firing: &mut Firing) -> Result<(), StoreError> {
    store.scan(Scan::prefix(Table::Refusals, &[]), &mut |reason, row| {
        if RefusalsRow::decode(row).is_some_and(|row| row.told) {
            let (rule, severity) = rule_of_row(&String::from_utf8_lossy(reason));
            let label = AlertLabel { rule, severity: name_of(severity), state: "firing" };
            *firing.entry(label).or_default() += 1;
        }
        ControlFlow::Continue(())
    })
}

fn count(store: &Store, table: Table) -> Result<i64, StoreError> {
    let mut rows = 0;
    store.scan(Scan::prefix(table, &[]), &mut |_, _| {
        rows += 1;
        if rows < ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(rows)
}

fn gauge(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
