//! Times: what clients send, to nanoseconds since the epoch, UTC, and back. Owns which forms are read and which are graded.
//! Never reads a clock and knows no time zones, only offsets.
//!
//! Read: RFC 3339, with `T`, `t` or a space between date and time, `Z`, `z` or an offset, any number of fraction digits; and, graded,
//! no offset (means UTC), more than nine fraction digits (the rest is cut), second 60 at the end of a UTC day (means the next
//! day's first), and ISO 8601's short cuts (no seconds, `+01`, `+0100`, a comma in place of the point).

use std::fmt;

const SECOND_NS: i128 = 1_000_000_000;
const DAY_S: i64 = 86_400;

/// A time, and what about its text should be graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Nanoseconds since 1970-01-01T00:00:00Z, no leap seconds.
    pub ns: i64,
    /// It has no offset, and was read as UTC.
    pub naive: bool,
    /// It has more than nine fraction digits; the rest was cut.
    pub sub_nanosecond: bool,
    /// It is a leap second; it was read as the second after.
    pub leap_second: bool,
    /// It is ISO 8601 but not RFC 3339.
    pub shortened: bool,
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// No form that is read.
    #[error("the time is not RFC 3339; send it as 2026-01-31T23:59:59.123456789Z")]
    Unreadable,
    /// A month, day, hour or another part that does not exist.
    #[error("the time names a date, hour or offset that does not exist; send one that does")]
    NoSuchTime,
    /// Not within what i64 nanoseconds hold.
    #[error("the time lies outside 1677-09-21 to 2262-04-11; send one within")]
    OutOfRange,
}

/// Reads a time.
///
/// # Errors
/// See [`TimeFault`].
pub fn parse(text: &str) -> Result<Time, TimeFault> {
    let bytes = text.as_bytes();
    let mut time = Time { ns: 0, naive: false, sub_nanosecond: false, leap_second: false, shortened: false };
    let date = date(bytes)?;
    let clock = clock(&bytes[10..], &mut time)?;
    let offset_s = offset(clock.rest, &mut time)?;
    let seconds = date * DAY_S + clock.seconds - offset_s;
    // Leap seconds are put in at the end of a UTC day only.
    if time.leap_second && seconds.rem_euclid(DAY_S) != 0 {
        return Err(TimeFault::NoSuchTime);
    }
    let ns = i128::from(seconds) * SECOND_NS + i128::from(clock.nanoseconds);
    time.ns = i64::try_from(ns).map_err(|_| TimeFault::OutOfRange)?;
    Ok(time)
}

/// The value of `N` digits at `at`.
#[inline]
fn digits<const N: usize>(bytes: &[u8], at: usize) -> Result<i64, TimeFault> {
    let Some(digits) = bytes.get(at..at + N) else { return Err(TimeFault::Unreadable) };
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(TimeFault::Unreadable);
        }
        value = value * 10 + i64::from(digit);
    }
    Ok(value)
}

fn within(value: i64, low: i64, high: i64) -> Result<i64, TimeFault> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(TimeFault::NoSuchTime) }
}

/// Days since the epoch of `YYYY-MM-DD` at the start.
fn date(bytes: &[u8]) -> Result<i64, TimeFault> {
    let (year, month, day) = (digits::<4>(bytes, 0)?, digits::<2>(bytes, 5)?, digits::<2>(bytes, 8)?);
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(TimeFault::Unreadable);
    }
    let month = within(month, 1, 12)?;
    let day = within(day, 1, month_days(year, month))?;
    // Civil date to days, after H. Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so that the
    // leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

struct Clock<'a> {
    seconds: i64,
    nanoseconds: u32,
    rest: &'a [u8],
}

/// `THH:MM[:SS[.fraction]]` at the start.
fn clock<'a>(bytes: &'a [u8], time: &mut Time) -> Result<Clock<'a>, TimeFault> {
    if !matches!(bytes.first(), Some(b'T' | b't' | b' ')) || bytes.get(3) != Some(&b':') {
        return Err(TimeFault::Unreadable);
    }
    let minutes = within(digits::<2>(bytes, 1)?, 0, 23)? * 60 + within(digits::<2>(bytes, 4)?, 0, 59)?;
    if bytes.get(6) != Some(&b':') {
        time.shortened = true;
        return Ok(Clock { seconds: minutes * 60, nanoseconds: 0, rest: &bytes[6..] });
    }
    let second = within(digits::<2>(bytes, 7)?, 0, 60)?;
    time.leap_second = second == 60;
    let mut clock = Clock { seconds: minutes * 60 + second, nanoseconds: 0, rest: &bytes[9..] };
    if let Some((mark @ (b'.' | b','), rest)) = clock.rest.split_first() {
        time.shortened = *mark == b',';
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = rest.split_at(length);
        time.sub_nanosecond = length > 9;
        if length == 0 {
            return Err(TimeFault::Unreadable);
        }
        let digit = |at: usize| fraction.get(at).map_or(0, |&byte| u32::from(byte - b'0'));
        clock.nanoseconds = (0..9).fold(0, |value, at| value * 10 + digit(at));
        clock.rest = rest;
    }
    Ok(clock)
}

/// The offset that `bytes` are, seconds east of UTC.
fn offset(bytes: &[u8], time: &mut Time) -> Result<i64, TimeFault> {
    let minutes = match (bytes, bytes.len()) {
        (b"Z" | b"z", _) => return Ok(0),
        (b"", _) => {
            time.naive = true;
            return Ok(0);
        }
        ([b'+' | b'-', _, _, b':', ..], 6) => digits::<2>(bytes, 4)?,
        ([b'+' | b'-', ..], 5) => digits::<2>(bytes, 3)?,
        ([b'+' | b'-', ..], 3) => 0,
        _ => return Err(TimeFault::Unreadable),
    };
    time.shortened |= bytes.len() != 6;
    let seconds = within(digits::<2>(bytes, 1)?, 0, 23)? * 3600 + within(minutes, 0, 59)? * 60;
    Ok(if bytes[0] == b'-' { -seconds } else { seconds })
}

/// Writes nanoseconds since the epoch as RFC 3339 in UTC, with no, three, six or nine fraction digits, whichever keeps all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rfc3339(pub i64);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, fraction) = (self.0.div_euclid(1_000_000_000), self.0.rem_euclid(1_000_000_000));
        let (days, second) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
        // Days to civil date, the way back of `date`.
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match fraction {
            0 => f.write_str("Z"),
            fraction if fraction % 1_000_000 == 0 => write!(f, ".{:03}Z", fraction / 1_000_000),
            fraction if fraction % 1_000 == 0 => write!(f, ".{:06}Z", fraction / 1_000),
            fraction => write!(f, ".{fraction:09}Z"),
        }
    }
}

#[cfg(test)]
mod tests;
