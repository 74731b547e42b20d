//! Witnesses: C2SP's answers one by one over a real listener, races, kills, followers of logs that lie, and a server that has its
//! checkpoints cosigned.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod conformance;
mod follow;
mod kills;
mod served;
