//! Extractors whose refusals are problems.

use super::problem::Refusal;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The query's parameters.
pub(super) struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|error| Refusal::bad_parameter("query", reason(&error)))
    }
}

/// One named part of the path.
pub(super) struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| Refusal::bad_parameter("path", "the path can't be decoded"))
    }
}

/// A small JSON document; an empty body stands for an empty one.
pub(super) struct Order<T>(pub T);

/// Longest order, in bytes.
const ORDER_BYTES_MAX: usize = 64 * 1_024;

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Order<T> {
    type Rejection = Refusal;
    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = axum::body::to_bytes(request.into_body(), ORDER_BYTES_MAX)
            .await
            .map_err(|_| Refusal::too_large("the order", None, ORDER_BYTES_MAX))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Refusal::bad_body("order-invalid", format!("the order can't be read: {error}")))
    }
}

/// The innermost message: the outer ones only say where it happened.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
