//! `lineage upstream|downstream`.

use server::http::model;

use super::{known, now_ns};
use crate::api::Api;
use crate::arguments::{Arguments, Lineage};
use crate::failure::Failure;
use crate::{output, render};

pub fn run(arguments: &Arguments, lineage: &Lineage) -> Result<(), Failure> {
    let (direction, walk) = match lineage {
        Lineage::Upstream(walk) => ("upstream", walk),
        Lineage::Downstream(walk) => ("downstream", walk),
    };
    let mut query = vec![("node", walk.node.clone())];
    query.extend(walk.depth.map(|depth| ("depth", depth.to_string())));
    query.extend(walk.columns.then(|| ("columns", "true".to_owned())));
    query.extend(walk.ever.then(|| ("ever", "true".to_owned())));
    let answer: model::Lineage = known(Api::new(arguments)?.get(&format!("/v1/lineage/{direction}"), &query))?;
    output::answer(arguments.output, &answer, |answer| render::tree::tree(answer, now_ns()))
}
