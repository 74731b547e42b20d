//! Owns who is asking and what they may do: bearer tokens, roles, and the one table of what each route needs.
//! Never logs a token, never compares one in a time that depends on it, never reads a clock.

mod credentials;
mod identity;
mod role;
mod routes;

pub use credentials::{Credentials, Denied};
pub use identity::{Identity, LOOPBACK_PRINCIPAL, TenantDenied};
pub use role::{Permission, Role};
pub use routes::{Need, ROUTES, need_of};
