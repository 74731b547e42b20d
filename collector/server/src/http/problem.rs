//! Every refusal of this edge, as RFC 9457 problem details. One constructor per code; the codes are promises.

use super::intake::Refused;
use super::model::{Finding, Problem};
use super::reads::ReadError;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lineage::finding::Grade;

/// Media type of problem details.
pub(super) const CONTENT_TYPE: &str = "application/problem+json";

/// Codes of findings that mean "these bytes are no JSON that we take": 400 rather than 422.
const MALFORMED: [&str; 6] = ["not-utf8", "not-json", "duplicate-key", "lone-surrogate", "too-deep", "too-many-nodes"];

/// A request that is not answered as asked.
#[derive(Debug)]
pub(super) struct Refusal {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        let problem = Problem {
            kind: format!("urn:ledgerline:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            path: None,
            findings: Vec::new(),
            candidates: Vec::new(),
            instance: None,
        };
        Self { problem: Box::new(problem), headers: Vec::new() }
    }

    #[cfg(test)]
    pub fn code(&self) -> &str {
        &self.problem.code
    }

    fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// 503 with `Retry-After`; a client that sends again loses and doubles nothing.
    pub fn busy(seconds: u64, code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "Not now; try again", detail)
            .with_header(header::RETRY_AFTER, &seconds.max(1).to_string())
    }

    /// The partition is between two owners, or its owner is not ready.
    pub fn moving(partition: u32, reason: &str) -> Self {
        let detail = format!("partition {partition} is not answered for now: {reason}; ask again");
        Self::busy(1, "partition-moving", detail)
    }

    /// A question that was passed on already came to a process that does not have the partition any more.
    pub fn elsewhere(partition: u32, owner: &str) -> Self {
        let detail = format!("partition {partition} has moved on, to {owner}; ask again");
        Self::busy(1, "partition-elsewhere", detail)
    }

    /// The partition's owner does not answer.
    pub fn silent(partition: u32, owner: &str, why: &str) -> Self {
        let detail = format!("partition {partition} was last at {owner}, which does not answer ({why}); ask again");
        Self::busy(1, "owner-unreachable", detail)
    }

    pub fn no_standby() -> Self {
        let detail = "this process stands by for none: start one with --standby-for NODE";
        Self::new(StatusCode::CONFLICT, "no-standby", "There is nothing to take over", detail)
    }

    pub fn timed_out_receiving(timeout_ms: u64) -> Self {
        let detail = format!("the body did not arrive within {timeout_ms} ms; send it again");
        Self::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", "The request took too long to arrive", detail)
    }

    pub fn too_large(what: &str, is: Option<u64>, max: usize) -> Self {
        let is = is.map(|is| format!(" ({is})")).unwrap_or_default();
        let detail = format!("{what}{is} exceeds the {max} bytes that are taken; send less at once");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The request is too large", detail)
    }

    pub fn batch_too_large(max: usize) -> Self {
        let detail = format!("the array holds more than {max} events; send them in several batches");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "batch-too-large", "The request is too large", detail)
    }

    pub fn unsupported_type(found: &str) -> Self {
        let detail = format!("the content type is {found:?}; send application/json");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type-unsupported", "The media type is not taken", detail)
            .with_header(header::ACCEPT, "application/json")
    }

    pub fn unsupported_encoding(found: &str) -> Self {
        let detail = format!("the content encoding is {found:?}; send gzip, or the bytes as they are");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-encoding-unsupported",
            "The encoding is not taken",
            detail,
        )
        .with_header(header::ACCEPT_ENCODING, "gzip, identity")
    }

    pub fn bad_body(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The body can't be read", detail)
    }

    pub fn bad_parameter(parameter: &str, reason: impl Into<String>) -> Self {
        let mut refusal =
            Self::new(StatusCode::BAD_REQUEST, "parameter-invalid", "A parameter can't be used", reason.into());
        refusal.problem.path = Some(parameter.to_owned());
        refusal
    }

    pub fn unauthenticated(detail: &str, challenge: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Who is asking is not known", detail)
            .with_header(header::WWW_AUTHENTICATE, challenge)
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed to you", detail)
    }

    pub fn no_route() -> Self {
        let detail = "there is nothing at this path; /openapi.json lists what there is";
        Self::new(StatusCode::NOT_FOUND, "no-route", "Not found", detail)
    }

    pub fn no_role() -> Self {
        let detail = "this process runs without the role api; ask one that has it";
        Self::new(StatusCode::NOT_FOUND, "no-route", "Not found", detail)
    }

    pub fn method_not_allowed() -> Self {
        let detail = "this path takes another method; /openapi.json says which";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    pub fn internal() -> Self {
        let detail = "this is our fault and has been logged under the instance given; sending again may help";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something broke on our side", detail)
    }

    fn rejected(findings: &[lineage::finding::Finding]) -> Self {
        let first = findings.iter().find(|f| f.grade == Grade::Reject).or(findings.first());
        let detail = first.map_or("the event was rejected", |f| &f.message);
        let code = first.map_or("", |f| &f.code);
        let mut refusal = match code {
            "too-large" => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "event-too-large", "The event is too large", detail)
            }
            code if MALFORMED.contains(&code) => {
                Self::new(StatusCode::BAD_REQUEST, "event-malformed", "The event can't be read", detail)
            }
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "event-rejected", "The event was rejected", detail),
        };
        refusal.problem.path = first.map(|f| f.path.clone());
        refusal.problem.findings = findings.iter().map(Finding::from).collect();
        refusal
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rejected(findings) => Self::rejected(&findings),
            Refused::Busy { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Self::busy(
                    seconds,
                    "back-pressure",
                    "more is waiting to be durable than is held at once; send it again",
                )
            }
            Refused::Unavailable { reason } => Self::busy(5, "unavailable", reason),
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound { what } => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("{what} is not known here"))
            }
            ReadError::Ambiguous { candidates } => {
                let detail = "the text has several readings; ask again with one of the candidates";
                let mut refusal = Self::new(StatusCode::CONFLICT, "node-ambiguous", "The node is ambiguous", detail);
                refusal.problem.candidates = candidates;
                refusal
            }
            ReadError::Invalid { parameter, reason } => Self::bad_parameter(parameter, reason),
            ReadError::Gone { reason } => Self::new(StatusCode::GONE, "erased", "It has been erased", reason),
            ReadError::Unavailable { reason } => Self::busy(5, "unavailable", reason),
            ReadError::Internal(text) => {
                tracing::error!(error = text, "a read failed");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        response.headers_mut().extend(self.headers);
        // Kept beside the body, so that the outermost layer can add the request's name.
        response.extensions_mut().insert(std::sync::Arc::<Problem>::from(self.problem));
        response
    }
}
