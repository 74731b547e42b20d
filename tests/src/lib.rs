//! What end-to-end tests share: real parts, started for one test and ended with it, and who watches them from outside. Never a
//! stand-in for one.

mod cosigner;
mod disk;
mod event;
mod fleet;
mod kafka;
mod ledgerline;
mod load;
mod outside;
mod port;
mod questions;
mod random;
mod reader;
mod row;
mod runs;
mod tile_log;
mod witness;

pub use cosigner::{Cosigner, submit};
pub use disk::{Disk, after_power_loss};
pub use event::{TOPIC, run_event};
pub use fleet::Fleet;
pub use kafka::{Kafka, kafka};
pub use ledgerline::{Around, Ledgerline, Standing, binary, client, until};
pub use load::Load;
pub use outside::{go, go_verifier, python_tests, python_verifier};
pub use port::free_port;
pub use questions::{Asked, Questions};
pub use random::Random;
pub use reader::{Found, on_disk, on_kafka};
pub use row::{Fault, rounds};
pub use runs::{Runs, consumed, seen_from_outside};
pub use tile_log::TileLog;
pub use witness::Witness;
