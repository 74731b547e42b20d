//! Follows a log from outside (`c2sp.org/tlog-tiles`): looks at its checkpoint, has it prove that it goes on from the newest one
//! that is kept, keeps the newer one. Owns its folder. What contradicts the kept checkpoint is kept beside it, never in its place:
//! the two signatures of the log are the evidence.

mod follower;
mod kept;
mod source;

pub use follower::{FollowError, Follower, Look, Misconduct};
pub use source::{Source, SourceError};
