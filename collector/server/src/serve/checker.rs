//! The continuous check: on a thread of its own, a little at a time, every ledger of this process against itself. Each look takes
//! some tile by chance; a walk goes through all of them, evenly over its period. What is wrong is recorded once, as a leaf and an
//! alert; a walk that found nothing is a leaf.
//! Never reads what may still grow: full tiles alone, which no writer touches again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::Tenant;
use ledger::digest::{Context, digest};
use ledger::leaf::{CheckFault, CheckScope, IntegrityCheck, Label};
use ledger::tile::TILE_WIDTH;
use store::tables::{self, TenantRow};

use super::{Core, StartError};
use crate::fsck::{Fsck, FsckError, FsckFault};
use crate::recorder::upkeep::{CheckContent, INTEGRITY_CHECK};
use crate::worker::{Partition, State};

const LOOK: Duration = Duration::from_millis(20);
/// The closest that looks come: each may read some megabytes.
const INTERVAL_MIN: Duration = Duration::from_millis(20);
/// Faults that this process remembers to have told.
const TOLD_MAX: usize = 10_000;
const WIDTH: u64 = TILE_WIDTH as u64;

const CHECK_ORDER: Context = Context::new("ledgerline v1 integrity check");

/// A ledger that is here.
struct Tree {
    partition: Arc<Partition>,
    tenant: String,
    row: TenantRow,
}

/// A way through all tiles of one ledger.
#[derive(Clone, Copy)]
struct Walk {
    next: u64,
    checked: u64,
    began: Duration,
    began_at_ns: i64,
}

/// What the thread remembers.
struct Checker {
    core: Arc<Core>,
    walks: BTreeMap<String, Walk>,
    told: BTreeSet<(String, &'static str, u64)>,
    looks: u64,
}

impl Core {
    /// Starts the check, where it is wanted.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn check_ledgers(self: &Arc<Self>) -> Result<(), StartError> {
        if self.config.integrity.interval_ms == 0 {
            return Ok(());
        }
        let core = Arc::clone(self);
        self.spawn("check-ledgers", move || {
            let (stop, clock) = (core.stop_flag(), Arc::clone(&core.host.clock));
            let mut checker = Checker { core, walks: BTreeMap::new(), told: BTreeSet::new(), looks: 0 };
            let mut due = clock.monotonic();
            while !stop.load(Ordering::Relaxed) {
                if clock.monotonic() >= due {
                    let pause = checker.look();
                    due = clock.monotonic() + pause;
                }
                std::thread::sleep(LOOK);
            }
        })
    }
}

impl Checker {
    /// One look; gives the pause before the next.
    fn look(&mut self) -> Duration {
        let trees = self.trees();
        let tiles: u64 = trees.iter().map(|tree| tree.row.size / WIDTH).sum();
        let interval = Duration::from_millis(self.core.config.integrity.interval_ms);
        trees.iter().for_each(|tree| self.walk(tree, tree.row.size / WIDTH));
        let turn = usize::try_from(self.looks).ok().and_then(|looks| looks.checked_rem(trees.len()));
        if let Some(tree) = turn.and_then(|turn| trees.get(turn)).filter(|tree| tree.row.size >= WIDTH) {
            let mut drawn = [0; 8];
            self.core.host.random.fill(&mut drawn);
            self.tile(tree, u64::from_le_bytes(drawn) % (tree.row.size / WIDTH), CheckScope::Sample);
        }
        self.looks = self.looks.wrapping_add(1);
        let wanted = u32::try_from(tiles.max(1)).map_or(INTERVAL_MIN, |tiles| self.period() / tiles);
        interval.min(wanted).max(INTERVAL_MIN)
    }

    fn period(&self) -> Duration {
        Duration::from_millis(self.core.config.integrity.period_ms)
    }

    /// The ledgers of partitions that are at work here.
    fn trees(&self) -> Vec<Tree> {
        let partitions = self.core.owners().map(|owners| owners.all()).unwrap_or_default();
        let running = partitions.into_iter().filter(|partition| matches!(partition.status().state, State::Running));
        running
            .flat_map(|partition| {
                let tenants = tables::tenants(&partition.store).unwrap_or_default();
                tenants.into_iter().map(move |(tenant, row)| Tree { partition: Arc::clone(&partition), tenant, row })
            })
            .collect()
    }

    /// The next tile of a walk, where it is due; at its end the whole is recorded as sound, and the next walk begins.
    fn walk(&mut self, tree: &Tree, full: u64) {
        let (clock, period) = (&self.core.host.clock, self.period());
        let (now, now_ns) = (clock.monotonic(), clock.now_ns());
        let begun = Walk { next: 0, checked: 0, began: now, began_at_ns: now_ns };
        let mut walk = *self.walks.entry(tree.tenant.clone()).or_insert(begun);
        // Evenly: of so many tiles the n-th is due after n of as many parts of the period.
        let passed = now.saturating_sub(walk.began).as_nanos() * u128::from(full);
        if full == 0 || passed < period.as_nanos() * u128::from(walk.next + 1) {
            return;
        }
        if self.tile(tree, walk.next, CheckScope::Store) {
            walk.checked += WIDTH;
        }
        walk.next += 1;
        if walk.next >= full {
            let end = walk.next * WIDTH;
            let found = self.with(tree, |fsck| fsck.published());
            let sound = self.judged(tree, CheckScope::Store, (0, end), found);
            if sound && walk.checked == end {
                self.record(tree, &check(CheckScope::Store, (0, end), walk.checked, None, (walk.began_at_ns, now_ns)));
            }
            walk = begun;
        }
        self.walks.insert(tree.tenant.clone(), walk);
    }

    /// Checks one tile and those above it that it completes; whether they are sound.
    fn tile(&mut self, tree: &Tree, number: u64, scope: CheckScope) -> bool {
        let found = self.with(tree, |fsck| {
            fsck.sample(number * WIDTH)?;
            fsck.above(number)
        });
        self.judged(tree, scope, (number * WIDTH, (number + 1) * WIDTH), found)
    }

    fn with<T>(&self, tree: &Tree, check: impl FnOnce(&Fsck<'_>) -> Result<T, FsckError>) -> Result<T, FsckError> {
        let desk = &self.core.desk;
        let identity = Tenant::parse_recorded(&tree.tenant).ok().and_then(|tenant| desk.keyring.identity(&tenant));
        check(&Fsck {
            store: &tree.partition.store,
            tenant: &tree.tenant,
            row: &tree.row,
            identity,
            schemas: &desk.schemas,
            limits: &desk.limits,
        })
    }

    /// Records what was found wrong, once.
    fn judged(&mut self, tree: &Tree, scope: CheckScope, leaves: (u64, u64), found: Result<(), FsckError>) -> bool {
        let fault = match found {
            Ok(()) => return true,
            Err(FsckError::Fault(fault)) => fault,
            Err(error) => {
                tracing::warn!(tenant = %tree.tenant, %error, "a check of the ledger could not be done");
                return false;
            }
        };
        if self.told.len() < TOLD_MAX && self.told.insert((tree.tenant.clone(), fault.code, fault.leaf)) {
            tracing::error!(tenant = %tree.tenant, %fault, "the stored ledger is not what was recorded");
            let now_ns = self.core.host.clock.now_ns();
            self.record(tree, &check(scope, leaves, leaves.1 - leaves.0, Some(&fault), (now_ns, now_ns)));
        }
        false
    }

    /// Appends the record of a check; its key follows from what it says, so that it counts once however often it is found.
    fn record(&self, tree: &Tree, content: &CheckContent) {
        let bytes = match serde_json::to_vec(content) {
            Ok(bytes) => bytes,
            Err(error) => return tracing::error!(%error, "a check can't be written down"),
        };
        let what = match &content.check.first_fault {
            Some(fault) => format!("{}/{}", fault.code.as_str(), fault.leaf),
            None => format!("sound/{}", content.check.began_at_ns),
        };
        let mut order = [0; 16];
        order.copy_from_slice(&digest(CHECK_ORDER, &[tree.tenant.as_bytes(), what.as_bytes()])[..16]);
        if let Err(reason) = self.core.append_signed(&tree.tenant, INTEGRITY_CHECK, order, &bytes) {
            tracing::warn!(tenant = %tree.tenant, %reason, "a check of the ledger could not be recorded");
        }
    }
}

fn check(
    scope: CheckScope,
    (first_leaf, end_leaf): (u64, u64),
    checked: u64,
    fault: Option<&FsckFault>,
    (began_at_ns, ended_at_ns): (i64, i64),
) -> CheckContent {
    let code = |fault: &FsckFault| Label::parse(fault.code).expect("codes are kebab-case constants");
    let first_fault = fault.map(|fault| CheckFault { leaf: fault.leaf, code: code(fault) });
    CheckContent {
        check: IntegrityCheck {
            scope,
            first_leaf,
            end_leaf,
            checked,
            faults: u64::from(fault.is_some()),
            first_fault,
            began_at_ns,
            ended_at_ns,
        },
        expected: fault.map(|fault| fault.what.chars().take(400).collect()).unwrap_or_default(),
    }
}
