//! Keys order as meant and read back; the bytes of every key are pinned.

use super::FacetKey;
use super::key::{
    ChangeKey, Class, Digest, EdgeKey, HistoryKey, Index, Key, KeyBytes, LifeChange, Link, NameKey, NewestFirst, Side,
    TimelineKey, UseKey, newest_first, open_text, terminated, time_of,
};
use crate::id::{NodeId, RunId};

fn node(byte: u8) -> NodeId {
    NodeId([byte; 16])
}

fn hex(bytes: &KeyBytes) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn newest_times_come_first() {
    let times = [i64::MAX, 1_700_000_000_000_000_000, 1, 0, -1, i64::MIN];
    assert!(times.map(newest_first).is_sorted());
    assert_eq!(times.map(newest_first).map(time_of), times);
}

#[test]
fn texts_order_by_their_bytes_and_end_unmistakably() {
    let texts = ["", "\0", "\0a", "a", "a\0", "a\0b", "aa", "b", "ü"];
    let keys: Vec<KeyBytes> = texts.iter().map(|text| terminated(text)).collect();
    assert!(keys.is_sorted());
    for (text, key) in texts.iter().zip(&keys) {
        assert!(key.starts_with(&open_text(text)));
    }
}

#[test]
fn keys_read_back() {
    let name = NameKey { index: Index::Job, text: "a\0b".into(), name: "ü".into(), node: node(7) };
    assert_eq!(NameKey::parse(&name.bytes()), Some(name));
    let timeline = TimelineKey { job: node(1), class: Class::Open, time: NewestFirst::new(-5), root: RunId([2; 16]) };
    assert_eq!(TimelineKey::parse(&timeline.bytes()), Some(timeline));
    assert_eq!(TimelineKey::parse(&timeline.bytes()[1..]), None);
}

#[test]
fn key_bytes_are_pinned() {
    let edge = EdgeKey { node: node(0xaa), link: Link::WrittenBy, other: node(0xbb) };
    assert_eq!(hex(&edge.bytes()), format!("{}03{}", "aa".repeat(16), "bb".repeat(16)));
    let timeline =
        TimelineKey { job: node(1), class: Class::CleanBoth, time: NewestFirst::new(1), root: RunId([2; 16]) };
    assert_eq!(hex(&timeline.bytes()), format!("{}047ffffffffffffffe{}", "01".repeat(16), "02".repeat(16)));
    let name = NameKey { index: Index::Column, text: "id".into(), name: String::new(), node: node(3) };
    assert_eq!(hex(&name.bytes()), format!("03696400000000{}", "03".repeat(16)));
    let (one, two, run) = ("01".repeat(16), "02".repeat(16), RunId([3; 16]));
    let started = NewestFirst::new(1);
    let uses = UseKey { dataset: node(1), side: Side::Output, started, job: node(2), run };
    assert_eq!(hex(&uses.bytes()), format!("{one}027ffffffffffffffe{two}{}", "03".repeat(16)));
    let change = ChangeKey { dataset: node(1), change: LifeChange::Drop, time: started, event: RunId([2; 16]) };
    assert_eq!(hex(&change.bytes()), format!("{one}037ffffffffffffffe{two}"));
    let history = HistoryKey { node: node(1), facet: FacetKey::Records, digest: Digest([2; 16]) };
    assert_eq!(hex(&history.bytes()), format!("{one}1f{two}"));
    assert_eq!(HistoryKey::parse(&history.bytes()), Some(history));
    assert_eq!((UseKey::parse(&uses.bytes()), ChangeKey::parse(&change.bytes())), (Some(uses), Some(change)));
}

/// A history that writes a row of every table, for pinning.
fn a_little_of_everything() -> crate::row::memory::Memory {
    use crate::facts::EventType::{Complete, Fail, Running, Start};
    use crate::fold::tests::event::Ev;
    let mut history = vec![
        Ev {
            owner: Some("team:a with a name that needs a row of its own"),
            ..Ev::new(Start, 1, 1, 10).io(&[0], &[1]).parent(9, 2)
        },
        Ev { columns: vec![("a", 0, "b")], ..Ev::new(Complete, 1, 1, 20).io(&[0], &[1]).parent(9, 2) },
        Ev { explicit: Some(vec![(1, vec![0])]), error: Some("no"), ..Ev::new(Fail, 2, 1, 30) },
        Ev { symlink: Some(3), schema: vec!["a"], ..Ev::declares(1, 40, &[0], &[2], "https://example.org/p") },
        Ev { owner: Some("team:b"), schema: vec!["b"], ..Ev::new(Complete, 3, 2, 50).io(&[], &[2]) },
        Ev { rows: Some(7), version: Some("v1"), quality: Some(false), ..Ev::new(Running, 3, 2, 60).io(&[0], &[2]) },
        Ev { rows: Some(8), lifecycle: Some(("RENAME", Some(4))), ..Ev::tells(2, 70) },
    ];
    for (ev, leaf) in history.iter_mut().zip(1..) {
        ev.leaf = leaf;
    }
    crate::fold::tests::fed(&history)
}

#[test]
fn row_bytes_are_pinned() {
    let state = a_little_of_everything();
    for table in crate::row::Table::ALL {
        assert!(state.rows.keys().any(|(written, _)| *written == table), "no row of {table:?} is pinned");
    }
    let mut text = String::new();
    for ((table, key), row) in &state.rows {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // An alert's row holds its message, whose words may change.
        let bytes = if *table == crate::row::Table::Alert { "a message".to_owned() } else { hex(row) };
        text.push_str(&format!("{table:?} {} = {bytes}\n", hex(key)));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn running_orders_by_its_ten_minutes() {
    use super::{HEARTBEAT_NS, Stamp};
    let at = |minutes: i64, rank, event| Stamp { time_ns: minutes * HEARTBEAT_NS / 10, rank, event };
    let ascending = [at(5, 0, 9), at(7, 0, 1), at(0, 1, 3), at(0, 1, 4), at(2, 2, 0), at(10, 0, 0), at(10, 1, 0)];
    assert!(ascending.is_sorted());
    assert_eq!(super::floor(-1), -HEARTBEAT_NS);
}

#[test]
fn damaged_rows_are_told() {
    use crate::row::{EdgeRow, Row, RunRow};
    assert!(EdgeRow::decode(&[]).is_err());
    assert!(EdgeRow::decode(&[2, 0]).is_err(), "a version of the future");
    for ((table, _), row) in &a_little_of_everything().rows {
        if *table == crate::row::Table::Run {
            assert!(RunRow::decode(row).is_ok());
            for end in 0..row.len() {
                assert!(RunRow::decode(&row[..end]).is_err(), "cut at {end}");
            }
        }
    }
}
