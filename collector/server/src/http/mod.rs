//! Owns the HTTP edge: routes, limits, who may ask, problems, and the description of all that. Never decides whether
//! an event is sound, never opens a store or a topic: behind it stand three small traits, [`Intake`], [`Reads`] and
//! [`Controls`]. A 201 leaves only after `Intake` said that the event is durable.
//!
//! A request passes, from the outside in: observe (id, span, metrics) → catch (a panic is a 500) → admit (bounds)
//! → guard (token, role, tenant) → forward (what lives in another process) → handler.

mod admit;
mod app;
mod body;
mod controls;
mod cursor;
mod extract;
mod forward;
mod fresh;
mod guard;
mod intake;
mod keys;
pub(crate) mod listener;
pub mod model;
mod observe;
mod openapi;
mod problem;
mod reads;
mod router;
mod routes;
mod server;
mod snapshots;
mod split;

pub use app::{Api, Parts};
pub use controls::{Control, ControlOrder, Controls};
pub use intake::{Accepted, Answering, Intake, Mode, Refused, Submission};
pub use keys::{Keys, NoKey};
pub use openapi::document;
pub use reads::{After, Answer, Found, Home, Listed, Payload, Read, ReadError, Reads, Span};
pub use server::{Failed, Server};
pub use snapshots::{NoSnapshots, Snapshots};
