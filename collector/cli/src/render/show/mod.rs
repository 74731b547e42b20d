//! `dataset|job|run show` as text: names and values below one another, what is not known left out.

mod dataset;
mod fact;
mod job;
mod run;

pub use dataset::dataset;
pub use job::job;
pub use run::{run, state};

use server::http::model::Node;

use super::tree::label;

fn nodes<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> String {
    nodes.into_iter().map(label).collect::<Vec<_>>().join("\n")
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> String {
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Names of the facets behind it all, as they were sent.
fn facets(facets: &std::collections::BTreeMap<String, serde_json::Value>) -> String {
    facets.keys().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use server::http::model::{Dataset, Example as _, Job, Run};

    const NOW_NS: i64 = 1_777_798_860_000_000_000;

    #[test]
    fn a_dataset_reads_from_what_it_is_to_how_it_fares() {
        let text = super::dataset(&Dataset::example(), NOW_NS);
        let wanted = [
            "dataset       shop.public.orders  (postgres://db.example:5432)",
            "type          TABLE",
            "owners        team:sales (MAINTAINER)",
            "versions      #12  2026-05-03 09:00:00Z  schema 2  by job load  (etl), run 019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11",
            "quality       failed  not_null on id  (error, 1 min ago (2026-05-03 09:00:00Z), run 019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11)",
            "columns       id  bigint",
        ];
        for line in wanted {
            assert!(text.lines().any(|shown| shown == line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_run_says_what_it_read_and_who_acted() {
        let text = super::run(&Run::example());
        let wanted = [
            "inputs      raw/orders  (s3://lake)",
            "              1200 rows, 48.0 kB, 2 files",
            "              version #12 of 2026-05-03 09:00:00Z, assumed",
            "              failed  not_null on id  (error)",
            "engine      spark 3.5.1",
            "actor       user:jane (engineer), transform, claimed",
        ];
        for line in wanted {
            assert!(text.lines().any(|shown| shown == line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_job_says_what_runs_around_it() {
        let text = super::job(&Job::example(), NOW_NS);
        assert!(text.lines().any(|line| line == "after        job extract  (etl)"), "{text}");
        assert!(text.lines().any(|line| line == "owners       team:sales"), "{text}");
    }
}
