//! Asking the server. Owns addresses, headers and what each status means to a command.

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use server::http::model::Problem;

use crate::arguments::Arguments;
use crate::failure::Failure;

/// A client of one server.
pub struct Api {
    client: Client,
    server: String,
    token: Option<String>,
    tenant: Option<String>,
}

impl Api {
    /// The server that the arguments name.
    pub fn new(arguments: &Arguments) -> Result<Self, Failure> {
        Self::at(arguments.server.trim_end_matches('/'), arguments.token.clone(), arguments.tenant.clone())
    }

    /// A server by its URL.
    pub fn at(server: &str, token: Option<String>, tenant: Option<String>) -> Result<Self, Failure> {
        let client = Client::builder().timeout(std::time::Duration::from_secs(60)).build().map_err(Failure::unasked)?;
        Ok(Api { client, server: server.to_owned(), token, tenant })
    }

    /// Its URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A `GET` that answers with JSON.
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        read(self.send(self.client.get(self.url(path, query)))?)
    }

    /// A `GET` that answers with bytes.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.send(self.client.get(self.url(path, &[])))?.bytes().map_err(Failure::unasked)?.to_vec())
    }

    /// A `POST` of JSON that answers with JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<T, Failure> {
        read(self.post_raw(path, body, headers)?)
    }

    /// A `POST` of JSON; the answer as it came, whatever its status.
    pub fn post_any(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<Response, Failure> {
        let mut request = self.client.post(self.url(path, &[])).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request)
    }

    /// A `POST` that orders something: with a key of its own, so that a repeat of the request is no second order.
    pub fn order<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<T, Failure> {
        use server::random::{Random as _, SystemRandom};
        let mut key = [0; 16];
        SystemRandom.fill(&mut key);
        self.post(path, body, &[("Idempotency-Key", &hex::encode(key))])
    }

    fn post_raw(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<Response, Failure> {
        accept(self.post_any(path, body, headers)?)
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> String {
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let sign = if pairs.is_empty() { "" } else { "?" };
        format!("{}{path}{sign}{}", self.server, pairs.join("&"))
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        accept(self.ask(request)?)
    }

    fn ask(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = match &self.tenant {
            Some(tenant) => request.header("Ledgerline-Tenant", tenant),
            None => request,
        };
        request.send().map_err(|error| {
            let what = format!("no answer from {}: {}", self.server, root(&error));
            Failure::hinted(what, "start one with `ledgerline serve`, or name another with --server URL")
        })
    }
}

/// Percent-encodes what a query or a path segment can't hold.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn read<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    response.json().map_err(|error| Failure::unasked(format!("the answer can't be read: {}", root(&error))))
}

fn accept(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Option<Problem> = response.json().ok();
    let detail = problem.as_ref().map_or_else(|| status.to_string(), |problem| problem.detail.clone());
    let candidates = problem.map(|problem| problem.candidates).unwrap_or_default();
    Err(match status.as_u16() {
        404 => Failure::No(detail),
        409 if !candidates.is_empty() => Failure::Usage(format!("{detail}\n  {}", candidates.join("\n  "))),
        401 | 403 => Failure::hinted(detail, "name a token with --token or LEDGERLINE_TOKEN"),
        400 | 409 | 413 | 415 | 422 => Failure::Usage(detail),
        _ => Failure::hinted(detail, "`ledgerline status` and the server's log say more; try again in a moment"),
    })
}

/// The innermost reason of an error.
fn root(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
