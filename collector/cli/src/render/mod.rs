//! Answers as text for people. Pure: values in, text out.

pub mod show;
pub mod table;
pub mod time;
pub mod tree;
