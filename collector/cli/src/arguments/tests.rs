//! Every command line in the documentation is one that the parser takes.

use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::Arguments;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The pages with commands in them.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let mut pages = vec![root.join("README.md"), root.join("ARCHITECTURE.md"), root.join("CONTRIBUTING.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages
}

/// The commands of ours in a page: lines of code blocks, and what stands in backticks. Forms with `<` or `[` describe one.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            found.extend(line.split('|').map(str::trim).map(str::to_owned));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    // "ledgerline v1 …" are the contexts of digests, and an order about keys begins with a line of its own.
    let formats = ["ledgerline v1 ", "ledgerline key operation v1"];
    let is_command =
        |text: &str| text.starts_with("ledgerline ") && !formats.iter().any(|format| text.starts_with(format));
    found.retain(|command| is_command(command) && !command.contains(['<', '[', '…']));
    found
}

/// The words of a shell line, up to its comment.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            // A comment, or where the output goes.
            (None, '#' | '>') if words.last().is_some_and(String::is_empty) => break,
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_in_the_documentation_parses() {
    let (mut parsed, mut faults) = (0, Vec::new());
    for page in pages() {
        for command in commands(&std::fs::read_to_string(&page).unwrap()) {
            parsed += 1;
            if let Err(error) = Arguments::try_parse_from(words(&command)) {
                // A command named without what it works on, as in "`ledgerline lineage`", is a name and no line. So is one without
                // any flag that lacks nothing but flags.
                let lacks_flags = match error.get(clap::error::ContextKind::InvalidArg) {
                    Some(clap::error::ContextValue::Strings(missing)) => {
                        missing.iter().all(|missing| missing.starts_with("--")) && !command.contains(" -")
                    }
                    _ => false,
                };
                let is_name = matches!(
                    error.kind(),
                    clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                        | clap::error::ErrorKind::DisplayHelp
                        | clap::error::ErrorKind::DisplayVersion
                );
                if !is_name && !lacks_flags {
                    faults.push(format!("{}: {command}\n{error}", page.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(parsed >= 30, "only {parsed} commands were found");
}

#[test]
fn words_are_a_shell_s() {
    assert_eq!(words("ledgerline a 'b c' \"d\" # e"), ["ledgerline", "a", "b c", "d"]);
    assert_eq!(words("ledgerline a > b"), ["ledgerline", "a"]);
    let commands = commands("x `ledgerline a` y `make`\n```sh\nzcat f | ledgerline b -   # c\n```\n`ledgerline <x>`\n");
    assert_eq!(commands, ["ledgerline a", "ledgerline b -   # c"]);
}
