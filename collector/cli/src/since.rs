//! `--since`: a time, or how long ago.

use server::clock::{Clock as _, SystemClock};
use server::http::model::Time;

/// Units of a span, in seconds.
const UNITS: [(&str, i64); 5] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];

/// Reads `2026-03-01T06:00:00Z`, `2026-03-01`, or a span back from now: `30min`, `2h`, `7d`.
pub fn parse(text: &str) -> Result<Time, String> {
    parse_at(text, SystemClock::new().now_ns())
}

fn parse_at(text: &str, now_ns: i64) -> Result<Time, String> {
    if let Ok(time) = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()) {
        return Ok(time);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| seconds);
    let span = number.parse::<i64>().ok().zip(seconds).and_then(|(number, seconds)| number.checked_mul(*seconds));
    let span_ns = span.and_then(|span| span.checked_mul(1_000_000_000));
    let since = span_ns.and_then(|span_ns| now_ns.checked_sub(span_ns));
    since
        .map(Time)
        .ok_or_else(|| "write a time (2026-03-01T06:00:00Z), a day, or a span back from now (30min, 2h, 7d)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_spans() {
        let now_ns = 1_772_344_830_000_000_000;
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_at(text, now_ns).ok().map(|time| time.to_string()).as_deref(), expected, "{text}");
        };
        check("2026-03-01T06:00:00Z", Some("2026-03-01T06:00:00Z"));
        check("2026-03-01", Some("2026-03-01T00:00:00Z"));
        check("30min", Some("2026-03-01T05:30:30Z"));
        check("2h", Some("2026-03-01T04:00:30Z"));
        check("7d", Some("2026-02-22T06:00:30Z"));
        for wrong in ["", "h", "7", "7y", "-7d", "99999999999999999w", "yesterday"] {
            check(wrong, None);
        }
    }
}
