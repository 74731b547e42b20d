//! Owns what the process tells about itself: log lines, traces, and the trace context that travels with events.
//! Never influences what is recorded: no state of it reaches the log, and a collector that is away costs nothing
//! but its traces.

mod propagation;
mod setup;

pub use propagation::{TRACEPARENT, TraceParent, follow};
pub use setup::{Failed, Running, start};
