//! The outside verifiers under `tests/verifiers`, run as an auditor runs them. None of their code is ours to call: only their
//! command lines.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use parking_lot::Mutex;

use crate::ledgerline::python;

const VERIFIERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/verifiers");

/// Where this process has built the Go program.
static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Runs `verify.py`; its README tells arguments, exit statuses and verdicts.
pub fn python_verifier(arguments: &[&str]) -> Result<Output> {
    python()?.arg(format!("{VERIFIERS}/python/verify.py")).args(arguments).output().context("verify.py can't be run")
}

/// Runs the Go program; its exit statuses are those of `verify.py`.
pub fn go_verifier(arguments: &[&str]) -> Result<Output> {
    let program = go_program()?;
    Command::new(&program).args(arguments).output().with_context(|| format!("{} can't be run", program.display()))
}

/// Runs the Python verifier's own tests: these modules of its `tests` folder. They get the Go program, too.
pub fn python_tests(modules: &[&str]) -> Result<Output> {
    let modules = modules.iter().map(|module| format!("tests.{module}"));
    let mut command = python()?;
    command.args(["-m", "unittest"]).args(modules).current_dir(format!("{VERIFIERS}/python"));
    // The tree is read by other tests meanwhile; nothing is to appear in it.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("OUTSIDE_GO", go_program()?);
    command.output().context("python -m unittest can't be run")
}

/// A command of Go's over the Go program's sources.
pub fn go(program: &str, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(format!("{VERIFIERS}/go"));
    command.output().with_context(|| format!("{program} is missing: install Go from https://go.dev/dl"))
}

/// The Go program, built once by each process.
fn go_program() -> Result<PathBuf> {
    let mut built = BUILT.lock();
    if let Some(program) = &*built {
        return Ok(program.clone());
    }
    let own = std::env::current_exe().context("no path of this program")?;
    let program = own.with_file_name("ledgerline-outside");
    let part = program.with_extension(std::process::id().to_string());
    let output = go("go", &["build", "-o", &part.to_string_lossy(), "."])?;
    ensure!(output.status.success(), "go build: {}", String::from_utf8_lossy(&output.stderr));
    // Another process may be running it: a new file takes its place, whole.
    std::fs::rename(&part, &program).with_context(|| format!("{} can't be put in place", program.display()))?;
    Ok(built.insert(program).clone())
}
