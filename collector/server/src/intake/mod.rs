//! Intake: events in, sealed envelopes durable in `lineage.events`, what is refused in `lineage.rejected`.
//! Stateless: it may deliver an envelope twice and the recorder keeps it once. Never moves past an event that is neither
//! durable nor refused with its reason.

mod append;
mod desk;
mod direct;
pub mod rejected;
mod topics;
#[cfg(test)]
mod world;

pub use desk::{
    Channel, Desk, Prepared, Preparer, SCHEMA_FINGERPRINT, Sealed, VERSION, WrittenVersion, blank, envelope_record,
    limits,
};
pub use direct::{DirectIntake, DirectParts};
pub use topics::{TopicIntake, TopicIntakeParts};
