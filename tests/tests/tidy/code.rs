//! A source's code without comments and literals, and without its test items. Keeps every line where it was.
//! Knows just enough of Rust's lexing for that; never parses.

/// `text` with comments, strings and characters blanked out.
pub fn without_literals(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let ends_a_name = code.chars().next_back().is_some_and(is_name);
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if first == '"' {
            string(rest)
        } else if first == 'r' && !ends_a_name {
            raw_string(rest).unwrap_or(0)
        } else if first == '\'' {
            character(rest).unwrap_or(0)
        } else {
            0
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// `code` (from [`without_literals`]) with every item under `#[cfg(test)]` blanked out.
pub fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        let length = item(&rest[start..]);
        kept.push_str(&rest[..start]);
        kept.extend(rest[start..start + length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[start + length..];
    }
    kept + rest
}

/// The names of the modules that `code` (from [`without_literals`]) declares, in files of their own, under `#[cfg(test)]`.
pub fn test_modules(code: &str) -> Vec<String> {
    let declared = |item: &str| {
        let item = item.trim_start();
        let (_, module) =
            item.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?;
        let (name, _) = module.split_once(';')?;
        name.chars().all(is_name).then(|| name.to_owned())
    };
    code.split("#[cfg(test)]").skip(1).filter_map(declared).collect()
}

/// The lines on which `word` stands in `code`, not as a part of a longer name. Lines count from 1.
pub fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let whole = |line: &str, at: usize| {
        let before = line[..at].chars().next_back().is_some_and(is_name);
        let after = line[at + word.len()..].chars().next().is_some_and(is_name);
        let longer = before && word.starts_with(is_name) || after && word.ends_with(is_name);
        !longer
    };
    let holds = |line: &str| line.match_indices(word).any(|(at, _)| whole(line, at));
    code.lines().enumerate().filter(|(_, line)| holds(line)).map(|(index, _)| index + 1).collect()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `r"…"` or `r#"…"#`; `None` for a raw name such as `r#type`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(text.len(), |at| 2 + hashes + at + end.len()))
}

/// `'x'` or `'\n'`; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// The length of the item that opens `code`: to its first `;`, or to the brace that closes its first `{`.
fn item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

#[test]
fn literals_and_tests_are_blanked_and_lines_stay() {
    let check = |text: &str, expected: &str| assert_eq!(without_literals(text), expected, "{text}");
    check("a // b\nc", "a     \nc");
    check("a /* b /* c */ d */ e", "a                   e");
    check(r#"f("x\"y", 'z', '\'', b"w")"#, "f(      ,    ,     , b   )");
    check("r#type r\"a\" r#\"b\"c\"# for", "r#type               for");
    check("fn f<'a>(x: &'a str) -> char { '\"' }", "fn f<'a>(x: &'a str) -> char {     }");
    check("\"é\n\" z", "  \n  z");

    assert_eq!(
        without_tests("a\n#[cfg(test)]\nmod t {\n{}}\nb"),
        format!("a\n{}\n{}\n{}\nb", " ".repeat(12), " ".repeat(7), "   ")
    );
    assert_eq!(lines_with("tokio\nmy_tokio\nx.unwrap()", "tokio"), [1]);
    assert_eq!(lines_with("tokio\nmy_tokio\nx.unwrap()", ".unwrap()"), [3]);

    assert_eq!(
        test_modules("mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\npub(crate) mod c;\n#[cfg(test)]\nmod d { use e; }"),
        ["b", "c"]
    );
}
