//! `make bench`: what each part costs beside the least that could do its job, as ratios measured in one run.
//! Owns the order of the subjects and what is printed. Never part of the product: nothing depends on it.

mod avro;
mod measure;
mod mix;
mod options;
mod row;
mod validate;

use anyhow::Result;
use clap::Parser;

use options::{Options, Subject};
use row::Row;

type Run = fn(&Options) -> Result<Vec<Row>>;

const SUBJECTS: &[(Subject, Run)] = &[(Subject::Validate, validate::run)];

fn main() -> Result<()> {
    let options = Options::parse();
    let mut rows = Vec::new();
    for (_, run) in SUBJECTS.iter().filter(|(subject, _)| options.wants(*subject)) {
        rows.extend(run(&options)?);
    }
    println!("{}", row::table(&rows));
    row::write(&rows, &options.out)
}
