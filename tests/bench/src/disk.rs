//! What a recorded event takes on disk, once everything has been compacted. The embedded log stands apart: it is not counted.

use std::ops::ControlFlow;

use anyhow::Result;
use store::{Read, Scan, Table};

use crate::mix::Mix;
use crate::options::Options;
use crate::row::{Row, Target};
use crate::stages::{Stages, folder, mebibytes};

/// Events between two looks at the bytes.
const CHUNK: usize = 2_000;

/// Both rows; the bytes of each table are printed.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let folder = folder()?;
    let mut stages = Stages::new(folder.path())?;
    let events = options.pick(60_000, 4_000);
    let mut mix = Mix::new(options.seed, 200);
    let (mut raw, mut taken) = (0_u64, 0);
    while taken < events {
        let mut prepared = Vec::with_capacity(CHUNK);
        for payload in mix.by_ref().take(CHUNK) {
            raw += payload.len() as u64;
            prepared.push(stages.prepare(&payload)?);
        }
        taken += prepared.len();
        stages.record(prepared)?;
    }
    stages.store.flush()?;
    stages.store.compact();
    let sizes = stages.store.sizes();
    let share = |bytes: u64| bytes as f64 / raw as f64 * 100.0;
    println!("disk: {taken} events, {:.1} MiB raw; bytes by column family:", mebibytes(raw));
    for size in &sizes {
        println!(
            "  {:<10} {:>12} bytes {:>6.2} % of raw, about {} keys",
            size.name,
            size.bytes,
            share(size.bytes),
            size.keys
        );
    }
    println!("disk: rows by table, before compression:");
    for table in Table::ALL {
        let (rows, bytes) = rows(&stages.store, *table)?;
        if rows > 0 {
            println!("  {:<12} {rows:>9} rows {bytes:>12} bytes {:>6.2} % of raw", table.name(), share(bytes));
        }
    }
    let bodies = sizes.iter().filter(|size| size.name == "bodies").map(|size| size.bytes).sum();
    let whole = sizes.iter().map(|size| size.bytes).sum();
    let row = |name: String, bytes: u64, bound: f64| Row {
        name,
        ours: share(bytes),
        reference: 100.0,
        ratio: share(bytes) / 100.0,
        target: Target::OursMax(bound),
        unit: "% of raw",
    };
    Ok(vec![
        row("disk: bodies % of raw".to_owned(), bodies, 15.0),
        row("disk: whole store % of raw".to_owned(), whole, 35.0),
    ])
}

/// Rows of a table and the bytes of their keys and values.
fn rows(store: &store::Store, table: Table) -> Result<(u64, u64)> {
    let (mut rows, mut bytes) = (0, 0);
    store.scan(Scan::prefix(table, &[]), &mut |key, value| {
        rows += 1;
        bytes += 1 + key.len() as u64 + value.len() as u64;
        ControlFlow::Continue(())
    })?;
    Ok((rows, bytes))
}
