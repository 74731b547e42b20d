//! `snapshots.*`: where copies of the stores are kept, how often they are made, and what is given up.

use super::keys::Keys;
use crate::snapshot::Place;
use std::collections::BTreeMap;

/// `snapshots.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshots {
    /// `snapshots.url`: a folder, `file:///…`, or `s3://BUCKET/PREFIX`. Empty: none are made, none is restored from.
    pub url: Option<String>,
    /// `snapshots.interval_ms`: between two snapshots of a partition; 0: only when ordered.
    pub interval_ms: u64,
    /// `snapshots.keep`: how many of each partition stay; what is younger than a day stays, too.
    pub keep: usize,
    /// `snapshots.trim`: whether `lineage.events` gives up what lies below the oldest kept snapshot, once that has verified.
    /// Not to be undone: without it, every store can be made from the log alone.
    pub trim: bool,
    /// `snapshots.options.<name>`: options of S3 by the names of `object_store`, over `AWS_…` variables.
    pub options: BTreeMap<String, String>,
}

impl Snapshots {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let url = keys.taken("snapshots.url", None::<String>, |url| match url.as_deref().map(Place::parse) {
            Some(Err(wanted)) => Err(wanted),
            _ => Ok(()),
        });
        let interval_ms = keys.taken("snapshots.interval_ms", 3_600_000, |ms: &u64| match *ms {
            0 | 1_000..=604_800_000 => Ok(()),
            _ => Err("must be 0, or lie between 1000 and 604800000".to_owned()),
        });
        let mut options = BTreeMap::new();
        for (name, value) in keys.take_all("snapshots.options") {
            if Place::knows_option(&name) {
                options.insert(name, value);
            } else {
                keys.fault(
                    &format!("snapshots.options.{name}"),
                    "is no option of S3".to_owned(),
                    "docs/snapshots.md names those that are used most".to_owned(),
                );
            }
        }
        let trim = keys.take("snapshots.trim", false);
        if trim && url.is_none() {
            keys.fault(
                "snapshots.trim",
                "is on and snapshots.url is not set".to_owned(),
                "set snapshots.url, or leave the log whole".to_owned(),
            );
        }
        Self { url, interval_ms, keep: keys.bounded("snapshots.keep", 7, 1..=1_000), trim, options }
    }

    /// Where they are kept, where they are.
    pub fn place(&self) -> Option<Place> {
        // The configuration was checked: what does not parse is not there.
        self.url.as_deref().and_then(|url| Place::parse(url).ok())
    }
}
