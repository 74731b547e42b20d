//! Shapes of answers: cousins, bounds, aliases, columns, parents, runs, and what a text means.

use crate::facts::EventType::{Complete, Fail, Start};
use crate::fold::tests::event::{Ev, dataset_id, job_id, run_id};
use crate::fold::tests::fed;
use crate::id::NodeId;
use crate::query::{
    Answer, Bounds, CutReason, Direction, EdgeState, FoundKind, HopKind, Known, Request, Resolution, Stop, Subject,
    View, alias_class, resolve, search, walk,
};
use crate::row::memory::Memory;

use Direction::{Downstream, Upstream};

fn done(run: u8, job: u8, time: i64, inputs: &[u8], outputs: &[u8]) -> Ev {
    Ev::new(Complete, run, job, time).io(inputs, outputs)
}

fn ask(state: &Memory, subject: Subject, direction: Direction, bounds: Bounds) -> Answer {
    walk(state, &Request { subject, direction, bounds, ever: false, log_time_ns: 1_000 }).unwrap()
}

/// `from -job-> to` of each hop, in order.
fn hops(answer: &Answer) -> Vec<String> {
    let name = |at: usize| {
        let node = &answer.nodes[at];
        let field = node.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        format!("{}{field}{}", node.node.name, if node.possible { "?" } else { "" })
    };
    answer
        .hops
        .iter()
        .map(|hop| {
            let job = hop.job.as_ref().map(|job| job.name.clone()).unwrap_or("=".into());
            let via = hop.via.as_ref().map(|via| format!(" via {}", via.name)).unwrap_or_default();
            format!("{} -{job}-> {}{via}", name(hop.from), name(hop.to))
        })
        .collect()
}

#[track_caller]
fn check(line: &str, history: &[Ev], subject: Subject, direction: Direction, expected: &[&str]) {
    let answer = ask(&fed(history), subject, direction, Bounds::default());
    assert_eq!(hops(&answer), expected, "{line}");
    assert!(answer.complete(), "{line}");
}

fn dataset(at: u8) -> Subject {
    Subject::Dataset(dataset_id(at))
}

#[test]
fn never_a_cousin() {
    let history = [done(1, 1, 1, &[0], &[1]), done(2, 2, 2, &[0], &[2]), done(3, 3, 3, &[1], &[3])];
    check("down", &history, dataset(1), Downstream, &["d1 -j3-> d3"]);
    check("up", &history, dataset(3), Upstream, &["d3 -j3-> d1", "d1 -j1-> d0"]);
    let two_runs = [done(1, 1, 1, &[0], &[1]).parent(9, 1), done(2, 1, 1, &[2], &[3]).parent(9, 1)];
    check("two runs of one execution: never A → D", &two_runs, dataset(0), Downstream, &["d0 -j1-> d1"]);
    let explicit = [Ev { explicit: Some(vec![(2, vec![0])]), ..done(1, 1, 1, &[0, 1], &[2, 3]) }];
    check("an explicit facet explains its target", &explicit, dataset(1), Downstream, &["d1 -j1-> d3"]);
    let columns = [Ev { columns: vec![("a", 4, "b")], ..done(1, 1, 1, &[0], &[1]) }];
    check("a column facet names a pair", &columns, dataset(4), Downstream, &["d4 -j1-> d1"]);
}

#[test]
fn one_sided_jobs_end_the_way() {
    check("reads only", &[done(1, 1, 1, &[0], &[])], dataset(0), Downstream, &["d0 -j1-> j1"]);
    check("writes only", &[done(1, 1, 1, &[], &[0])], dataset(0), Upstream, &["d0 -j1-> j1"]);
}

#[test]
fn a_hop_says_what_is_behind_it() {
    let mut history = vec![Ev::new(Start, 1, 1, 10).io(&[0], &[1]), done(1, 1, 20, &[0], &[1])];
    history.push(Ev::new(Fail, 2, 1, 30).io(&[0], &[2]));
    let answer = ask(&fed(&history), dataset(0), Downstream, Bounds::default());
    let hop = answer.hops.iter().find(|hop| answer.nodes[hop.to].node.id == dataset_id(1)).unwrap();
    assert_eq!((hop.state, hop.confirmed_ns, hop.runs), (EdgeState::Current, Some(20), 1));
    assert_eq!((hop.first_seen_ns, hop.last_seen_ns, hop.first_leaf, hop.last_leaf), (10, 20, 10, 30));
    let attempted = answer.hops.iter().find(|hop| answer.nodes[hop.to].node.id == dataset_id(2)).unwrap();
    assert_eq!((attempted.state, attempted.confirmed_ns), (EdgeState::Attempted, None));
    assert!(answer.nodes.iter().skip(1).all(|node| node.stop == Some(Stop::End)));
}

#[test]
fn bounds_are_told() {
    let chain: Vec<Ev> = (0..5u8).map(|at| done(at + 1, at, 1, &[at], &[at + 1])).collect();
    let state = fed(&chain);
    let cut = |bounds| ask(&state, dataset(0), Downstream, bounds).cut.map(|cut| (cut.reason, cut.frontier));
    let all = Bounds::default();
    assert_eq!(cut(Bounds { depth_max: 2, ..all }), Some((CutReason::Depth, vec![2])));
    assert_eq!(cut(Bounds { depth_max: 5, ..all }), None);
    assert_eq!(cut(Bounds { nodes_max: 2, ..all }), Some((CutReason::Nodes, vec![1])));
    assert_eq!(cut(Bounds { edges_max: 1, ..all }).unwrap().0, CutReason::Edges);
}

fn class(state: &Memory, at: u8) -> (Vec<NodeId>, bool) {
    alias_class(View::new(state, &Known::default()), dataset_id(at)).unwrap()
}

#[test]
fn aliases() {
    let named = |at: u8, other: u8, time: i64| Ev { symlink: Some(other), ..done(at + 1, at, time, &[], &[at]) };
    let history = [named(0, 1, 1), done(9, 5, 2, &[1], &[2])];
    let state = fed(&history);
    let answer = ask(&state, dataset(0), Downstream, Bounds::default());
    assert_eq!(hops(&answer), ["d0 -=-> d1", "d1 -j5-> d2"]);
    assert_eq!(answer.hops[0].kind, HopKind::Alias);
    assert_eq!(answer.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 0, 1], "at no cost");
    let renamed = fed(&[named(0, 1, 1), named(0, 3, 2)]);
    assert_eq!(class(&renamed, 1).0, [dataset_id(1)], "the newest facet stands");
    let chain: Vec<Ev> = (0..7).map(|at| named(at, at + 1, i64::from(at))).chain([named(7, 8, 50)]).collect();
    let state = fed(&chain);
    let (of_three, capped) = class(&state, 3);
    assert_eq!((of_three.len(), capped), (8, true), "a class grows to eight");
    assert_eq!(class(&state, 8).0.len(), 1, "the ninth stays outside");
}

#[test]
fn renames() {
    let life = |change, before, at, time| Ev { lifecycle: Some((change, before)), ..Ev::tells(at, time) };
    let mut history = vec![done(1, 1, 1, &[0], &[1]), life("RENAME", Some(1), 2, 5), done(2, 2, 6, &[2], &[3])];
    check("history comes along", &history, dataset(3), Upstream, &["d3 -j2-> d2", "d2 -=-> d1", "d1 -j1-> d0"]);
    check("down", &history, dataset(0), Downstream, &["d0 -j1-> d1", "d1 -=-> d2", "d2 -j2-> d3"]);
    check("never back", &history, dataset(1), Upstream, &["d1 -j1-> d0"]);
    let answer = ask(&fed(&history), dataset(3), Upstream, Bounds::default());
    assert_eq!(answer.hops[1].kind, HopKind::Renamed);
    assert_eq!(answer.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 1, 1, 2], "at no cost");
    history.push(life("OVERWRITE", None, 2, 7));
    check("until it is replaced", &history, dataset(3), Upstream, &["d3 -j2-> d2"]);
}

#[test]
fn columns() {
    let column = |at: u8, field: &str| Subject::Column(dataset_id(at), field.to_owned());
    let history = [
        Ev { columns: vec![("x", 0, "a")], ..done(1, 1, 1, &[0], &[1]) },
        Ev { columns: vec![("y", 1, "x")], ..done(2, 2, 2, &[1], &[2]) },
        done(3, 3, 3, &[1], &[3]),
    ];
    check(
        "exact where it is said, possible where not",
        &history,
        column(0, "a"),
        Downstream,
        &["d0.a -j1-> d1.x", "d1.x -j2-> d2.y", "d1.x -j3-> d3?"],
    );
    check("a column that goes nowhere", &history[..2], column(0, "b"), Downstream, &[]);
    check("up", &history, column(2, "y"), Upstream, &["d2.y -j2-> d1.x", "d1.x -j1-> d0.a"]);
    let answer = ask(&fed(&history), column(0, "a"), Downstream, Bounds::default());
    assert_eq!(answer.hops[0].transformations, ["DIRECT:IDENTITY"]);
}

#[test]
fn parents_cover_their_descendants() {
    let dag = |run: u8, time: i64| Ev::new(Complete, run, 0, time);
    let task = |run: u8, parent: u8, time: i64| done(run, 1, time, &[0], &[1]).parent(parent, 0);
    let mut history = vec![task(11, 1, 1), dag(1, 2)];
    check("via the child", &history, Subject::Job(job_id(0)), Downstream, &["j0 -j1-> d1 via j1"]);
    check("up", &history, Subject::Job(job_id(0)), Upstream, &["j0 -j1-> d0 via j1"]);
    check("a run's own", &history, Subject::Run(run_id(1)), Downstream, &["j0 -j1-> d1 via j1"]);
    let stale = |history: &[Ev]| {
        let answer = ask(&fed(history), Subject::Job(job_id(0)), Downstream, Bounds::default());
        answer.hops.iter().map(|hop| hop.stale).collect::<Vec<_>>()
    };
    history.extend([dag(2, 4), dag(3, 6)]);
    assert_eq!(stale(&history), [false], "absent twice");
    history.push(dag(4, 8));
    assert_eq!(stale(&history), [true], "absent from the last three, flagged and kept");
}

#[test]
fn a_run_answers_for_itself() {
    let history = [done(1, 1, 1, &[0], &[1]), done(2, 1, 5, &[0], &[2]), done(3, 2, 6, &[1], &[3])];
    check("not for later runs", &history, Subject::Run(run_id(1)), Downstream, &["j1 -j1-> d1", "d1 -j2-> d3"]);
}

#[test]
fn texts_resolve_against_what_exists() {
    let mut history = vec![Ev { schema: vec!["Total"], ..done(1, 1, 1, &[10], &[1]) }];
    history.push(done(2, 1, 1, &[], &[]).parent(77, 2));
    let state = fed(&history);
    let is = |text: &str| resolve(&state, text).unwrap();
    assert_eq!(is("dataset:ns:shop.public.orders"), Resolution::One(dataset(10)));
    assert_eq!(is("job:ns:j1"), Resolution::One(Subject::Job(job_id(1))));
    assert_eq!(is("column:ns:d1:Total"), Resolution::One(Subject::Column(dataset_id(1), "Total".into())));
    assert_eq!(is("column:ns:d1:none"), Resolution::Unknown);
    assert_eq!(is(&format!("run:{}", run_id(1))), Resolution::One(Subject::Run(run_id(1))));
    assert_eq!(is(&format!("run:{}", run_id(77))), Resolution::One(Subject::Run(run_id(77))), "a placeholder");
    assert_eq!(is(&format!("run:{}", run_id(78))), Resolution::Unknown);
    assert_eq!(is("dataset:ns:nothing"), Resolution::Unknown);
    assert_eq!(is("orders"), Resolution::Search);
    let found = |text: &str, kind| {
        let found = search(&state, text, &[kind], 10).unwrap();
        found.into_iter().map(|found| found.field.unwrap_or(found.node.name)).collect::<Vec<_>>()
    };
    assert_eq!(found("ORD", FoundKind::Dataset), ["shop.public.orders"], "by its last part");
    assert_eq!(found("shop.p", FoundKind::Dataset), ["shop.public.orders"]);
    assert_eq!(found("j", FoundKind::Job), ["j1", "j2"]);
    assert_eq!(found("tot", FoundKind::Column), ["Total", "Total"], "in both datasets");
}

#[test]
fn every_reading_of_an_ambiguous_text_is_listed() {
    use crate::facts::Dataset;
    let ev = done(1, 1, 1, &[0], &[]);
    let mut facts = ev.facts();
    let like: Dataset<'static> = facts.inputs[0].clone();
    facts.inputs = vec![
        Dataset { namespace: "s3://a", name: "b:c", ..like.clone() },
        Dataset { namespace: "s3://a:b", name: "c", ..like },
    ];
    let mut state = Memory::default();
    let accepted = crate::fold::Accepted {
        tenant: "acme",
        position: crate::fold::Position { incarnation: [0; 16], partition: 0, offset: 0 },
        event_id: ev.id(),
        leaf: 1,
        received_at_ns: 0,
        mode: crate::envelope::Mode::Live,
        facts: &facts,
    };
    crate::fold::apply(&mut state, &accepted, 0, &crate::alert::Settings::default(), &Known::default()).unwrap();
    let Resolution::Several(readings) = resolve(&state, "dataset:s3://a:b:c").unwrap() else { panic!("one reading") };
    let names: Vec<(String, String)> = readings.into_iter().map(|(_, node)| (node.namespace, node.name)).collect();
    assert_eq!(names, [("s3://a".into(), "b:c".into()), ("s3://a:b".into(), "c".into())]);
}
