//! `takeover`: tells a standby to take its primary's partitions over, and says what is still in the way.

use server::http::model::Readiness;

use crate::api::Api;
use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.data.is_some() {
        return Err(Failure::Usage("takeover speaks to a server that stands by: name it with --server".to_owned()));
    }
    let readiness: Readiness = Api::new(arguments)?.post("/v1/takeover", b"{}".to_vec(), &[])?;
    output::answer(arguments.output, &readiness, |_| {
        "It takes over. `ledgerline status` says when its partitions are running.".to_owned()
    })
}
