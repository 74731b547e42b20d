//! What a witness does, without its disk and its clock (`c2sp.org/tlog-witness`): reads what is submitted, and judges whether a
//! tree goes on from what is known of it. Knows nothing of ledgers: any log of C2SP's formats can be witnessed.

mod head;
mod judge;
mod request;

pub use head::{HeadFault, TreeHead};
pub use judge::{Refusal, judge};
pub use request::{AddCheckpoint, REQUEST_HASHES_MAX, RequestFault};

#[cfg(test)]
mod tests;
