//! A server, asked over HTTP. Owns the connection; never says what an answer means.

use reqwest::Method;
use reqwest::blocking::Client;

use super::Question;
use crate::failure::Failure;

/// Longest wait for an answer: longer than any the server may take.
const ANSWER_MAX: std::time::Duration = std::time::Duration::from_secs(60);

/// A server by its URL.
pub struct Remote {
    client: Client,
    url: String,
}

impl Remote {
    pub fn new(url: &str) -> Result<Self, Failure> {
        let client = Client::builder().timeout(ANSWER_MAX).build().map_err(Failure::unasked)?;
        Ok(Remote { client, url: url.trim_end_matches('/').to_owned() })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn ask(&self, question: Question<'_>) -> Result<(u16, Vec<u8>), Failure> {
        let method = Method::from_bytes(question.method.as_bytes()).map_err(Failure::unasked)?;
        let mut request = self.client.request(method, format!("{}{}", self.url, question.path)).body(question.body);
        for (name, value) in &question.headers {
            request = request.header(*name, value);
        }
        let unanswered = |error: reqwest::Error| {
            let what = format!("no answer from {}: {}", self.url, root(&error));
            Failure::hinted(what, "start one with `ledgerline serve`, or name another with --server URL")
        };
        let response = request.send().map_err(unanswered)?;
        Ok((response.status().as_u16(), response.bytes().map_err(unanswered)?.to_vec()))
    }
}

/// The innermost reason of an error.
fn root(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
