//! What a command prints: nothing but the answer on standard output; JSON for scripts, text for people.

use std::io::{IsTerminal as _, Write as _};

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
    out.write_all(text.trim_end().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Whether answers may be coloured: a terminal, and nobody said no (`NO_COLOR`).
pub fn coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Text in one of the terminal's colours, where colours are wanted.
pub fn painted(text: &str, code: u8) -> String {
    if coloured() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
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
