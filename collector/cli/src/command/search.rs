//! `search`.

use server::http::model::{Page, SearchHit};

use super::{listing, more};
use crate::api::Api;
use crate::arguments::{Arguments, Paging};
use crate::failure::Failure;
use crate::output;
use crate::render::table::table;

pub fn run(arguments: &Arguments, text: &str, kind: Option<&String>, page: &Paging) -> Result<(), Failure> {
    let query = listing(&[("q", Some(text.to_owned())), ("kind", kind.cloned())], page);
    let hits: Page<SearchHit> = Api::new(arguments)?.get("/v1/search", &query)?;
    if hits.items.is_empty() && arguments.output != crate::arguments::Form::Json {
        return Err(Failure::No(format!("nothing known begins with {text:?}")));
    }
    output::answer(arguments.output, &hits, |hits| {
        let row = |hit: &SearchHit| {
            vec![
                format!("{:?}", hit.node.kind).to_lowercase(),
                hit.node.name.clone(),
                hit.node.namespace.clone(),
                hit.node.id.clone(),
            ]
        };
        table(&["kind", "name", "namespace", "node"], hits.items.iter().map(row).collect(), "")
    })?;
    more(&hits);
    Ok(())
}
