//! The collector's process: the log seam and its implementations, the stages that run over it, and what serves them.

pub mod clock;
pub mod log;
pub mod random;
