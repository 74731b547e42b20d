//! Questions to the graph: directed, bounded walks, the resolution of what a person typed, and search.
//! Never writes, never goes both ways in one walk, never hides that it was cut short.

mod alias;
mod answer;
mod column;
mod family;
mod known;
mod life;
mod resolve;
mod search;
mod standing;
#[cfg(test)]
mod tests;
mod version;
mod walk;

pub use alias::{ALIASES_MAX, alias_class};
pub use answer::{
    Answer, Bounds, Cut, CutReason, Direction, EdgeState, Evidence, Hop, HopKind, NodeRef, Reached, Request, Stop,
    Subject,
};
pub use family::{descendants, is_stale};
pub use known::{Known, Neighbour, Neighbours, View};
pub use life::{Renamed, changes, last_change, renames};
pub use resolve::{Resolution, node_text, resolve};
pub use search::{Found, FoundKind, search};
pub use standing::{Standing, Strength};
pub use version::{Version, Versions, WRITES_MAX, version_before, versions};
pub use walk::{Reach, reach, walk};
