//! One line of the result: what was measured, beside what, and whether that is enough. Owns the table and `bench.json`.

use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

/// What is asked of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The ratio, at most.
    RatioMax(f64),
    /// The ratio, at least.
    RatioMin(f64),
    /// Our own figure, at most.
    OursMax(f64),
    /// Nothing: it is told only.
    None,
}

/// A line of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured; begins with its subject.
    pub name: String,
    /// Our figure.
    pub ours: f64,
    /// The figure beside it; the bound itself where the target is one of ours.
    pub reference: f64,
    /// Ours by the reference, in the sense that the name gives it.
    pub ratio: f64,
    /// What is asked.
    pub target: Target,
    /// Unit of both figures.
    pub unit: &'static str,
}

/// The row as `bench.json` has it.
#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    ours: f64,
    reference: f64,
    ratio: f64,
    target: Option<String>,
    unit: &'a str,
    met: Option<bool>,
}

impl Row {
    /// Two figures of the same unit; the ratio is ours ÷ the reference.
    pub fn ratio(name: impl Into<String>, ours: f64, reference: f64, target: Target, unit: &'static str) -> Self {
        Self { name: name.into(), ours, reference, ratio: ours / reference, target, unit }
    }

    /// A figure that has a bound of its own.
    pub fn bounded(name: impl Into<String>, ours: f64, bound: f64, unit: &'static str) -> Self {
        Self::ratio(name, ours, bound, Target::OursMax(bound), unit)
    }

    /// A figure that is told only.
    pub fn told(name: impl Into<String>, ours: f64, unit: &'static str) -> Self {
        Self { name: name.into(), ours, reference: ours, ratio: 1.0, target: Target::None, unit }
    }

    /// Whether the target is met; `None` where there is none.
    pub fn met(&self) -> Option<bool> {
        match self.target {
            Target::RatioMax(bound) => Some(self.ratio <= bound),
            Target::RatioMin(bound) => Some(self.ratio >= bound),
            Target::OursMax(bound) => Some(self.ours <= bound),
            Target::None => None,
        }
    }

    fn target_text(&self) -> Option<String> {
        match self.target {
            Target::RatioMax(bound) => Some(format!("≤ {bound}")),
            Target::RatioMin(bound) => Some(format!("≥ {bound}")),
            Target::OursMax(bound) => Some(format!("≤ {bound} {}", self.unit)),
            Target::None => None,
        }
    }
}

/// The rows as a table.
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["name", "ours", "reference", "ratio", "target", "unit", "met"]);
    for row in rows {
        let met = row.met().map_or("", |met| if met { "yes" } else { "NO" });
        let number = |value: f64| Cell::new(short(value)).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&row.name),
            number(row.ours),
            number(row.reference),
            Cell::new(format!("{:.2}", row.ratio)).set_alignment(CellAlignment::Right),
            Cell::new(row.target_text().unwrap_or_default()),
            Cell::new(row.unit),
            Cell::new(met),
        ]);
    }
    table.to_string()
}

fn short(value: f64) -> String {
    match value {
        large if large >= 1_000.0 => format!("{large:.0}"),
        value => format!("{value:.2}"),
    }
}

/// Writes the rows to `path` as JSON.
pub fn write(rows: &[Row], path: &Path) -> Result<()> {
    let written: Vec<Written<'_>> = rows
        .iter()
        .map(|row| Written {
            name: &row.name,
            ours: row.ours,
            reference: row.reference,
            ratio: row.ratio,
            target: row.target_text(),
            unit: row.unit,
            met: row.met(),
        })
        .collect();
    let text = serde_json::to_string_pretty(&written).context("rows are JSON")?;
    std::fs::write(path, text + "\n").with_context(|| format!("can't write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_on_its_own_side() {
        let check = |target, ours, reference, met| assert_eq!(Row::ratio("x", ours, reference, target, "s").met(), met);
        check(Target::RatioMax(1.5), 3.0, 2.0, Some(true));
        check(Target::RatioMax(1.5), 3.1, 2.0, Some(false));
        check(Target::RatioMin(0.6), 6.0, 10.0, Some(true));
        check(Target::RatioMin(0.6), 5.9, 10.0, Some(false));
        check(Target::None, 1.0, 1.0, None);
        assert_eq!(Row::bounded("x", 512.1, 512.0, "MiB").met(), Some(false));
    }
}
