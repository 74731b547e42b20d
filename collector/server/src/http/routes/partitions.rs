//! `GET /v1/partitions`: how every partition does, wherever it lives; and `POST /v1/takeover`.

use super::super::app::App;
use super::super::extract::Order;
use super::super::forward::FORWARDED;
use super::super::fresh::on_thread;
use super::super::model::{Example, PartitionState, PartitionStatus, Problem, Readiness, TakeoverOrder};
use super::super::problem::Refusal;
use super::super::reads::{Home, ReadError};
use super::{Answered, Shared};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// How every partition does
///
/// Those of other processes are asked there, within two seconds; what could not be asked is said to be `unknown`, and why.
#[utoipa::path(
    get, path = "/v1/partitions", tag = "operation",
    responses(
        (status = 200, body = Vec<PartitionStatus>, description = "one row for each, and one more for each that this process follows",
            example = json!([PartitionStatus::example()])),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn partitions(State(app): Shared, headers: HeaderMap) -> Answered {
    Ok(Json(all(&app, &headers).await?).into_response())
}

/// Rows of every partition, by number; of this process alone where another one asks.
pub(in super::super) async fn all(app: &Arc<App>, headers: &HeaderMap) -> Result<Vec<PartitionStatus>, Refusal> {
    let (mut rows, homes) = on_thread(app, |reads| Ok::<_, ReadError>((reads.partitions()?, reads.homes()))).await?;
    if headers.contains_key(FORWARDED) {
        return Ok(rows);
    }
    let known = |rows: &[PartitionStatus], partition: u32| {
        rows.iter().any(|row| row.partition == partition && row.state != PartitionState::Following)
    };
    let mut elsewhere: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for home in homes {
        match home {
            Home::At { partition, url } => elsewhere.entry(url).or_default().push(partition),
            Home::OnItsWay { partition, reason } if !known(&rows, partition) => {
                rows.push(PartitionStatus::unknown(partition, reason, None));
            }
            Home::OnItsWay { .. } | Home::Here => {}
        }
    }
    let mut asked = JoinSet::new();
    for (url, partitions) in elsewhere {
        let (app, headers) = (Arc::clone(app), headers.clone());
        asked.spawn(async move {
            let found = app.forwarder.partitions(&url, &headers).await;
            (url, partitions, found)
        });
    }
    while let Some(Ok((url, partitions, found))) = asked.join_next().await {
        for partition in partitions {
            let row =
                match &found {
                    Ok(theirs) => theirs.iter().find(|row| row.partition == partition).cloned().ok_or_else(|| {
                        format!("{url} had it last and has it no more; another process is to take it up")
                    }),
                    Err(why) => Err(format!("{url} had it last and can't be asked: {why}")),
                };
            rows.push(match row {
                Ok(row) => row,
                Err(reason) => PartitionStatus::unknown(partition, reason, Some(url.clone())),
            });
        }
    }
    rows.sort_by_key(|row| row.partition);
    Ok(rows)
}

/// Take the partitions of the node that this process stands by for
///
/// Answered at once; `/readyz` says when they are served. Ordered again it is the same order.
#[utoipa::path(
    post, path = "/v1/takeover", tag = "operation",
    request_body(content = TakeoverOrder, content_type = "application/json", example = json!(TakeoverOrder::example())),
    responses(
        (status = 202, body = Readiness, description = "it is on its way", example = json!(Readiness::example())),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "this process stands by for none", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn take_over(State(app): Shared, Order(TakeoverOrder {}): Order<TakeoverOrder>) -> Answered {
    if !app.reads.take_over() {
        return Err(Refusal::no_standby());
    }
    let readiness = on_thread(&app, |reads| Ok::<_, ReadError>(reads.readiness())).await?;
    Ok((StatusCode::ACCEPTED, Json(readiness)).into_response())
}
