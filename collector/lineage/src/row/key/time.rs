//! Times in keys, inverted so that the newest comes first.

/// A time so that the newest sorts first. Its inverse is itself, through [`time_of`].
pub fn newest_first(time_ns: i64) -> [u8; 8] {
    (!(time_ns.cast_unsigned() ^ (1 << 63))).to_be_bytes()
}

/// The time behind [`newest_first`].
pub fn time_of(bytes: [u8; 8]) -> i64 {
    (!u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

/// A time in a key, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewestFirst(pub(super) [u8; 8]);

impl NewestFirst {
    /// From nanoseconds since the epoch.
    pub fn new(time_ns: i64) -> Self {
        NewestFirst(newest_first(time_ns))
    }

    /// As a part of a key.
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Nanoseconds since the epoch.
    pub fn time_ns(self) -> i64 {
        time_of(self.0)
    }
}
