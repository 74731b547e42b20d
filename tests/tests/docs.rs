//! The documentation holds together: links and anchors lead somewhere, every page is reached from the index, every rule has its
//! section. Reads the tree, changes nothing. (That the command lines parse is tested beside the parser.)
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Folders that hold no pages of ours.
const PASSED_OVER: [&str; 2] = ["target", "node_modules"];

/// Every page by its path from the root.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![PathBuf::from(ROOT)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') || PASSED_OVER.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".md") {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.insert(path.strip_prefix(ROOT).unwrap().to_owned(), text);
            }
        }
    }
    pages
}

/// The lines of a page outside of code blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// Targets of the links in a line; what stands in backticks is no link.
fn links(line: &str) -> Vec<String> {
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
    let mut found = Vec::new();
    for part in outside.split("](").skip(1) {
        found.extend(part.split_once(')').map(|(target, _)| target.to_owned()));
    }
    found
}

/// A heading's anchor: lower case, no punctuation, dashes for spaces.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#'))).collect()
}

/// A path without `..`, as far as that can be told without the disk.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Where a link of a page leads: path from the root, anchor. `None` for what lies outside of this repository.
fn leads(page: &Path, target: &str) -> Option<(PathBuf, Option<String>)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) =
        target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor.to_owned())));
    let path = if path.is_empty() { page.to_owned() } else { plain(&page.parent().unwrap().join(path)) };
    Some((path, anchor))
}

/// What is wrong with the links of these pages.
fn faults(pages: &BTreeMap<PathBuf, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (page, text) in pages {
        for (line, target) in
            prose(text).into_iter().flat_map(|(line, text)| links(text).into_iter().map(move |t| (line, t)))
        {
            let Some((path, wanted)) = leads(page, &target) else { continue };
            let place = format!("{}:{line}: {target}", page.display());
            match (pages.get(&path), wanted) {
                (None, _) if !exists(&path) => faults.push(format!("{place}: there is no {}", path.display())),
                (Some(text), Some(wanted)) if !anchors(text).contains(&wanted) => {
                    faults.push(format!("{place}: {} has no heading for it", path.display()));
                }
                _ => {}
            }
        }
    }
    faults
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let pages = pages();
    assert!(pages.contains_key(Path::new("docs/README.md")), "the walk misses pages");
    let faults = faults(&pages, |path| Path::new(ROOT).join(path).exists());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_page_is_reached_from_the_index() {
    let pages = pages();
    let mut reached = BTreeSet::from([PathBuf::from("docs/README.md")]);
    let mut left: Vec<PathBuf> = reached.iter().cloned().collect();
    while let Some(page) = left.pop() {
        let text = &pages[&page];
        let targets =
            prose(text).into_iter().flat_map(|(_, line)| links(line)).filter_map(|target| leads(&page, &target));
        for (target, _) in targets.collect::<Vec<_>>() {
            // A link to a folder stands for the pages in it.
            let meant = pages.keys().filter(|known| **known == target || known.parent() == Some(&target)).cloned();
            left.extend(meant.filter(|known| reached.insert(known.clone())));
        }
    }
    let missed: Vec<_> = pages.keys().filter(|page| page.starts_with("docs") && !reached.contains(*page)).collect();
    assert!(missed.is_empty(), "docs/README.md does not lead to {missed:?}");
}

#[test]
fn every_rule_has_its_section() {
    let sections = anchors(&pages()[Path::new("docs/alerts.md")]);
    for (rule, _) in lineage::rule::RULES {
        assert!(sections.contains(rule), "docs/alerts.md has no section {rule}");
    }
}

#[test]
fn each_fault_can_be_found() {
    let page = |text: &str| BTreeMap::from([(PathBuf::from("docs/a.md"), format!("# One two\n{text}"))]);
    let check = |text: &str, expected: usize| {
        let faults = faults(&page(text), |path| path == Path::new("LICENSE"));
        assert_eq!(faults.len(), expected, "{text}: {faults:?}");
    };
    check("[x](#one-two) [y](a.md#one-two) [z](../LICENSE) [w](https://example.org)", 0);
    check("`[x](nowhere.md)`\n```\n[x](nowhere.md)\n```\n", 0);
    check("[x](nowhere.md)", 1);
    check("[x](#three) and [y](../README.md)", 2);
}
