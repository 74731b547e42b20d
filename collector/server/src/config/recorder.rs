//! `recorder.*`: how the log is cut into batches and how time enters it.

use super::keys::Keys;

/// `recorder.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// `recorder.partitions`: partitions of `lineage.events`. Genesis pins it; another count halts.
    pub partitions: u32,
    /// `recorder.batch_records_max`: envelopes applied in one commit. Invisible in the result.
    pub batch_records_max: usize,
    /// `recorder.batch_bytes_max`: bytes of envelopes in one commit.
    pub batch_bytes_max: usize,
    /// `recorder.tick_interval_ms`: how often the passing of time is written into each partition.
    pub tick_interval_ms: u64,
    /// `recorder.tick_jump_max_ms`: a tick further ahead than this advances time by this much and is flagged.
    pub tick_jump_max_ms: u64,
    /// `recorder.block_cache_bytes_max`: cache shared by all partitions of this process.
    pub block_cache_bytes_max: usize,
}

impl Recorder {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let tick_interval_ms = keys.bounded("recorder.tick_interval_ms", 10_000, 10..=600_000);
        let tick_jump_max_ms = keys.bounded("recorder.tick_jump_max_ms", 3_600_000, 1_000..=604_800_000);
        if tick_jump_max_ms < tick_interval_ms {
            keys.fault(
                "recorder.tick_jump_max_ms",
                format!("is {tick_jump_max_ms}, less than one tick"),
                format!("set it to at least recorder.tick_interval_ms ({tick_interval_ms})"),
            );
        }
        Self {
            partitions: keys.bounded("recorder.partitions", 1, 1..=1_024),
            batch_records_max: keys.bounded("recorder.batch_records_max", 1_000, 1..=100_000),
            batch_bytes_max: keys.bounded("recorder.batch_bytes_max", 16 << 20, 1_024..=256 << 20),
            tick_interval_ms,
            tick_jump_max_ms,
            block_cache_bytes_max: keys.bounded("recorder.block_cache_bytes_max", 64 << 20, 1 << 20..=64 << 30),
        }
    }
}
