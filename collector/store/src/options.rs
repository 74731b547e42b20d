//! How RocksDB is set up. Owns every RocksDB option; each is here for a reason that stands beside it.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, Options, WriteBufferManager,
};

use crate::table::Family;

/// What the stores of one process share and how large they may grow in memory.
#[derive(Clone)]
pub struct StoreOptions {
    cache: Cache,
    buffers: WriteBufferManager,
    memtable_bytes: usize,
}

impl StoreOptions {
    /// Block cache of `cache_bytes` and memtables of `memtable_bytes` in all, shared by every store made with it.
    pub fn new(cache_bytes: usize, memtable_bytes: usize) -> Self {
        let cache = Cache::new_lru_cache(cache_bytes);
        let buffers = WriteBufferManager::new_write_buffer_manager(memtable_bytes, false);
        StoreOptions { cache, buffers, memtable_bytes }
    }

    pub(crate) fn database(&self) -> Options {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        // A torn last record of the WAL is a crash; anything else is damage and must be told.
        options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
        options.set_write_buffer_manager(&self.buffers);
        // Two cores: one flush and one compaction must not starve the stages.
        options.set_max_background_jobs(2);
        options.set_max_total_wal_size(256 << 20);
        options.set_bytes_per_sync(1 << 20);
        // The list of files is rewritten when it has grown by its history: each snapshot carries it whole.
        options.set_max_manifest_file_size(128 << 10);
        options.set_keep_log_file_num(2);
        options.set_max_open_files(512);
        options
    }

    pub(crate) fn family(&self, family: Family) -> Options {
        let mut options = Options::default();
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&self.cache);
        blocks.set_cache_index_and_filter_blocks(true);
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
        // In parts of 4 KiB: whole, the filter of a large file is more than a shard of the cache holds (1 MiB of 64), and is
        // read anew for every key.
        blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        blocks.set_partition_filters(true);
        blocks.set_metadata_block_size(4 << 10);
        blocks.set_pin_top_level_index_and_filter(true);
        blocks.set_format_version(5);
        options.set_write_buffer_size(self.memtable_bytes / 4);
        // Most reads of a recorder are for rows that are not there yet: a filter answers sooner than the skip list.
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.05);
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_bottommost_compression_type(DBCompressionType::Zstd);
        match family {
            Family::State | Family::Graph => {
                blocks.set_block_size(8 << 10);
                blocks.set_bloom_filter(10.0, false);
                blocks.set_optimize_filters_for_memory(true);
            }
            Family::Dedup => {
                // Mostly misses: the filter answers, a third of the cost of a hit. Digests do not compress.
                blocks.set_block_size(4 << 10);
                blocks.set_bloom_filter(12.0, false);
                options.set_compression_type(DBCompressionType::None);
                options.set_bottommost_compression_type(DBCompressionType::None);
            }
            Family::Ledger => {
                blocks.set_block_size(32 << 10);
                options.set_compression_type(DBCompressionType::Zstd);
                options.set_target_file_size_base(64 << 20);
            }
            Family::Bodies => {
                // Neighbours are alike: large blocks and a dictionary bring what single bodies can't reach.
                blocks.set_block_size(64 << 10);
                options.set_compression_type(DBCompressionType::Zstd);
                options.set_compression_options(-14, 3, 0, 64 << 10);
                options.set_zstd_max_train_bytes(20 * (64 << 10));
                options.set_target_file_size_base(64 << 20);
            }
        }
        options.set_block_based_table_factory(&blocks);
        options
    }
}

impl Default for StoreOptions {
    /// 64 MiB of cache, 64 MiB of memtables.
    fn default() -> Self {
        Self::new(64 << 20, 64 << 20)
    }
}
