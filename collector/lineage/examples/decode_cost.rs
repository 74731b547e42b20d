//! What decoding one event costs, for an instruction counter: `decode_cost ignored|scan|decode|value REPEATS FILE` reads a file of
//! one event a line, and does REPEATS rounds over it. Two runs that differ in REPEATS alone give the cost of a round.

use std::hint::black_box;

use lineage::decode::{Limits, Scratch, decode};
use lineage::json::{self, Tape};
use lineage::schema::Schemas;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().expect("usage: decode_cost ignored|scan|decode|value REPEATS FILE");
    let (what, repeats, file) = (argument(), argument(), argument());
    let repeats: usize = repeats.parse().expect("a number of rounds");
    let text = std::fs::read(&file).expect("a readable file");
    let events: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let schemas = Schemas::built_in().expect("the build's own schemas compile");
    let (limits, mut scratch, mut tape) = (Limits::default(), Scratch::default(), Tape::default());
    for _ in 0..repeats {
        for event in &events {
            match what.as_str() {
                "ignored" => drop(black_box(serde_json::from_slice::<serde::de::IgnoredAny>(event))),
                "value" => drop(black_box(serde_json::from_slice::<serde_json::Value>(event))),
                "scan" => drop(black_box(json::scan(event, &json::Limits::default(), &mut tape).is_ok())),
                "decode" => drop(black_box(decode(event, &mut scratch, &schemas, &limits))),
                _ => panic!("ignored, scan, decode or value"),
            }
        }
    }
}
