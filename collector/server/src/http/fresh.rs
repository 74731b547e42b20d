//! Reads: fresh enough, on a thread, within bounds, and with the headers that say how fresh they are.

use super::app::App;
use super::guard::Caller;
use super::model::query::Listing;
use super::model::{AtLeast, Covers, Known, Page};
use super::problem::Refusal;
use super::reads::{After, Answer, Found, Read, Reads, Span};
use super::{cursor, reads::Listed};
use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Header: leaves in the tenant's tree when the answer was given.
pub(super) const SIZE_HEADER: &str = "ledgerline-size";

/// Header: the last record applied, or the position just written.
pub(super) const POSITION_HEADER: &str = "ledgerline-position";

/// Rows of a page when nobody says.
const ROWS_DEFAULT: u32 = 100;

/// One read for one caller.
pub(super) async fn read<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    at_least: Option<&str>,
    ask: impl FnOnce(&dyn Reads, &str) -> Read<T> + Send + 'static,
) -> Result<Answer<T>, Refusal> {
    await_known(app, &caller.tenant, at_least).await?;
    let tenant = caller.tenant.clone();
    on_thread(app, move |reads| ask(reads, &tenant)).await
}

/// One read, answered as JSON.
pub(super) async fn show<T: Serialize + Send + 'static>(
    app: &App,
    caller: &Caller,
    at_least: Option<&str>,
    ask: impl FnOnce(&dyn Reads, &str) -> Read<T> + Send + 'static,
) -> Result<Response, Refusal> {
    read(app, caller, at_least, ask).await.map(|answer| with_known(Json(answer.body), &answer.known))
}

/// How a list goes on when there are no rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    /// It ends.
    Ends,
    /// It grows: give a cursor always, begin at the end if asked, wait for news that long.
    Grows { from_end: bool, wait_ms: u64 },
}

/// A page of a list, answered as JSON.
pub(super) async fn list<T: Serialize + Send + 'static, Q: Listing>(
    app: &App,
    caller: &Caller,
    route: &str,
    query: &Q,
    growth: Growth,
    ask: impl Fn(&dyn Reads, &str, &Span) -> Found<T> + Send + Sync + 'static,
) -> Result<Response, Refusal> {
    let (paging, filter) = (query.paging(), query.filter());
    let question = [route, &caller.tenant, &filter];
    let rows_max = paging.limit.unwrap_or(ROWS_DEFAULT.min(app.settings.page_rows_max));
    if !(1..=app.settings.page_rows_max).contains(&rows_max) {
        let reason = format!("a page has 1 to {} rows", app.settings.page_rows_max);
        return Err(Refusal::bad_parameter("limit", reason));
    }
    let after = match (paging.cursor, growth) {
        (Some(cursor), _) => After::Key(cursor::decode(question, cursor)?),
        (None, Growth::Grows { from_end: true, .. }) => After::End,
        (None, _) => After::Start,
    };
    await_known(app, &caller.tenant, paging.at_least).await?;
    let mut span = Span { after, rows_max };
    let wait_ms = match growth {
        Growth::Ends => 0,
        Growth::Grows { wait_ms, .. } => wait_ms.min(app.settings.wait_ms_max),
    };
    let answer = await_rows(app, &caller.tenant, &mut span, wait_ms, Arc::new(ask)).await?;
    let next = match (answer.body.next, growth, span.after) {
        (Some(key), _, _) => Some(key),
        (None, Growth::Grows { .. }, After::Key(key)) => Some(key),
        (None, Growth::Grows { .. }, After::Start) => Some(Vec::new()),
        (None, ..) => None,
    };
    // An empty key stands for the start of a list that has no row yet.
    let next = next.map(|key| cursor::encode(question, &key));
    let page = Page { items: answer.body.items, next, truncated: answer.body.is_cut };
    Ok(with_known(Json(page), &answer.known))
}

/// Reads until there are rows or the wait is over. Waits hold no thread, only a place among those who wait.
async fn await_rows<T: Send + 'static>(
    app: &App,
    tenant: &str,
    span: &mut Span,
    wait_ms: u64,
    ask: Arc<impl Fn(&dyn Reads, &str, &Span) -> Found<T> + Send + Sync + 'static>,
) -> Result<Answer<Listed<T>>, Refusal> {
    if matches!(&span.after, After::Key(key) if key.is_empty()) {
        span.after = After::Start;
    }
    let mut progress = app.reads.progress();
    let mut draining = app.draining.subscribe();
    let place = (wait_ms > 0).then(|| app.wait_places.clone().try_acquire_owned().ok()).flatten();
    let deadline = Instant::now() + Duration::from_millis(if place.is_some() { wait_ms } else { 0 });
    loop {
        progress.borrow_and_update();
        let (ask, owned, of) = (ask.clone(), span.clone(), tenant.to_owned());
        let answer = on_thread(app, move |reads| ask(reads, &of, &owned)).await?;
        // The end is a moving place: what comes while waiting must be counted from where the first look found it.
        if span.after == After::End
            && let Some(key) = &answer.body.next
        {
            span.after = After::Key(key.clone());
        }
        if !answer.body.items.is_empty() || *draining.borrow() {
            return Ok(answer);
        }
        tokio::select! {
            changed = timeout_at(deadline, progress.changed()) => if !matches!(changed, Ok(Ok(()))) { return Ok(answer) },
            _ = draining.wait_for(|draining| *draining) => return Ok(answer),
        }
    }
}

/// Waits until the store covers what the caller has seen, within `http.wait_ms_max`.
async fn await_known(app: &App, tenant: &str, at_least: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = at_least else { return Ok(()) };
    let wanted: AtLeast = text.parse().map_err(|reason: String| Refusal::bad_parameter("at_least", reason))?;
    let mut progress = app.reads.progress();
    let mut draining = app.draining.subscribe();
    let deadline = Instant::now() + Duration::from_millis(app.settings.wait_ms_max);
    loop {
        progress.borrow_and_update();
        let tenant = tenant.to_owned();
        let known = on_thread(app, move |reads| reads.known(&tenant)).await?;
        match known.covers(&wanted) {
            Covers::Yes => return Ok(()),
            Covers::OtherIncarnation => {
                let detail =
                    "the position belongs to another topic or partition than this tenant's; it will never come";
                return Err(Refusal::bad_parameter("at_least", detail));
            }
            Covers::NotYet => {}
        }
        let behind = || Refusal::busy(1, "not-yet", "the store has not come that far; try again");
        tokio::select! {
            changed = timeout_at(deadline, progress.changed()) => if !matches!(changed, Ok(Ok(()))) { return Err(behind()) },
            _ = draining.wait_for(|draining| *draining) => return Err(behind()),
        }
    }
}

/// Runs a read on a thread of the blocking pool. One that outlives its timeout keeps its place until it ends, so
/// that slow reads can't pile up.
pub(super) async fn on_thread<T: Send + 'static, E: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&dyn Reads) -> Result<T, E> + Send + 'static,
) -> Result<T, Refusal>
where
    Refusal: From<E>,
{
    let limit = Duration::from_millis(app.settings.request_timeout_ms);
    let slow = || Refusal::busy(1, "read-timeout", "the answer took too long; ask for less, or try again");
    let place = timeout(limit, app.read_places.clone().acquire_owned()).await.map_err(|_| slow())?;
    let reads = app.reads.clone();
    let task = tokio::task::spawn_blocking(move || {
        let _place = place;
        ask(&*reads)
    });
    match timeout(limit, task).await {
        Err(_) => Err(slow()),
        Ok(Ok(answer)) => answer.map_err(Refusal::from),
        Ok(Err(panicked)) => {
            app.metrics.http.panics.inc();
            tracing::error!(error = %panicked, "a read panicked");
            Err(Refusal::internal())
        }
    }
}

/// Adds the headers that say how fresh an answer is.
pub(super) fn with_known(response: impl IntoResponse, known: &Known) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(SIZE_HEADER, HeaderValue::from(known.size));
    if let Some(position) = &known.position
        && let Ok(value) = HeaderValue::from_str(&position.to_string())
    {
        response.headers_mut().insert(POSITION_HEADER, value);
    }
    response
}
