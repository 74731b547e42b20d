//! One pass over the payload: bytes to tape. Owns the order of checks. Never recurses: open arrays and objects are frames on a
//! stack of at most `depth_max`.

use super::fault::{Fault, FaultKind, Stop};
use super::tape::*;
use super::value::Value;
use super::{keys, number, path, text};

/// Reads `payload` into `tape` and returns its outermost value. Strict RFC 8259 in UTF-8, and stricter: no byte order mark, no two
/// members of one name in any object, no lone surrogate in an escape, and the limits.
///
/// # Errors
/// The first fault found; the tape then holds nothing of use. Repeated names are found where their object ends.
pub fn scan<'p, 't>(payload: &'p [u8], limits: &Limits, tape: &'t mut Tape) -> Result<Value<'p, 't>, Fault> {
    tape.used = 0;
    tape.frames.clear();
    match checked(payload, limits, tape) {
        Ok(text) => Ok(Value::new(text, &tape.nodes[..tape.used], 0)),
        Err(stop) => {
            let path = path::of_open(payload, tape);
            Err(Fault { kind: stop.kind, offset: stop.offset, path, message: stop.message })
        }
    }
}

fn checked<'p>(payload: &'p [u8], limits: &Limits, tape: &mut Tape) -> Result<&'p str, Box<Stop>> {
    if payload.len() > limits.payload_bytes_max.min(PAYLOAD_BYTES_CAP) {
        let message = "The payload is longer than `payload_bytes_max`; send less in one event, or raise the limit.";
        return Err(Stop::new(FaultKind::TooLarge, payload.len(), message));
    }
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| {
        // Where it is wrong is asked only once it is.
        let valid = std::str::from_utf8(payload).err().map_or(0, |error| error.valid_up_to());
        Stop::new(FaultKind::NotUtf8, valid, "The payload is not UTF-8; encode it as UTF-8.")
    })?;
    if text.starts_with('\u{FEFF}') {
        return Err(Stop::not_json(0, "The payload starts with a byte order mark; send UTF-8 without one."));
    }
    let nodes_max = limits.nodes_max.min(NODES_CAP);
    let mut nodes = std::mem::take(&mut tape.nodes);
    nodes.truncate(nodes_max);
    let (frame, depth_max) = (Frame::NONE, limits.depth_max);
    let mut scanner = Scanner { text, bytes: payload, nodes, used: 0, frame, tape, nodes_max, depth_max };
    let result = scanner.run();
    let Scanner { nodes, used, frame, .. } = scanner;
    (tape.nodes, tape.used) = (nodes, used);
    tape.frames.push(frame);
    result.map(|()| text)
}

struct Scanner<'s> {
    text: &'s str,
    bytes: &'s [u8],
    /// The tape's, held here while scanning; the first `used` are in use, all may be.
    nodes: Vec<Node>,
    used: usize,
    tape: &'s mut Tape,
    /// The innermost open array or object; those around it are in `tape.frames`.
    frame: Frame,
    nodes_max: usize,
    depth_max: usize,
}

/// The index after one within the payload, which at 2 GiB is far from overflowing.
#[inline(always)]
fn after(at: usize) -> usize {
    at.wrapping_add(1)
}

impl Scanner<'_> {
    #[inline(always)]
    fn run(&mut self) -> Result<(), Box<Stop>> {
        let (mut at, mut byte) = self.space(0);
        let mut name_next = false;
        loop {
            if name_next {
                (at, byte) = self.name(at, byte)?;
            }
            // A value starts here.
            at = match byte {
                b'"' => self.string(at)?,
                open @ (b'{' | b'[') => {
                    let object = open == b'{';
                    self.open(if object { OBJECT } else { ARRAY }, at)?;
                    (at, byte) = self.space(after(at));
                    if byte != if object { b'}' } else { b']' } {
                        self.frame.count = u32::from(!object);
                        name_next = object;
                        continue;
                    }
                    self.close(at)?
                }
                b'-' | b'0'..=b'9' => self.number(at)?,
                b't' => self.word(at, "true", TRUE)?,
                b'f' => self.word(at, "false", FALSE)?,
                b'n' => self.word(at, "null", NULL)?,
                _ => return Err(self.no_value(at)),
            };
            // A value has ended: what holds it goes on, or ends too.
            loop {
                (at, byte) = self.space(at);
                name_next = self.frame.tag == OBJECT;
                if byte == b',' && self.frame.tag != NONE {
                    self.frame.count += u32::from(!name_next);
                    (at, byte) = self.space(after(at));
                    break;
                }
                match (byte, self.frame.tag) {
                    (b'}', OBJECT) | (b']', ARRAY) => at = self.close(at)?,
                    (_, NONE) => return self.end(at),
                    _ => return Err(self.no_separator(at)),
                }
            }
        }
    }

    /// The byte at `at`, or NUL past the end: JSON has no place for one, so both fail alike.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Where white space from `at` on ends, and the byte there.
    #[inline(always)]
    fn space(&self, mut at: usize) -> (usize, u8) {
        let mut byte = self.byte(at);
        while byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            at = after(at);
            byte = self.byte(at);
        }
        (at, byte)
    }

    #[inline(always)]
    fn push(&mut self, start: usize, end: usize, tag: u32) -> Result<(), Box<Stop>> {
        let link = (self.used as u32).wrapping_add(1);
        self.push_node(Node { start: start as u32, end: end as u32, link, meta: tag })
    }

    #[inline(always)]
    fn push_node(&mut self, node: Node) -> Result<(), Box<Stop>> {
        match self.nodes.get_mut(self.used) {
            Some(place) => *place = node,
            None => self.grow(node)?,
        }
        self.used = self.used.wrapping_add(1);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, node: Node) -> Result<(), Box<Stop>> {
        if self.used >= self.nodes_max {
            let message = "The event has more values than `nodes_max`; send less in one event, or raise the limit.";
            return Err(Stop::new(FaultKind::TooManyNodes, node.start as usize, message));
        }
        self.nodes.resize((self.used * 2).max(256).min(self.nodes_max), Node::EMPTY);
        self.nodes[self.used] = node;
        Ok(())
    }

    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<usize, Box<Stop>> {
        let body = text::body(self.bytes, after(at))?;
        self.push(after(at), body.end, if body.escaped { STRING_ESCAPED } else { STRING })?;
        Ok(after(body.end))
    }

    /// Reads a member's name and its colon; returns where its value starts.
    #[inline(always)]
    fn name(&mut self, at: usize, byte: u8) -> Result<(usize, u8), Box<Stop>> {
        if byte != b'"' {
            return Err(Stop::not_json(at, "A member's name in quotes is missing here; no comma may end an object."));
        }
        let start = after(at);
        let body = text::body(self.bytes, start)?;
        let (tag, hash) = if body.escaped {
            (NAME_ESCAPED, keys::hash_escaped(&self.text[start..body.end]))
        } else {
            (NAME, keys::hash_at(self.bytes, start, body.end))
        };
        let name = self.used as u32;
        self.push_node(Node { start: start as u32, end: body.end as u32, link: hash, meta: tag })?;
        self.frame.count = self.frame.count.wrapping_add(1);
        self.frame.name = name;
        self.frame.seen |= keys::class(hash);
        let (colon, byte) = self.space(after(body.end));
        if byte != b':' {
            return Err(Stop::not_json(colon, "A colon is missing after a member's name."));
        }
        Ok(self.space(after(colon)))
    }

    fn number(&mut self, at: usize) -> Result<usize, Box<Stop>> {
        let number = number::number(self.bytes, at)?;
        self.push(at, number.end, if number.integer { INTEGER } else { FRACTION })?;
        Ok(number.end)
    }

    fn word(&mut self, at: usize, word: &str, tag: u32) -> Result<usize, Box<Stop>> {
        if !self.bytes[at..].starts_with(word.as_bytes()) {
            return Err(self.no_value(at));
        }
        self.push(at, at + word.len(), tag)?;
        Ok(at + word.len())
    }

    #[inline]
    fn open(&mut self, tag: u32, at: usize) -> Result<(), Box<Stop>> {
        // The outermost frame is no array and no object, so as many are on the stack as the new one is deep.
        if self.tape.frames.len() >= self.depth_max {
            let message = "The event nests deeper than `depth_max`; flatten it, or send the inner part as a string.";
            return Err(Stop::new(FaultKind::TooDeep, at, message));
        }
        let node = self.used as u32;
        self.push(at, at, tag)?;
        self.tape.frames.push(std::mem::replace(&mut self.frame, Frame { node, count: 0, name: node, tag, seen: 0 }));
        Ok(())
    }

    /// Ends the innermost open array or object, whose bracket is at `at`.
    #[inline]
    fn close(&mut self, at: usize) -> Result<usize, Box<Stop>> {
        let frame = self.frame;
        if frame.tag == OBJECT && frame.seen.count_ones() != frame.count {
            let (nodes, names) = (&self.nodes[..self.used], &mut self.tape.names);
            if let Some(name) = keys::repeated(self.text, nodes, frame.node as usize, names) {
                return Err(self.repeated(name));
            }
        }
        self.frame = self.tape.frames.pop().unwrap_or(Frame::NONE);
        let link = self.used as u32;
        let node = &mut self.nodes[frame.node as usize];
        node.end = after(at) as u32;
        node.link = link;
        node.meta |= frame.count << TAG_BITS;
        Ok(after(at))
    }

    #[inline]
    fn end(&self, at: usize) -> Result<(), Box<Stop>> {
        if at == self.bytes.len() {
            return Ok(());
        }
        Err(Stop::not_json(at, "More follows the JSON value; send one event in one message."))
    }

    #[cold]
    fn repeated(&mut self, name: u32) -> Box<Stop> {
        self.frame.name = name;
        let offset = self.nodes[name as usize].start as usize - 1;
        let message = "Two members of one object have this name; keep one, for readers disagree on which one counts.";
        Stop::new(FaultKind::DuplicateKey, offset, message)
    }

    #[cold]
    fn no_value(&self, at: usize) -> Box<Stop> {
        let message = match self.bytes.get(at) {
            None if self.used == 0 => "The payload is empty; send one JSON event.",
            None => "The payload ends before its JSON does; send the whole event.",
            Some(b'N' | b'I') => "JSON has no NaN and no Infinity; send null or a string.",
            Some(b'\'') => "JSON strings stand in double quotes; serialise the event with a JSON library.",
            Some(b'\0') => {
                "A NUL byte stands where a value should; a binary format or header is in the way, send plain JSON."
            }
            Some(b']' | b'}' | b',') => "A value is missing here; no comma may come first, last or doubled.",
            Some(_) => "No JSON value starts with this byte; serialise the event with a JSON library.",
        };
        Stop::not_json(at, message)
    }

    #[cold]
    fn no_separator(&self, at: usize) -> Box<Stop> {
        let message = match self.bytes.get(at) {
            None => "The payload ends before its JSON does; send the whole event.",
            Some(_) => "A comma or the closing bracket is missing here; serialise the event with a JSON library.",
        };
        Stop::not_json(at, message)
    }
}
