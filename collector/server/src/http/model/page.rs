//! A bounded part of a list.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Some rows, and how to get the next ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it as `?cursor=` for what follows; absent at the end of a list. Lists that grow (`events`, `alerts`)
    /// always give one: with `?wait_ms=` it waits for news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// There are, or were, older rows that this list does not hold: the topic has them, as far as it keeps them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl<T: Example> Example for Page<T> {
    fn example() -> Self {
        Self { items: vec![T::example()], next: Some("AQ".to_owned()), truncated: false }
    }
}
