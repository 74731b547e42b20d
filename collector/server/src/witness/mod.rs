//! A witness of logs (`c2sp.org/tlog-witness`): cosigns the checkpoints of the logs that it is given keys of, each only if it goes
//! on from what it cosigned before. Owns its folder and its key. Never cosigns a smaller tree, or a second one of a size, and
//! believes its folder alone: what is known of a log is read from there for every request, under that log's lock.

mod desk;
mod key;
mod memory;
mod routes;

pub use desk::{Refused, Witness, WitnessError};
pub use routes::{BODY_BYTES_MAX, serve};
