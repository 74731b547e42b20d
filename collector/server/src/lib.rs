//! The collector's process: the log seam and its implementations, the stages that run over it, and what serves them.

pub mod archive;
pub mod auth;
pub mod build;
pub mod clock;
pub mod config;
mod cosigning;
pub mod follow;
pub mod fsck;
pub mod genesis;
pub mod http;
pub mod intake;
pub mod keyring;
pub mod log;
pub mod metrics;
pub mod migrate;
pub mod publisher;
pub mod random;
pub mod reads;
pub mod recorder;
pub mod recover;
pub mod serve;
pub mod snapshot;
pub mod telemetry;
pub mod tenancy;
pub mod ticker;
pub mod witness;
pub mod worker;
