//! JSON paths, `$.run.facets.parent` or `$.inputs[3]['odd name']`: built only when a finding or a fault needs one.
//! Never longer than [`PATH_BYTES_MAX`].

use super::escape::Decoded;
use super::tape::{ARRAY, Node, OBJECT, Tape};

/// Longest path, bytes; a longer one ends in `…`.
const PATH_BYTES_MAX: usize = 512;

/// Path of the value at `index`, found by descending from the root.
pub(super) fn of_value(text: &str, nodes: &[Node], index: u32) -> String {
    let mut path = String::from("$");
    let mut at = 0u32;
    while at < index {
        let node = &nodes[at as usize];
        let names = u32::from(node.tag() == OBJECT);
        let mut child = at + 1;
        let mut ordinal = 0;
        // The child whose nodes hold the index is the next step.
        while child + names < node.link && nodes[(child + names) as usize].link <= index {
            child = nodes[(child + names) as usize].link;
            ordinal += 1;
        }
        if child >= node.link {
            break;
        }
        if names == 1 {
            push_name(&mut path, text, &nodes[child as usize])
        } else {
            push_ordinal(&mut path, ordinal)
        }
        at = child + names;
    }
    cut(path)
}

/// Path of the place that the scanner had come to.
#[cold]
pub(super) fn of_open(payload: &[u8], tape: &Tape) -> String {
    let text = std::str::from_utf8(payload).unwrap_or("");
    let mut path = String::from("$");
    for frame in &tape.frames {
        match frame.tag {
            ARRAY if frame.count > 0 => push_ordinal(&mut path, frame.count - 1),
            OBJECT if frame.name != frame.node => push_name(&mut path, text, &tape.nodes[frame.name as usize]),
            _ => {}
        }
    }
    cut(path)
}

fn push_ordinal(path: &mut String, ordinal: u32) {
    path.push('[');
    path.push_str(&ordinal.to_string());
    path.push(']');
}

fn push_name(path: &mut String, text: &str, name: &Node) {
    let raw = text.get(name.start as usize..name.end as usize).unwrap_or("");
    let name: String = Decoded::new(raw).take(PATH_BYTES_MAX).collect();
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.bytes().all(letter) {
        path.push('.');
        path.push_str(&name);
        return;
    }
    path.push_str("['");
    for letter in name.chars() {
        match letter {
            '\'' | '\\' => path.extend(['\\', letter]),
            control if control.is_control() => path.extend(control.escape_unicode()),
            letter => path.push(letter),
        }
    }
    path.push_str("']");
}

fn cut(mut path: String) -> String {
    const MARK: char = '…';
    if path.len() > PATH_BYTES_MAX {
        path.truncate(path.floor_char_boundary(PATH_BYTES_MAX - MARK.len_utf8()));
        path.push(MARK);
    }
    path
}
