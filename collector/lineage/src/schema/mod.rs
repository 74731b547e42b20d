//! The schemas that events are judged by. Owns their embedding and their compiled form.
//! Never reads a file at run time.

pub mod catalog;
