//! OpenLineage vocabulary: validation, identity, the envelope, run fold, graph facts and rules.
//! Pure: never does I/O, never reads a clock, never draws randomness.

#![forbid(unsafe_code)]

pub mod c14n;
pub mod decode;
pub mod envelope;
mod extract;
pub mod facts;
pub mod finding;
pub mod frame;
pub mod id;
pub mod json;
pub mod row;
pub mod schema;
pub mod time;
pub mod validate;

#[cfg(test)]
mod vectors;
