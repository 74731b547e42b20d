//! The outside verifiers are sound in themselves: their own tests, over ledgers that a writer of theirs makes and tampers with.

use std::process::Output;

use anyhow::{Result, ensure};
use ledgerline_tests::{go, go_verifier, python_tests, python_verifier};

/// What a tool said, where it ended well.
fn well(output: &Output) -> Result<String> {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    ensure!(output.status.success(), "{said}");
    Ok(said)
}

/// The modules' tests pass, and none was left out.
fn check(modules: &[&str]) -> Result<()> {
    let said = well(&python_tests(modules)?)?;
    ensure!(!said.contains("skipped") && !said.contains("Ran 0 "), "{said}");
    Ok(())
}

#[test]
fn formats_proofs_and_keys() -> Result<()> {
    check(&["test_formats", "test_proofs", "test_keys"])
}

#[test]
fn ledgers_and_archives() -> Result<()> {
    check(&["test_log", "test_archive"])
}

#[test]
fn every_bit() -> Result<()> {
    check(&["test_flips"])
}

#[test]
fn the_go_program_over_the_same_tampering() -> Result<()> {
    check(&["test_go"])
}

#[test]
fn the_go_program_is_tidy() -> Result<()> {
    well(&go("go", &["vet", "./..."])?)?;
    let unformatted = well(&go("gofmt", &["-l", "."])?)?;
    ensure!(unformatted.is_empty(), "gofmt would change {unformatted}");
    // The modules are those whose sums are committed.
    well(&go("go", &["mod", "verify"])?).map(drop)
}

#[test]
fn both_ask_for_a_command() -> Result<()> {
    for output in [python_verifier(&[])?, go_verifier(&[])?] {
        ensure!(output.status.code() == Some(2), "{output:?}");
    }
    Ok(())
}
