//! Tables: aligned columns on a terminal, tab-separated ones when piped. A table that is wider than the terminal wraps its texts;
//! one that is too wide even so comes as a block a row. Names and ids are never broken.

use std::io::IsTerminal as _;

use console::{Term, measure_text_width};

use crate::output::{ASIDE, STRONG, painted};

/// Between columns.
const GAP: usize = 2;
/// A text is wrapped no narrower than this.
const WRAP_MIN: usize = 16;
/// A terminal that does not say how wide it is.
const WIDTH_DEFAULT: usize = 80;

/// Rows under a heading; `none` stands where there are no rows.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>, none: &str) -> String {
    match (rows.is_empty(), std::io::stdout().is_terminal()) {
        (true, _) => none.to_owned(),
        (false, true) => framed(heading, rows, terminal_width()),
        (false, false) => plain(heading, &rows),
    }
}

fn terminal_width() -> usize {
    Term::stdout().size_checked().map_or(WIDTH_DEFAULT, |(_, columns)| usize::from(columns))
}

/// Aligned, within `width` columns.
fn framed(heading: &[&str], rows: Vec<Vec<String>>, width: usize) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|name| measure_text_width(name)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let whole = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    let mut by_width: Vec<usize> = (0..widths.len()).filter(|column| wraps(&rows, *column)).collect();
    by_width.sort_by_key(|column| std::cmp::Reverse(widths.get(*column).copied()));
    for column in by_width {
        let excess = whole(&widths).saturating_sub(width);
        if let Some(wide) = widths.get_mut(column) {
            let least = longest_word(heading, &rows, column).max(WRAP_MIN);
            *wide = wide.saturating_sub(excess).max(least).min(*wide);
        }
    }
    if whole(&widths) > width {
        return blocks(heading, &rows);
    }
    let names: Vec<String> = heading.iter().map(|name| (*name).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    let mut lines: Vec<String> = lines_of(&names, &widths).iter().map(|line| painted(line, STRONG)).collect();
    lines.extend(lines_of(&rule, &widths).iter().map(|line| painted(line, ASIDE)));
    lines.extend(rows.iter().flat_map(|row| lines_of(row, &widths)));
    lines.join("\n")
}

/// Whether a column holds sentences: texts with spaces, none of them coloured.
fn wraps(rows: &[Vec<String>], column: usize) -> bool {
    let cells = || rows.iter().filter_map(|row| row.get(column));
    cells().any(|cell| cell.contains(' ')) && !cells().any(|cell| cell.contains('\u{1b}'))
}

/// What a column must hold in one line.
fn longest_word(heading: &[&str], rows: &[Vec<String>], column: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.split(' '));
    let name = heading.get(column).map_or(0, |name| measure_text_width(name));
    cells.map(measure_text_width).max().unwrap_or(0).max(name)
}

/// One row as lines: each cell wrapped to its column and padded.
fn lines_of(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |number: usize| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let text = cell.get(number).map_or("", String::as_str);
            line.push_str(text);
            line.push_str(&" ".repeat(width.saturating_sub(measure_text_width(text)) + GAP));
        }
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// A text in lines of at most `width`, broken at spaces; a word that is longer stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if measure_text_width(line) + 1 + measure_text_width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A block a row: the heading's names in front of what they name.
fn blocks(heading: &[&str], rows: &[Vec<String>]) -> String {
    let block = |row: &Vec<String>| {
        let named: Vec<(&str, String)> = heading.iter().copied().zip(row.iter().cloned()).collect();
        pairs(&named)
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n\n")
}

fn plain(heading: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &String| cell.replace(['\t', '\n'], " ");
    let lines = rows.iter().map(|row| row.iter().map(clean).collect::<Vec<_>>().join("\t"));
    std::iter::once(heading.join("\t").to_uppercase()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Names and values below one another.
pub fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        format!("{name:width$}  {}", value.replace('\n', &format!("\n{:width$}  ", "")))
    };
    rows.iter().filter(|(_, value)| !value.is_empty()).map(line).collect::<Vec<_>>().join("\n")
}

/// `1 event`, `2 events`.
pub fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piped_table_has_a_line_a_row() {
        let rows = vec![vec!["a\tb".to_owned(), "1".to_owned()]];
        assert_eq!(plain(&["name", "runs"], &rows), "NAME\tRUNS\na b\t1");
        assert_eq!(table(&["name"], vec![], "Nothing yet."), "Nothing yet.");
    }

    #[test]
    fn a_table_fits_its_terminal_and_breaks_no_name() {
        let rows = || {
            vec![vec!["a-long-name".to_owned(), "\u{1b}[31mbad\u{1b}[0m".to_owned(), "why it is so and so".to_owned()]]
        };
        let check =
            |width: usize, expected: &str| assert_eq!(framed(&["name", "state", "why"], rows(), width), expected);
        let line = "a-long-name  \u{1b}[31mbad\u{1b}[0m    why it is so and so";
        check(80, &format!("name         state  why\n───────────  ─────  ───────────────────\n{line}"));
        check(21, "name   a-long-name\nstate  \u{1b}[31mbad\u{1b}[0m\nwhy    why it is so and so");
        let long = vec![vec!["id".to_owned(), "one two three four five six seven".to_owned()]];
        assert_eq!(
            framed(&["name", "why"], long, 27),
            "name  why\n────  ─────────────────────\nid    one two three four\n      five six seven"
        );
    }

    #[test]
    fn pairs_line_up_and_leave_out_what_is_empty() {
        let rows = [("state", "failed".to_owned()), ("job", String::new()), ("inputs", "a\nb".to_owned())];
        assert_eq!(pairs(&rows), "state   failed\ninputs  a\n        b");
    }
}
