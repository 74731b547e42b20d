//! The house rules that no compiler checks, held as a test. Reads the tree, changes nothing.

mod code;
mod direction;
mod rules;
mod source;

use rules::RULES;
use source::Source;

#[test]
fn the_tree_is_tidy() {
    let sources = source::tree();
    // A walk that finds nothing would pass everything.
    assert!(sources.iter().any(|source| source.path == "tests/tests/tidy/main.rs"), "the walk misses files");
    let faults: Vec<String> = sources
        .iter()
        .flat_map(|source| RULES.iter().filter(|rule| (rule.applies)(source)).flat_map(|rule| rule.check(source)))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn dependencies_point_one_way() {
    let faults = direction::faults(&direction::workspace());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// What `path` holding `text` is blamed for: the names of rules with the line, in order.
fn check(path: &str, text: &str, expected: &[(&str, usize)]) {
    let source = Source::new(path.to_owned(), text.to_owned());
    let mut blamed: Vec<(&str, usize)> = RULES
        .iter()
        .filter(|rule| (rule.applies)(&source))
        .flat_map(|rule| (rule.faults)(&source).into_iter().map(|fault| (rule.name, fault.line)))
        .collect();
    blamed.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(blamed, expected, "{path}:\n{text}");
}

#[test]
fn each_rule_can_fail() {
    let server = "collector/server/src/intake.rs";
    let lineage = "collector/lineage/src/fold.rs";
    let ledger = "collector/ledger/src/tree/tests.rs";

    check(server, "//! Owns intake.\nfn f() {}\n", &[]);
    check(server, "fn f() {}\n", &[("opening", 1)]);
    check(server, "// Not a module comment.\n", &[("opening", 1)]);
    check(server, "", &[("opening", 1)]);
    check(server, "#![forbid(unsafe_code)]\n//! Too late.\n", &[("opening", 1)]);

    check(server, "//! A\nfn f() { todo!() }\n", &[("unfinished", 2)]);
    check(server, "//! A\nfn f() { unimplemented!(\"later\") }\n", &[("unfinished", 2)]);
    check(ledger, "//! A\n\nfn f() { todo!() }\n", &[("unfinished", 3)]);
    check(server, "//! A\n// Once a todo!() stood here.\nconst A: &str = \"todo!()\";\n", &[]);

    check(server, "//! A\nfn f() { g().unwrap(); }\n", &[("unwrap", 2)]);
    check(server, "//! A\nfn f() { g()\n  .unwrap() }\n", &[("unwrap", 3)]);
    check(server, "//! A\nfn f() { g().unwrap_or_default(); }\n", &[]);
    check(server, "//! A\n#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }\n", &[]);
    check(server, "//! A\n#[cfg(test)]\nmod tests { }\nfn f() { g().unwrap(); }\n", &[("unwrap", 4)]);
    check(server, "//! A\n#[cfg(test)]\nmod tests;\nfn f() { g().unwrap(); }\n", &[("unwrap", 4)]);
    check(ledger, "//! A\nfn f() { g().unwrap(); }\n", &[]);

    check(lineage, "//! A\nuse tokio::sync;\n", &[("pure-names", 2)]);
    check(lineage, "//! A\nfn f(db: &rocksdb::DB) {}\n", &[("pure-names", 2)]);
    check(ledger, "//! A\nuse rdkafka as k;\nuse axum::Router;\n", &[("pure-names", 2), ("pure-names", 3)]);
    check(lineage, "//! Not tokio.\nfn my_tokio_like() {} // rocksdb keeps it\n", &[]);
    check(server, "//! A\nuse tokio::sync;\n", &[]);

    check(lineage, "//! A\nlet t = SystemTime::now();\n", &[("pure-clock", 2)]);
    check(ledger, "//! A\nuse std::time::Instant;\n", &[("pure-clock", 2)]);
    check(lineage, "//! A\nlet t = jiff::Timestamp::now();\n", &[("pure-clock", 2)]);
    check(lineage, "//! A\nuse std::time::Duration;\nlet now = 1;\n", &[]);

    check(lineage, "//! A\nuse std::fs;\n", &[("pure-io", 2)]);
    check(lineage, "//! A\nlet v = std::env::var(\"A\");\n", &[("pure-io", 2)]);
    check(ledger, "//! A\nuse std::fs;\n", &[]);
    check("collector/lineage/examples/cost.rs", "//! A\nuse std::fs;\n", &[]);
    check(lineage, "//! A\nlet v = env!(\"CARGO_MANIFEST_DIR\");\n", &[]);

    let long = |lines: usize| format!("//! A\n{}", "//\n".repeat(lines - 1));
    check(server, &long(400), &[]);
    check(server, &long(401), &[("length", 401)]);
    check(ledger, &long(600), &[]);
    check("tests/tests/road.rs", &long(601), &[("length", 601)]);

    let machine = concat!("cat /ro", "ot/.cache/x");
    check("README.md", &format!("Run this:\n{machine}\n"), &[("machine-path", 2)]);
    check(server, &format!("//! Like {machine}\n"), &[("machine-path", 1)]);
    check("ops/a.sh", concat!("ls /ho", "me/ada/x\n"), &[("machine-path", 1)]);
    check("ops/a.sh", "ls /usr/lib $HOME/x /rooted homework/x\n", &[]);
}

#[test]
fn a_module_declared_for_tests_is_test_code() {
    let of = |path: &str, text: &str| Source::new(path.to_owned(), text.to_owned());
    let mut sources = [
        of("collector/store/src/leaf/mod.rs", "#[cfg(test)]\nmod samples;\nmod codec;\n"),
        of("collector/store/src/leaf/samples.rs", ""),
        of("collector/store/src/leaf/samples/more.rs", ""),
        of("collector/store/src/leaf/codec.rs", "#[cfg(test)]\nmod table;\n"),
        of("collector/store/src/leaf/codec/table.rs", ""),
        of("collector/store/src/samples.rs", ""),
    ];
    source::mark_test_modules(&mut sources);
    assert_eq!(sources.map(|source| source.is_test), [false, true, true, false, true, false]);
}

#[test]
fn each_arrow_can_fail() {
    let of = |from: &str, to: &[&str]| {
        let to = to.iter().map(|name| (*name).to_owned()).collect();
        direction::faults(&[direction::Member { name: from.to_owned(), dependencies: to }])
    };
    assert_eq!(of("server", &["store", "lineage", "tokio"]), Vec::<String>::new());
    assert_eq!(
        of("store", &["server"]),
        ["store depends on server: arrows point from cli to server to store to lineage and ledger"]
    );
    assert_eq!(of("ledger", &["lineage"]).len(), 1);
    assert_eq!(
        of("lineage", &["rocksdb"]),
        ["lineage depends on rocksdb: the pure crates build in seconds and do no I/O"]
    );
    assert_eq!(of("ledger", &["tokio-util"]).len(), 1);
    assert_eq!(of("server", &["ledgerline-tests"]).len(), 1);
    assert_eq!(
        of("novel", &[]),
        ["novel has no place in the order of crates yet: say in this test what it may depend on"]
    );
}
