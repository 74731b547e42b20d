//! What a command prints: nothing but the answer on standard output; JSON for scripts, text for people.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::arguments::Form;
use crate::failure::Failure;

/// Prints an answer as JSON, or as the text that `render` makes of it.
pub fn answer<T: Serialize>(form: Form, value: &T, render: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    match form {
        Form::Json => text(&serde_json::to_string_pretty(value).map_err(Failure::unasked)?),
        Form::Table | Form::Tree => text(&render(value)),
    }
}

/// Prints text and ends the line.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(harmless(text.trim_end()).as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Writes bytes as they are: for files and pipes.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Text from elsewhere as a terminal may have it: control characters become visible escapes, for names come from whoever
/// sends events. Line ends, tabs and the colours of [`painted`] stay.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];
        let taken = match ours.into_iter().find(|code| coloured() && rest.starts_with(code)) {
            Some(code) => {
                out.push_str(code);
                code.len()
            }
            None if c.is_control() && !matches!(c, '\n' | '\t') => {
                out.extend(c.escape_unicode());
                c.len_utf8()
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Whether somebody said no to colours: `--no-color`, or `NO_COLOR` as its convention has it.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Decides on colours once, from the flag and the environment.
pub fn decide_colours(no_color: bool) {
    let said_no = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    PLAIN.store(said_no, Ordering::Relaxed);
}

/// Whether answers may be coloured: a terminal that can, and nobody said no.
pub fn coloured() -> bool {
    std::io::stdout().is_terminal() && may_colour()
}

fn may_colour() -> bool {
    !PLAIN.load(Ordering::Relaxed) && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Text in one of the terminal's colours, where colours are wanted.
pub fn painted(text: &str, code: u8) -> String {
    if coloured() { paint(text, code) } else { text.to_owned() }
}

/// The same, for standard error.
pub fn painted_aside(text: &str, code: u8) -> String {
    if std::io::stderr().is_terminal() && may_colour() { paint(text, code) } else { text.to_owned() }
}

fn paint(text: &str, code: u8) -> String {
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Red.
pub const BAD: u8 = 31;
/// Green.
pub const GOOD: u8 = 32;
/// Yellow.
pub const DOUBTFUL: u8 = 33;
/// Faint.
pub const ASIDE: u8 = 2;
/// Bold.
pub const STRONG: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_moves_no_cursor() {
        assert_eq!(harmless("a\u{1b}[2Jb\nü\tc\r"), "a\\u{1b}[2Jb\nü\tc\\u{d}");
    }
}
