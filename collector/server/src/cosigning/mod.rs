//! Has witnesses cosign the checkpoints that this process has published. Owns their rows in the stores and what is shown of
//! witnesses that fail. Never asks about a checkpoint before the transaction that published it, never holds up recording or
//! publishing, and takes nothing from a witness but lines that its key made over the very checkpoint.

mod ask;
mod round;
mod standing;

pub(crate) use standing::Standing;
