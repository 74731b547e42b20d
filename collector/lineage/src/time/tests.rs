//! Times by table, and against jiff.

use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_clients_send() {
    let check = |text: &str, ns: i64, flags: &str| {
        let time = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let named = [
            (time.naive, "naive"),
            (time.sub_nanosecond, "cut"),
            (time.leap_second, "leap"),
            (time.shortened, "short"),
        ];
        let named: Vec<_> = named.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
        assert_eq!((time.ns, named.join(" ").as_str()), (ns, flags), "{text}");
    };
    check("1970-01-01T00:00:00Z", 0, "");
    check("1969-12-31T23:59:59.999999999Z", -1, "");
    check("2024-07-05T09:04:01.463567+00:00", 1_720_170_241_463_567_000, "");
    check("2024-07-05 11:04:01.463567+02:00", 1_720_170_241_463_567_000, "");
    check("2024-07-05t09:04:01.463567z", 1_720_170_241_463_567_000, "");
    check("2024-07-05T09:04:01.463567", 1_720_170_241_463_567_000, "naive");
    check("2024-07-05T09:04:01.4635670009Z", 1_720_170_241_463_567_000, "cut");
    check("2024-07-05T09:04:01.46356700099999999999999999999", 1_720_170_241_463_567_000, "naive cut");
    check("2024-02-29T00:00:00-00:00", 1_709_164_800_000_000_000, "");
    check("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000, "leap");
    check("2017-01-01T05:29:60.25+05:30", 1_483_228_800_250_000_000, "leap");
    check("2024-07-05T09:04Z", 1_720_170_240_000_000_000, "short");
    check("2024-07-05T09:04", 1_720_170_240_000_000_000, "naive short");
    check("2024-07-05T10:04:00+0100", 1_720_170_240_000_000_000, "short");
    check("2024-07-05T08:04:00,5-01", 1_720_170_240_500_000_000, "short");
    check("1677-09-21T00:12:43.145224192Z", i64::MIN, "");
    check("2262-04-11T23:47:16.854775807Z", i64::MAX, "");
}

#[test]
fn refuses_what_is_no_time() {
    let check = |text: &str, fault: TimeFault| assert_eq!(parse(text), Err(fault), "{text}");
    use TimeFault::*;
    for text in [
        "",
        "now",
        "2024",
        "2024-07-05",
        "2024-7-5T09:04:01Z",
        "2024-07-05T",
        "2024-07-05T09",
        "2024-07-05T9:04:01Z",
        "2024-07-05T09:04:01.Z",
        "2024-07-05T09:04:01ZZ",
        "2024-07-05T09:04:01 Z",
        "2024-07-05T09:04:01+1:00",
        "2024-07-05T09:04:01+01:0",
        "2024-07-05T09:04:01+01:00[Europe/Paris]",
        "1720170241",
        "-2024-07-05T09:04:01Z",
        "2024-07-05_09:04:01Z",
        "２０２４-07-05T09:04:01Z",
        "2024-07-05T09:04:0aZ",
        "2024-07-05T09:04:01+ab:cd",
        "2024-07-05T09:04:",
    ] {
        check(text, Unreadable);
    }
    for text in [
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T12:30:60Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+00:60",
        "2016-12-31T23:59:60+01:00",
    ] {
        check(text, NoSuchTime);
    }
    for text in [
        "0000-01-01T00:00:00Z",
        "1677-09-21T00:12:43.145224191Z",
        "2262-04-11T23:47:16.854775808Z",
        "9999-12-31T23:59:59Z",
    ] {
        check(text, OutOfRange);
    }
}

#[test]
fn writes_as_many_digits_as_it_needs() {
    let check = |ns: i64, text: &str| assert_eq!(Rfc3339(ns).to_string(), text);
    check(0, "1970-01-01T00:00:00Z");
    check(-1, "1969-12-31T23:59:59.999999999Z");
    check(1_720_170_241_463_000_000, "2024-07-05T09:04:01.463Z");
    check(1_720_170_241_463_567_000, "2024-07-05T09:04:01.463567Z");
    check(i64::MIN, "1677-09-21T00:12:43.145224192Z");
    check(i64::MAX, "2262-04-11T23:47:16.854775807Z");
}

/// What jiff makes of a time of ours, where jiff can tell.
fn oracle(text: &str) -> Option<i64> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

proptest! {
    #[test]
    fn reads_what_it_writes(ns in any::<i64>()) {
        let text = Rfc3339(ns).to_string();
        prop_assert_eq!(parse(&text).map(|time| time.ns), Ok(ns));
        prop_assert_eq!(oracle(&text), Some(ns));
    }

    #[test]
    fn agrees_with_jiff(
        (year, month, day) in (prop_oneof![1600..2400, 0..10_000], 0..14, 0..33),
        (hour, minute, second) in (0..25, 0..61, 0..60),
        fraction in "(\\.[0-9]{1,9})?", between in "[Tt ]", offset in "(Z|z|[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])",
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{fraction}{offset}");
        prop_assert_eq!(parse(&text).ok().map(|time| time.ns), oracle(&text), "{}", text);
    }

    #[test]
    fn never_panics(text in "\\PC{0,40}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,+-]{0,30}Z?") {
        if let Ok(time) = parse(&text) {
            prop_assert!(parse(&Rfc3339(time.ns).to_string()).is_ok());
        }
    }
}
