//! The mix is what it says: lengths, compressibility, no reject.

use lineage::decode::{Limits, Scratch, decode};
use lineage::schema::Schemas;

use super::Mix;

const EVENTS: usize = 20_000;

#[test]
fn lengths_and_compressibility_are_those_of_real_events() {
    let events: Vec<Vec<u8>> = Mix::new(1, 200).take(EVENTS).collect();
    let share = |low: usize, high: usize| {
        let count = events.iter().filter(|event| (low..high).contains(&event.len())).count();
        count as f64 / EVENTS as f64 * 100.0
    };
    let raw: usize = events.iter().map(Vec::len).sum();
    let alone: usize = events.iter().map(|event| zstd::bulk::compress(event, 3).unwrap().len()).sum();
    let ratio = alone as f64 / raw as f64 * 100.0;
    let shares = [share(400, 900), share(3_000, 5_000), share(5_000, 22_000), share(150_000, 260_000)];
    eprintln!("{shares:.1?} raw {} alone {ratio:.2} %", raw / EVENTS);
    for (share, (low, high)) in shares.iter().zip([(8.0, 12.0), (44.0, 56.0), (34.0, 44.0), (0.04, 0.25)]) {
        assert!((low..high).contains(share), "{shares:?}");
    }
    assert!((27.0..29.0).contains(&ratio), "{ratio:.2} % of raw when each is compressed alone");
}

#[test]
fn every_event_is_accepted_and_no_two_are_alike() {
    let (schemas, limits, mut scratch) = (Schemas::built_in().unwrap(), Limits::default(), Scratch::default());
    let mut seen = std::collections::BTreeSet::new();
    for event in Mix::new(2, 50).take(6_000) {
        let decoded = decode(&event, &mut scratch, &schemas, &limits);
        assert!(decoded.is_ok(), "{:?}: {}", decoded.err(), String::from_utf8_lossy(&event));
        assert!(seen.insert(blake3::hash(&event).as_bytes().to_owned()));
    }
}

#[test]
fn a_seed_gives_one_mix() {
    let digest = |seed| Mix::new(seed, 50).take(100).flatten().collect::<Vec<u8>>();
    assert_eq!(digest(3), digest(3));
    assert_ne!(digest(3), digest(4));
}
