//! Questions about a partition that another process has: passed on to it, one hop at most, and answered with what it answers.
//! Never follows a second hop, never keeps a caller longer than a request may take, never changes what is asked or answered.

use super::app::App;
use super::guard::{Caller, TENANT_HEADER};
use super::model::PartitionStatus;
use super::problem::Refusal;
use super::reads::Home;
use crate::metrics::OutcomeLabel;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Marks a question that another process has passed on; its value is not looked at.
pub(super) const FORWARDED: HeaderName = HeaderName::from_static("ledgerline-forwarded");

/// Names the process that answered, where another one did.
const ANSWERED_BY: HeaderName = HeaderName::from_static("ledgerline-answered-by");

/// Answered by every process, of itself or of all of them.
const OWN: [&str; 3] = ["/metrics", "/v1/partitions", "/v1/snapshots"];

/// What goes along with a question: who asks, for whom, and how they follow it.
const PASSED_ON: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::ACCEPT,
    HeaderName::from_static(TENANT_HEADER),
    super::observe::REQUEST_ID,
    HeaderName::from_static(crate::telemetry::TRACEPARENT),
];

/// Of one connection, not of the answer on it.
const OF_THE_HOP: [HeaderName; 3] =
    [header::CONNECTION, header::TRANSFER_ENCODING, HeaderName::from_static("keep-alive")];

/// A process that takes no connection within this time is not there.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// How long one process may take to say how its partitions do.
const SURVEY_MAX: Duration = Duration::from_secs(2);

/// Bytes of such an answer.
const SURVEY_BYTES_MAX: usize = 4 << 20;

/// Asks other processes. Made when first needed: a process alone never does.
#[derive(Default)]
pub(super) struct Forwarder(OnceLock<Option<reqwest::Client>>);

impl Forwarder {
    fn client(&self) -> Result<&reqwest::Client, String> {
        let made = self.0.get_or_init(|| {
            let builder = reqwest::Client::builder().connect_timeout(CONNECT_MAX).no_gzip().no_proxy();
            let made = builder.redirect(reqwest::redirect::Policy::none()).build();
            made.map_err(|error| tracing::error!(%error, "other processes can't be asked")).ok()
        });
        made.as_ref().ok_or_else(|| "this process can't ask others; see its log".to_owned())
    }

    /// Passes a question on.
    async fn ask(
        &self,
        url: &str,
        (method, uri): (&Method, &Uri),
        headers: &HeaderMap,
        limit: Duration,
    ) -> Result<reqwest::Response, String> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = self.client()?.request(method.clone(), format!("{}{path}", url.trim_end_matches('/')));
        for name in &PASSED_ON {
            for value in headers.get_all(name) {
                request = request.header(name.clone(), value.clone());
            }
        }
        request.header(FORWARDED, "1").timeout(limit).send().await.map_err(|error| root(&error))
    }

    /// How the partitions of another process do, as it says itself.
    pub async fn partitions(&self, url: &str, headers: &HeaderMap) -> Result<Vec<PartitionStatus>, String> {
        let uri = Uri::from_static("/v1/partitions");
        let answer = self.ask(url, (&Method::GET, &uri), headers, SURVEY_MAX).await?;
        if !answer.status().is_success() {
            return Err(format!("it answers {}", answer.status()));
        }
        let body = axum::body::to_bytes(Body::new(reqwest::Body::from(answer)), SURVEY_BYTES_MAX).await;
        let body = body.map_err(|error| root(&error))?;
        serde_json::from_slice(&body).map_err(|error| format!("its answer can't be read: {error}"))
    }
}

/// The layer: answers here what lives here, and passes the rest on.
pub(super) async fn forward(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    let own = path.is_none_or(|path| OWN.contains(&path.as_str()));
    let Some(caller) = request.extensions().get::<Caller>().filter(|_| asks && !own) else {
        return Ok(next.run(request).await);
    };
    match app.reads.home(&caller.tenant) {
        Home::Here => Ok(next.run(request).await),
        Home::OnItsWay { partition, reason } => Err(Refusal::moving(partition, &reason)),
        Home::At { partition, url } if request.headers().contains_key(FORWARDED) => {
            Err(Refusal::elsewhere(partition, &url))
        }
        Home::At { partition, url } => {
            let question = (request.method(), request.uri());
            let limit = limit(&app, request.uri());
            let answer = app.forwarder.ask(&url, question, request.headers(), limit).await;
            let outcome = if answer.is_ok() { "answered" } else { "unreachable" };
            app.metrics.http.forwarded.get_or_create(&OutcomeLabel::of("http", outcome)).inc();
            answer.map(|answer| answered(answer, &url)).map_err(|why| Refusal::silent(partition, &url, &why))
        }
    }
}

/// How long the other may take: as long as we would.
fn limit(app: &App, uri: &Uri) -> Duration {
    let waits = uri.query().is_some_and(|query| {
        query.split('&').any(|part| part.starts_with("wait_ms=") || part.starts_with("at_least="))
    });
    let wait_ms = if waits { app.settings.wait_ms_max } else { 0 };
    Duration::from_millis(app.settings.request_timeout_ms.saturating_add(wait_ms))
}

/// The other's answer as ours.
fn answered(answer: reqwest::Response, url: &str) -> Response {
    let (mut parts, body) = axum::http::Response::<reqwest::Body>::from(answer).into_parts();
    OF_THE_HOP.iter().for_each(|name| drop(parts.headers.remove(name)));
    if let Ok(url) = HeaderValue::from_str(url) {
        parts.headers.insert(ANSWERED_BY, url);
    }
    Response::from_parts(parts, Body::new(body))
}

/// The innermost reason: the outer ones only say that something failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
