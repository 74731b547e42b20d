//! `make bench`: what each part costs beside the least that could do its job, as ratios measured in one run.
//! Owns the order of the subjects and what is printed. Never part of the product: nothing depends on it.

mod alert;
mod avro;
mod desk;
mod disk;
mod floor;
mod ingest;
mod instructions;
mod ledger;
mod measure;
mod memory;
mod mix;
mod options;
mod restart;
mod rig;
mod row;
mod scale;
mod snapshot;
mod stages;
mod validate;

use anyhow::Result;
use clap::Parser;

use options::{Child, Options, Subject};
use row::Row;

/// That of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Run = fn(&Options) -> Result<Vec<Row>>;

const SUBJECTS: &[(Subject, Run)] = &[
    (Subject::Validate, validate::run),
    (Subject::Ingest, ingest::run),
    (Subject::Instructions, instructions::run),
    (Subject::Alert, alert::run),
    (Subject::Memory, memory::run),
    (Subject::Disk, disk::run),
    (Subject::Snapshot, snapshot::run),
    (Subject::Restart, restart::run),
    (Subject::Scale, scale::run),
    (Subject::Ledger, ledger::run),
];

fn main() -> Result<()> {
    let options = Options::parse();
    match options.child {
        Some(Child::Prepare) => return instructions::child(&options, false),
        Some(Child::Record) => return instructions::child(&options, true),
        Some(Child::Memory) => return memory::child(&options),
        Some(Child::Mix) => return mix::print(&options),
        None => {}
    }
    let (mut rows, mut failed) = (Vec::new(), 0);
    for (subject, run) in SUBJECTS.iter().filter(|(subject, _)| options.wants(*subject)) {
        match run(&options) {
            Ok(measured) => rows.extend(measured),
            // One subject that can't be measured must not cost the others.
            Err(error) => {
                failed += 1;
                eprintln!("{subject:?} could not be measured: {error:#}");
            }
        }
    }
    println!("{}", row::table(&rows));
    row::write(&rows, &options.out)?;
    anyhow::ensure!(failed == 0, "{failed} subjects could not be measured");
    Ok(())
}
