//! Finds the elements of a JSON array without reading them: each event of a batch is judged by itself, so one that
//! is broken must not take the others with it. Looks at strings and brackets alone.

use std::ops::Range;

/// Why the array's elements can't be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsplit {
    /// The text does not begin with `[`.
    NotAnArray,
    /// Brackets, strings or commas don't match at this byte.
    Broken(usize),
    /// More elements than are taken.
    TooMany,
}

/// The span of every element, white space cut off.
pub(super) fn split(text: &[u8], elements_max: usize) -> Result<Vec<Range<usize>>, Unsplit> {
    let mut at = skip_space(text, 0);
    if text.get(at) != Some(&b'[') {
        return Err(Unsplit::NotAnArray);
    }
    let mut elements = Vec::new();
    at = skip_space(text, at + 1);
    if text.get(at) == Some(&b']') {
        at += 1;
    } else {
        loop {
            let end = element_end(text, at)?;
            let trimmed = at + text[at..end].trim_ascii_end().len();
            if trimmed == at {
                return Err(Unsplit::Broken(at));
            }
            if elements.len() == elements_max {
                return Err(Unsplit::TooMany);
            }
            elements.push(at..trimmed);
            at = end + 1;
            if text[end] == b']' {
                break;
            }
            at = skip_space(text, at);
        }
    }
    at = skip_space(text, at);
    if at == text.len() { Ok(elements) } else { Err(Unsplit::Broken(at)) }
}

/// The place of the `,` or `]` that ends the element beginning at `start`.
fn element_end(text: &[u8], start: usize) -> Result<usize, Unsplit> {
    let mut depth = 0usize;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b']' | b',' if depth == 0 => return Ok(at),
            b'}' => return Err(Unsplit::Broken(at)),
            _ => {}
        }
        at += 1;
    }
    Err(Unsplit::Broken(text.len()))
}

/// The place of the quote that closes the string opened at `start`.
fn string_end(text: &[u8], start: usize) -> Result<usize, Unsplit> {
    let mut at = start + 1;
    loop {
        match text.get(at) {
            None => return Err(Unsplit::Broken(text.len())),
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, wanted: Result<&[&str], Unsplit>) {
        let found = split(text.as_bytes(), 3);
        let texts = found.map(|spans| spans.into_iter().map(|span| &text[span]).collect::<Vec<_>>());
        assert_eq!(texts.as_deref(), wanted.as_deref(), "{text}");
    }

    #[test]
    fn elements_keep_their_bytes() {
        check("[]", Ok(&[]));
        check(" [ ] \n", Ok(&[]));
        check("[1]", Ok(&["1"]));
        check(" [ {\"a\": [1, 2]} ,\n\"x,]\\\"\" , 3 ] ", Ok(&["{\"a\": [1, 2]}", "\"x,]\\\"\"", "3"]));
        check("[{\"a\":1,\"a\":2},tru]", Ok(&["{\"a\":1,\"a\":2}", "tru"]));
        check("[\"\\\\\",\"\\u005d\"]", Ok(&["\"\\\\\"", "\"\\u005d\""]));
    }

    #[test]
    fn what_can_not_be_told_apart_is_named() {
        check("", Err(Unsplit::NotAnArray));
        check("{\"a\":[]}", Err(Unsplit::NotAnArray));
        check("[", Err(Unsplit::Broken(1)));
        check("[1", Err(Unsplit::Broken(2)));
        check("[1,]", Err(Unsplit::Broken(3)));
        check("[,1]", Err(Unsplit::Broken(1)));
        check("[1}", Err(Unsplit::Broken(2)));
        check("[\"a]", Err(Unsplit::Broken(4)));
        check("[\"a\\", Err(Unsplit::Broken(4)));
        check("[1] 2", Err(Unsplit::Broken(4)));
        check("[1,2,3,4]", Err(Unsplit::TooMany));
    }

    proptest! {
        #[test]
        fn any_array_splits_into_what_it_was_joined_from(
            values in prop::collection::vec(prop_oneof![
                any::<String>().prop_map(|s| serde_json::json!(s)),
                any::<i64>().prop_map(|n| serde_json::json!(n)),
                any::<(String, String)>().prop_map(|(a, b)| serde_json::json!({ a: [b, null] })),
            ], 0..9)
        ) {
            let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            let text = format!("[{}]", texts.join(" ,\t"));
            let found: Vec<&str> = split(text.as_bytes(), 9).unwrap().into_iter().map(|s| &text[s]).collect();
            prop_assert_eq!(found, texts);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![
            Just(b'['), Just(b']'), Just(b'{'), Just(b'}'), Just(b','), Just(b'"'), Just(b'\\'), any::<u8>()
        ], 0..64)) {
            if let Ok(spans) = split(&bytes, 64) {
                prop_assert!(spans.iter().all(|span| !bytes[span.clone()].is_empty()));
            }
        }
    }
}
