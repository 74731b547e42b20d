//! The `ledgerline` binary: parses a command, runs it, ends with its exit status. Owns nothing else.

mod api;
mod arguments;
mod command;
mod failure;
mod output;
mod render;
mod settings;
mod since;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;

/// Events are made of many small parts that live for a moment: docs/decisions/0012-an-allocator-of-small-parts.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    output::decide_colours(arguments.no_color);
    match command::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.status()
        }
    }
}
