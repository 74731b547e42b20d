//! Timestamped cosignatures (`c2sp.org/tlog-cosignature`, type 0x04): what a witness adds to a checkpoint, and when it says
//! that it saw it. Never reads a clock: the second enters as a value. Lines of witnesses that nobody named, and of signature
//! types that are not read here (0x06 is ML-DSA's), are passed over, as the format of notes has it.

mod key;
mod line;

pub use key::{WitnessKey, WitnessKeyFault};
pub use line::{CosignatureFault, TIME_S_MAX, cosign, from_answer, times};

#[cfg(test)]
mod tests;
