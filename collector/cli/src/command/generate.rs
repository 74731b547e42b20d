//! `completions` and `man`: made from the parser, so that they can't differ from it.

use std::path::Path;

use clap::CommandFactory as _;

use crate::arguments::Arguments;
use crate::failure::Failure;

pub fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ledgerline", &mut script);
    crate::output::text(&String::from_utf8_lossy(&script))
}

pub fn man(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder)?;
    eprintln!("man pages are in {}; read one with `man -l {}/ledgerline.1`", folder.display(), folder.display());
    Ok(())
}
