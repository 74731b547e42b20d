//! Names of snapshots and of objects, for people and as paths in an object store. Owns the layout; never lists or reads one.
//!
//! | path | what |
//! |---|---|
//! | `manifests/<incarnation>/<partition>/<next offset, 20 digits>` | the signed manifest of a snapshot |
//! | `objects/<digest, 64 hex digits>` | one file, under the digest of its bytes |

use std::fmt;
use std::str::FromStr;

use crate::leaf::Hex;

const MANIFESTS: &str = "manifests";
const OBJECTS: &str = "objects";

/// Which snapshot: shown as `incarnation/partition/offset`, as positions are; the offset is that of the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName {
    /// Incarnation of the partition.
    pub incarnation: Hex<16>,
    /// The partition.
    pub partition: u32,
    /// Offset of the record after the last that it holds.
    pub next_offset: u64,
}

/// The text names no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a snapshot is named INCARNATION/PARTITION/OFFSET, as `ledgerline snapshot list` prints it")]
pub struct SnapshotNameFault;

impl SnapshotName {
    /// Where its manifest stands. As many digits as the greatest offset has: paths sort as offsets do.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{MANIFESTS}/{}/{}/{:020}", self.incarnation, self.partition, self.next_offset)
    }

    /// The folder of every manifest.
    #[must_use]
    pub fn prefix_of_all() -> String {
        MANIFESTS.to_owned()
    }

    /// The folder of one partition's manifests.
    #[must_use]
    pub fn prefix_of(incarnation: Hex<16>, partition: u32) -> String {
        format!("{MANIFESTS}/{incarnation}/{partition}")
    }

    /// Reads [`SnapshotName::path`]; nothing for any other path.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let name = parts(path.strip_prefix(MANIFESTS)?.strip_prefix('/')?)?;
        (name.path() == path).then_some(name)
    }
}

fn parts(text: &str) -> Option<SnapshotName> {
    let mut parts = text.split('/');
    let name = SnapshotName {
        incarnation: Hex::parse(parts.next()?).ok()?,
        partition: parts.next()?.parse().ok()?,
        next_offset: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(name)
}

impl FromStr for SnapshotName {
    type Err = SnapshotNameFault;

    fn from_str(text: &str) -> Result<Self, SnapshotNameFault> {
        parts(text).ok_or(SnapshotNameFault)
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.incarnation, self.partition, self.next_offset)
    }
}

/// Where the object with this digest stands.
#[must_use]
pub fn object_path(digest: &Hex<32>) -> String {
    format!("{OBJECTS}/{digest}")
}

/// The folder of every object.
#[must_use]
pub fn objects_prefix() -> String {
    OBJECTS.to_owned()
}

/// Reads [`object_path`]; nothing for any other path.
#[must_use]
pub fn read_object_path(path: &str) -> Option<Hex<32>> {
    Hex::parse(path.strip_prefix(OBJECTS)?.strip_prefix('/')?).ok()
}
