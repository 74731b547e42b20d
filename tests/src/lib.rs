//! What end-to-end tests share: real parts, started for one test and ended with it. Never a stand-in for one.

mod kafka;
mod ledgerline;
mod port;

pub use kafka::{Kafka, kafka};
pub use ledgerline::{Ledgerline, binary, client, until};
pub use port::free_port;
