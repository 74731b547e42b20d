//! The graph behind the events: nodes with their names and registers, flows, edges, aliases, declarations.
//! Owns what an event says about them. Never decides whether an edge is current: that is read off the groups.

mod change;
mod declare;
mod edge;
mod flows;
mod name;
mod register;
mod touched;

pub use crate::row::key::Side;
pub use declare::{declare, producer_id};
pub(crate) use edge::names;
pub use edge::{edge_key, link};
pub use flows::{Added, Lineages, Said, Sets, flow_id, index_links, put_flow};
pub use name::name;
pub(crate) use name::{of_content, updates};
pub use register::{Update, Written, content, content_of, fnv1a, read, standing, write};
pub use touched::{Named, Touched};
