//! Owns every draw of randomness in the workspace. Everything else is handed bytes or a [`Random`].

use parking_lot::Mutex;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A number, uniform over all of `u64`.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `bound`; zero when `bound` is zero. Biased by less than `bound` in 2^64.
    fn below(&self, bound: u64) -> u64 {
        self.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// True once in `one_in` draws; never when it is zero.
    fn once_in(&self, one_in: u64) -> bool {
        one_in != 0 && self.below(one_in) == 0
    }
}

/// The operating system's source: keys, openings, incarnations.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// Where the operating system can give no randomness: no secret can be made then, so nothing may go on.
    #[allow(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes on every platform we run on");
    }
}

/// A stream that depends on its seed alone: simulation and tests. Never for a secret.
pub struct SeededRandom {
    stream: Mutex<blake3::OutputReader>,
}

impl SeededRandom {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("ledgerline v1 seeded-random");
        hasher.update(&seed.to_be_bytes());
        Self { stream: Mutex::new(hasher.finalize_xof()) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.stream.lock().fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_stream() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            [random.next_u64(), random.below(10), random.next_u64()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(SeededRandom::new(1).below(0), 0);
    }

    #[test]
    fn the_system_source_does_not_repeat() {
        assert_ne!(SystemRandom.next_u64(), SystemRandom.next_u64());
    }
}
