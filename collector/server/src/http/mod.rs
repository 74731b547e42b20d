//! http
pub mod model;
