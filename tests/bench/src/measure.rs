//! Taking times side by side. The machine may be busy with other things: what is compared takes turns, and medians count.

use std::time::Duration;

use server::clock::{Clock, SystemClock};

/// The middle one; of an even count the higher. Zero for none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value that `share` of all lie at or below. Zero for none.
pub fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// How long `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let clock = SystemClock::new();
    work();
    clock.monotonic()
}

/// Runs each in turn, A B C A B C, and gives the median seconds of each.
pub fn turns<const N: usize>(rounds: usize, works: &mut [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut seconds: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (work, seconds) in works.iter_mut().zip(&mut seconds) {
            seconds.push(time(&mut **work).as_secs_f64());
        }
    }
    seconds.map(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_percentiles() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(percentile((1..=100).map(f64::from).collect(), 0.99), 99.0);
        assert_eq!(percentile(vec![], 0.99), 0.0);
    }
}
