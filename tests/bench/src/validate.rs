//! What deciding an event costs: our one pass beside one that keeps nothing, and beside the long way through `Value`.

use std::hint::black_box;

use anyhow::Result;
use lineage::decode::{Limits, Scratch, decode};
use lineage::schema::Schemas;
use serde::de::IgnoredAny;

use crate::avro::Avro;
use crate::measure::turns;
use crate::mix::Mix;
use crate::options::Options;
use crate::row::{Row, Target};

/// Both rows.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let events: Vec<Vec<u8>> = Mix::new(options.seed, 200).take(options.pick(2_000, 400)).collect();
    let (schemas, limits, mut scratch) = (Schemas::built_in()?, Limits::default(), Scratch::default());
    let avro = Avro::new()?;
    let mut unresolved = 0_u64;
    let mut decoding = || {
        for event in &events {
            drop(black_box(decode(event, &mut scratch, &schemas, &limits)));
        }
    };
    let mut ignoring = || {
        for event in &events {
            drop(black_box(serde_json::from_slice::<IgnoredAny>(event)));
        }
    };
    let mut resolving = || {
        unresolved = events.iter().map(|event| avro.validate(event)).sum();
    };
    let rounds = options.pick(15, 5);
    let [ours, ignored, resolved] = turns(rounds, &mut [&mut decoding, &mut ignoring, &mut resolving]);
    let micros = |seconds: f64| seconds / events.len() as f64 * 1e6;
    if unresolved > 0 {
        println!(
            "validate: {unresolved} values of {} events did not resolve and cost less than they would",
            events.len()
        );
    }
    Ok(vec![
        Row::ratio(
            "validate: decode ÷ IgnoredAny",
            micros(ours),
            micros(ignored),
            Target::RatioMax(1.5),
            "µs an event",
        ),
        Row {
            name: "validate: Value→apache-avro ÷ decode".to_owned(),
            ours: micros(ours),
            reference: micros(resolved),
            ratio: resolved / ours,
            target: Target::RatioMin(5.0),
            unit: "µs an event",
        },
    ])
}
