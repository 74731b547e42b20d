//! OpenLineage vocabulary: validation, identity, the envelope, run fold, graph facts and rules.
//! Pure: never does I/O, never reads a clock, never draws randomness.

#![forbid(unsafe_code)]

pub mod alert;
pub mod c14n;
mod context;
mod datum;
pub mod decode;
pub mod envelope;
mod extract;
pub mod facts;
pub mod finding;
pub mod fold;
pub mod frame;
pub mod graph;
pub mod group;
pub mod id;
pub mod json;
pub mod query;
pub mod row;
pub mod rule;
pub mod run;
pub mod schema;
pub mod time;
pub mod validate;

#[cfg(test)]
mod vectors;
