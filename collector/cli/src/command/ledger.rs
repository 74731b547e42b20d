//! `ledger checkpoint`.

use server::http::model::Checkpoint;

use crate::api::Api;
use crate::arguments::{Arguments, Ledger};
use crate::failure::Failure;
use crate::output;

pub fn run(arguments: &Arguments, ledger: &Ledger) -> Result<(), Failure> {
    match ledger {
        Ledger::Checkpoint => {
            let checkpoint: Checkpoint = Api::new(arguments)?.get("/v1/checkpoint", &[])?;
            output::answer(arguments.output, &checkpoint, |checkpoint| checkpoint.note.clone())
        }
    }
}
