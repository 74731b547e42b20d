//! What stored events say in their producers' own words: facets as they were sent, figures, types. Read from bodies, for the
//! graph keeps what it needs and no more.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use store::tables::{self, LeafKey};

use super::scope::{Scope, broken};
use crate::http::ReadError;

/// Facets by name, as sent.
pub(super) type Facets = BTreeMap<String, Value>;

/// The parts of an event that are shown. Whatever is of another shape reads as absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Body {
    pub event_type: Option<Value>,
    pub run: Option<Value>,
    pub job: Option<Value>,
    pub dataset: Option<Value>,
    pub inputs: Option<Value>,
    pub outputs: Option<Value>,
}

impl Body {
    /// The event behind a leaf; `None` once erased, or where the leaf is of no event.
    pub fn read(scope: &Scope, leaf: u64) -> Result<Option<Self>, ReadError> {
        Ok(bytes(scope, leaf)?.as_deref().and_then(Self::of))
    }

    /// It was decoded before it was recorded; should it not read now, there is nothing to show of it.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub fn event_type(&self) -> Option<String> {
        self.event_type.as_ref().and_then(Value::as_str).map(str::to_owned)
    }

    /// The datasets of one side that are named so.
    pub fn datasets<'b>(&'b self, namespace: &str, name: &str) -> Vec<&'b Value> {
        let sides = [&self.inputs, &self.outputs].into_iter().flatten().filter_map(Value::as_array).flatten();
        sides.chain(&self.dataset).filter(|dataset| is_named(dataset, namespace, name)).collect()
    }
}

/// The bytes behind a leaf, as they were received; `None` once erased, or where the leaf is of no event.
pub(super) fn bytes(scope: &Scope, leaf: u64) -> Result<Option<Vec<u8>>, ReadError> {
    tables::body(scope.store(), LeafKey { tenant: scope.number, index: leaf }).map_err(broken)
}

/// A member's text.
fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member).and_then(Value::as_str)
}

fn is_named(value: &Value, namespace: &str, name: &str) -> bool {
    text(value, "namespace") == Some(namespace) && text(value, "name") == Some(name)
}

/// Lays the facets of `value` over those known; `_deleted` ones go.
pub(super) fn lay(facets: &mut Facets, value: Option<&Value>) {
    let Some(newer) = value.and_then(|value| value.get("facets")).and_then(Value::as_object) else { return };
    for (name, facet) in newer {
        match facet.get("_deleted") {
            Some(Value::Bool(true)) => drop(facets.remove(name)),
            _ => drop(facets.insert(name.clone(), facet.clone())),
        }
    }
}
