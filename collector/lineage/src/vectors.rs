//! Reads the vectors of `docs/canonical-form.md`, so that the page and the code cannot differ. For tests only.

const PAGE: &str = include_str!("../../../docs/canonical-form.md");

/// The pairs of the block that opens with this word: a line, and what follows `→` on the next.
pub fn of(block: &str) -> Vec<(String, String)> {
    let (_, rest) = PAGE.split_once(&format!("\n```{block}\n")).expect("the page has this block");
    let (body, _) = rest.split_once("\n```").expect("the block ends");
    let lines: Vec<&str> = body.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 2 && lines.len().is_multiple_of(2), "{block}: lines come in pairs");
    let result = |line: &str| line.strip_prefix("→ ").expect("a result starts with an arrow").to_string();
    lines.chunks(2).map(|pair| (pair[0].to_string(), result(pair[1]))).collect()
}
