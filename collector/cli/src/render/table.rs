//! Tables: borders on a terminal, tab-separated columns when piped.

use std::io::IsTerminal as _;

use comfy_table::{ContentArrangement, Table, presets};

/// Rows under a heading; `none` stands where there are no rows.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>, none: &str) -> String {
    match (rows.is_empty(), std::io::stdout().is_terminal()) {
        (true, _) => none.to_owned(),
        (false, true) => framed(heading, rows),
        (false, false) => plain(heading, &rows),
    }
}

fn framed(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heading.to_vec());
    table.add_rows(rows);
    table.to_string()
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
    fn pairs_line_up_and_leave_out_what_is_empty() {
        let rows = [("state", "failed".to_owned()), ("job", String::new()), ("inputs", "a\nb".to_owned())];
        assert_eq!(pairs(&rows), "state   failed\ninputs  a\n        b");
    }
}
