//! A text cut into events: one event a line, arrays of events, objects spread over lines, or all of these after one another.
//! Knows on which line each begins. Never judges an event: what is no JSON is cut at the end of its line and goes on as it is,
//! so that it is refused for itself and takes no other with it.

use std::io::{BufRead, Read as _};

/// A longer event is none.
const EVENT_BYTES_MAX: usize = 64 << 20;
/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An event as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a text can't be cut any further.
#[derive(Debug, thiserror::Error)]
pub enum Uncut {
    /// The text can't be read.
    #[error("line {line}: {error}")]
    Read {
        /// From 1.
        line: u64,
        /// Why.
        error: std::io::Error,
    },
    /// An array that does not end.
    #[error("line {line}: the array that is open here has no end; the file is cut off, or is no JSON")]
    Open {
        /// From 1.
        line: u64,
    },
    /// An event of more than 64 MiB.
    #[error("line {line}: more than {EVENT_BYTES_MAX} bytes and no end; write one event a line, or JSON")]
    Long {
        /// From 1.
        line: u64,
    },
}

/// Cuts a text.
pub struct Split<R> {
    input: R,
    /// The line at hand, its number, and how much of it is used.
    text: Vec<u8>,
    line: u64,
    at: usize,
    in_array: bool,
    /// The event at hand.
    event: Vec<u8>,
    begun: u64,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Whether the event began with its brace alone on a line: then it is spread over lines, and those may begin with braces.
    is_spread: bool,
}

impl<R: BufRead> Split<R> {
    pub fn new(input: R) -> Self {
        Split {
            input,
            text: Vec::new(),
            line: 0,
            at: 0,
            in_array: false,
            event: Vec::new(),
            begun: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            is_spread: false,
        }
    }

    /// The next event.
    pub fn next(&mut self) -> Result<Option<Event>, Uncut> {
        loop {
            if self.at >= self.text.len() && !self.read_line()? {
                return self.end();
            }
            let cut = if self.depth > 0 { self.inside() } else { self.between() };
            if self.event.len() > EVENT_BYTES_MAX {
                return Err(Uncut::Long { line: self.begun });
            }
            if cut {
                return Ok(Some(self.take()));
            }
        }
    }

    fn read_line(&mut self) -> Result<bool, Uncut> {
        self.text.clear();
        self.at = 0;
        let read = self.input.by_ref().take(EVENT_BYTES_MAX as u64 + 1).read_until(b'\n', &mut self.text);
        let read = read.map_err(|error| Uncut::Read { line: self.line + 1, error })?;
        self.line += u64::from(read > 0);
        if self.line == 1 && self.text.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        Ok(read > 0)
    }

    /// Looks for the beginning of an event. True when one that is no object ends with this.
    fn between(&mut self) -> bool {
        let Some(&byte) = self.text.get(self.at) else { return false };
        match byte {
            byte if byte.is_ascii_whitespace() => self.at += 1,
            b',' if self.in_array => self.at += 1,
            b'[' if !self.in_array => (self.in_array, self.at) = (true, self.at + 1),
            b']' if self.in_array => (self.in_array, self.at) = (false, self.at + 1),
            b'{' | b'[' => {
                self.begun = self.line;
                self.is_spread = self.text.get(self.at + 1..).is_some_and(|rest| rest.trim_ascii().is_empty());
                self.open();
            }
            _ => {
                self.begun = self.line;
                let rest = self.text.get(self.at..).unwrap_or_default();
                let ends = |byte: &u8| *byte == b'\n' || self.in_array && (*byte == b',' || *byte == b']');
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.event.extend_from_slice(rest.get(..length).unwrap_or_default());
                self.at += length;
                return true;
            }
        }
        false
    }

    fn open(&mut self) {
        self.depth += 1;
        self.push();
    }

    fn push(&mut self) {
        self.event.extend(self.text.get(self.at));
        self.at += 1;
    }

    /// Goes on within an event. True when it ends.
    fn inside(&mut self) -> bool {
        if self.at == 0 && !self.in_array && !self.is_spread && self.text.starts_with(b"{") {
            // The line begins an event, and the one before was cut off.
            return true;
        }
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                // No string of JSON holds a line's end: what is at hand is cut off.
                b'\n' if self.in_string && !self.in_array => return true,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.open();
                    continue;
                }
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            self.push();
            if self.depth == 0 {
                return true;
            }
        }
        false
    }

    fn take(&mut self) -> Event {
        (self.depth, self.in_string, self.escaped) = (0, false, false);
        let mut bytes = std::mem::take(&mut self.event);
        bytes.truncate(bytes.trim_ascii_end().len());
        Event { line: self.begun, bytes }
    }

    fn end(&mut self) -> Result<Option<Event>, Uncut> {
        if self.in_array {
            return Err(Uncut::Open { line: if self.depth > 0 { self.begun } else { self.line } });
        }
        Ok((self.depth > 0).then(|| self.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Result<Vec<(u64, String)>, String> {
        let mut split = Split::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(Event { line, bytes }) = split.next().map_err(|error| error.to_string())? {
            found.push((line, String::from_utf8(bytes).unwrap()));
        }
        Ok(found)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(events(text).as_deref(), Ok(expected.as_slice()), "{text}");
    }

    #[test]
    fn texts_are_cut_into_events() {
        check("", &[]);
        check(" \n\n", &[]);
        check("{\"a\":1}\n{\"b\":2}", &[(1, "{\"a\":1}"), (2, "{\"b\":2}")]);
        check("\u{feff}{\"a\":1}\r\n\r\n{\"b\":2}\r\n", &[(1, "{\"a\":1}"), (3, "{\"b\":2}")]);
        check("{\"a\":{\"b\":[1,{}]}} {\"c\":1}", &[(1, "{\"a\":{\"b\":[1,{}]}}"), (1, "{\"c\":1}")]);
        check("{\"a\":\"}{\\\"[\"}", &[(1, "{\"a\":\"}{\\\"[\"}")]);
        check("{\n  \"a\": {\n}\n}\n{\"b\":2}", &[(1, "{\n  \"a\": {\n}\n}"), (5, "{\"b\":2}")]);
        check("{\n{\n}}\n", &[(1, "{\n{\n}}")]);
        check("[{\"a\":1},\n {\"b\":2}]\n", &[(1, "{\"a\":1}"), (2, "{\"b\":2}")]);
        check("[\n{\n\"a\":1\n},\n{}\n]", &[(2, "{\n\"a\":1\n}"), (5, "{}")]);
        check("[]", &[]);
        check("[{}]\n[{}]\n{}", &[(1, "{}"), (2, "{}"), (3, "{}")]);
    }

    #[test]
    fn what_is_broken_takes_no_other_with_it() {
        check("{\"a\":\n{\"b\":2}", &[(1, "{\"a\":"), (2, "{\"b\":2}")]);
        check("{\"a\":\"x\n{\"b\":2}", &[(1, "{\"a\":\"x"), (2, "{\"b\":2}")]);
        check("nonsense\n{\"b\":2}", &[(1, "nonsense"), (2, "{\"b\":2}")]);
        check("{\"a\":1}}\n{\"b\":2}", &[(1, "{\"a\":1}"), (1, "}"), (2, "{\"b\":2}")]);
        check("[1, {\"a\":1}, [2]]", &[(1, "1"), (1, "{\"a\":1}"), (1, "[2]")]);
        check("{\"a\":", &[(1, "{\"a\":")]);
    }

    #[test]
    fn what_has_no_end_is_said_with_its_line() {
        for (text, part) in [("[{}\n,", "line 2"), ("\n[{\n\"a\":1", "line 2"), ("[", "line 1")] {
            let error = events(text).unwrap_err();
            assert!(error.contains(part) && error.contains("no end"), "{text}: {error}");
        }
    }
}
