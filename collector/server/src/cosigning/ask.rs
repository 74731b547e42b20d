//! One question to one witness, and what its answer is worth. Bounded in time and bytes.

use std::time::Duration;

use ledger::cosignature::from_answer;
use ledger::note::NoteSignature;
use ledger::witness::AddCheckpoint;
use reqwest::Client;
use reqwest::redirect::Policy;

use crate::config::AskedWitness;

/// Bytes of an answer that are read: some signature lines.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// Characters of a witness's reason that are repeated.
const REASON_CHARS_MAX: usize = 200;

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    /// It cosigned.
    Cosigned(NoteSignature),
    /// It knows another size than the proof begins at.
    Knows(u64),
    /// It does not answer: its name, and why, in words.
    Silent(String),
    /// It answers that it will not.
    Refused(String),
    /// What it answers is no cosignature of its over this checkpoint.
    Wrong(String),
}

/// A client for witnesses that answers within `timeout_ms`, or not at all.
pub(super) fn client(timeout_ms: u64) -> Result<Client, reqwest::Error> {
    let timeout = Duration::from_millis(timeout_ms);
    // A submission that is sent elsewhere would be another witness's.
    Client::builder().connect_timeout(timeout).timeout(timeout).no_gzip().redirect(Policy::none()).build()
}

/// Asks.
pub(super) async fn ask(client: &Client, witness: &AskedWitness, request: &AddCheckpoint) -> Answer {
    let url = format!("{}/add-checkpoint", witness.url);
    let sent = client.post(url).body(request.to_bytes()).send().await;
    let mut answer = match sent {
        Ok(answer) => answer,
        Err(error) => return Answer::Silent(root(&error)),
    };
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_BYTES_MAX => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Answer::Wrong(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes")),
            Err(error) => return Answer::Silent(root(&error)),
        }
    }
    match status {
        200 => match from_answer(&request.checkpoint, &body, &witness.key) {
            Ok((line, _)) => Answer::Cosigned(line),
            Err(fault) => Answer::Wrong(fault.to_string()),
        },
        409 => match size(&body) {
            Some(size) => Answer::Knows(size),
            None => Answer::Wrong("it answers 409 without the size that it knows".to_owned()),
        },
        // What sits before a witness answers so while that is away.
        502..=504 | 429 => Answer::Silent(format!("it answers {status}")),
        _ => {
            let text = String::from_utf8_lossy(&body);
            let said: String = text.trim().chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect();
            Answer::Refused(format!("it answers {status}: {said}"))
        }
    }
}

/// A size in decimal, on a line.
fn size(body: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    digits.parse().ok().filter(|size: &u64| size.to_string() == digits)
}

/// The innermost reason: the outer ones only say that something failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
