//! Times as people read them: how long ago, and when.

use std::io::IsTerminal as _;

use server::http::model::Time;

/// `3 h ago (2026-03-01 06:00:30Z)`.
pub fn ago(time: Time, now_ns: i64) -> String {
    format!("{} ({})", distance(now_ns.saturating_sub(time.0)), short(time))
}

/// For lists: `3 h ago` on a terminal, the time itself when piped.
pub fn when(time: Time, now_ns: i64) -> String {
    if std::io::stdout().is_terminal() { distance(now_ns.saturating_sub(time.0)) } else { short(time) }
}

/// `2026-03-01 06:00:30Z`.
pub fn short(time: Time) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(clock)) => format!("{day} {clock}Z"),
        _ => text,
    }
}

/// The largest unit that is at least one.
fn distance(span_ns: i64) -> String {
    let seconds = span_ns / 1_000_000_000;
    let (words, size) = (if seconds < 0 { "ahead" } else { "ago" }, seconds.unsigned_abs());
    let units = [(86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "min")];
    match units.iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => format!("{} {name} {words}", size / unit),
        None => format!("{size} s {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_in_their_largest_unit() {
        let check = |seconds: i64, expected: &str| assert_eq!(distance(seconds * 1_000_000_000), expected);
        check(0, "0 s ago");
        check(59, "59 s ago");
        check(60, "1 min ago");
        check(7_300, "2 h ago");
        check(86_400 * 3, "3 d ago");
        check(86_400 * 800, "2 y ago");
        check(-120, "2 min ahead");
    }

    #[test]
    fn a_time_reads_to_the_second() {
        assert_eq!(short(Time(1_772_344_830_123_000_000)), "2026-03-01 06:00:30Z");
    }
}
