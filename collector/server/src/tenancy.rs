//! Which partition a tenant lives in. Owns that function; it is part of the format and never changes.

use ledger::digest::{Context, digest};

const TENANT: Context = Context::new("ledgerline v1 tenant partition");

/// The partition of a tenant among `partition_count`: the first eight bytes of a digest of its name, modulo the count.
pub fn partition_of_tenant(tenant: &str, partition_count: u32) -> u32 {
    let digest = digest(TENANT, &[tenant.as_bytes()]);
    let (head, _) = digest.split_first_chunk::<8>().expect("a digest has 32 bytes");
    let partition = u64::from_be_bytes(*head) % u64::from(partition_count.max(1));
    u32::try_from(partition).expect("less than a u32")
}
