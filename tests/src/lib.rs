//! What end-to-end tests share: real parts, started for one test and ended with it. Never a stand-in for one.

mod kafka;
mod port;

pub use kafka::{Kafka, kafka};
pub use port::free_port;
