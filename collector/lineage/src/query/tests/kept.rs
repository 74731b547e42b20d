//! What is kept between walks changes no answer and no alert: at every point of a random history, kept and anew are alike.

use proptest::prelude::*;

use crate::envelope::Mode;
use crate::facts::EventType::{Complete, Running, Start};
use crate::fold::tests::event::{Ev, dataset_id, job_id};
use crate::fold::tests::order::{any_history, runner};
use crate::fold::tests::{fed, feed_knowing};
use crate::graph::Side;
use crate::query::standing::{STREAM_AFTER_NS, STREAM_SILENCE_NS};
use crate::query::{Bounds, Direction, EdgeState, Known, Reach, Request, Subject, View, alias_class, reach};
use crate::row::memory::Memory;
use crate::row::{FacetKey, Read};

/// Every walk and every facet, as seen through what is known.
fn seen(state: &Memory, known: &Known, log_time_ns: i64) -> Vec<Reach> {
    let subjects = (0..5).map(|at| Subject::Dataset(dataset_id(at))).chain((0..3).map(|at| Subject::Job(job_id(at))));
    let asked = subjects.flat_map(|subject| {
        [(Direction::Downstream, false), (Direction::Upstream, false), (Direction::Upstream, true)]
            .map(|(direction, ever)| (subject.clone(), direction, ever))
    });
    asked
        .map(|(subject, direction, ever)| {
            let request = Request { subject, direction, bounds: Bounds::default(), ever, log_time_ns };
            reach(View::new(state, known), &request).unwrap()
        })
        .collect()
}

fn said<S: Read<Error: std::fmt::Debug>>(view: View<'_, S>) -> Vec<Option<Vec<u8>>> {
    (0..5)
        .flat_map(|at| {
            let class = alias_class(view, dataset_id(at)).unwrap().0.iter().flat_map(|node| node.0).collect();
            [Some(class), view.facet(dataset_id(at), FacetKey::Ownership).unwrap()]
        })
        .collect()
}

#[test]
fn what_is_kept_changes_nothing() {
    runner(400)
        .run(&any_history(20), |history| {
            let (mut state, kept) = (Memory::default(), Known::default());
            for ev in &history {
                let mut other = state.clone();
                let alerts = feed_knowing(&mut state, ev, Mode::Live, &kept).alerts;
                let anew = Known::default();
                prop_assert_eq!(alerts, feed_knowing(&mut other, ev, Mode::Live, &anew).alerts);
                prop_assert_eq!(seen(&state, &kept, 50), seen(&state, &Known::default(), 50));
                prop_assert_eq!(said(View::new(&state, &kept)), said(View::new(&state, &Known::default())));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_not_told_is_not_known() {
    let (mut state, kept) = (Memory::default(), Known::default());
    let before = seen(&state, &kept, 50);
    let ev = Ev::new(Complete, 1, 1, 10).io(&[0], &[1]);
    feed_knowing(&mut state, &ev, Mode::Live, &Known::default());
    assert_eq!(seen(&state, &kept, 50), before, "the comparison above would see it");
    assert_ne!(seen(&state, &Known::default(), 50), before);
}

#[test]
fn a_stream_is_asked_again_when_its_time_is_over() {
    let running = |time| Ev { leaf: time as u64, ..Ev::new(Running, 1, 1, time).io(&[0], &[1]) };
    let heard_ns = 2 * STREAM_AFTER_NS;
    let mut state = fed(&[Ev::new(Start, 1, 1, 0).io(&[0], &[1]), running(heard_ns)]);
    let kept = Known::default();
    let at = |state: &Memory, log_time_ns| {
        let view = View::new(state, &kept);
        let standing = view.standing(job_id(1), false, log_time_ns).unwrap();
        standing.edge(view, dataset_id(0), Side::Input).unwrap().state
    };
    let silent_ns = heard_ns + STREAM_SILENCE_NS;
    for (log_time_ns, expected) in [
        (heard_ns, EdgeState::Current),
        (silent_ns, EdgeState::Current),
        (silent_ns + 1, EdgeState::Historical),
        (silent_ns, EdgeState::Current),
        (i64::MAX, EdgeState::Historical),
    ] {
        assert_eq!(at(&state, log_time_ns), expected, "at {log_time_ns}");
    }
    feed_knowing(&mut state, &running(silent_ns), Mode::Live, &kept);
    assert_eq!(at(&state, silent_ns + 1), EdgeState::Current, "it is heard from again");
}
