//! Receiving a body within its bounds: in time, in size as sent, in size once inflated.

use super::admit::Room;
use super::app::App;
use super::problem::Refusal;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use std::io::Read as _;
use std::time::Duration;

/// Compressed bodies up to this size are inflated where they are; larger ones on a thread of their own.
const INFLATE_HERE_BYTES_MAX: usize = 8 * 1_024;

/// One step of inflation.
const INFLATE_STEP_BYTES: usize = 64 * 1_024;

/// A body and the room it takes; the room is given back when this is dropped.
pub(super) struct Received {
    pub bytes: Bytes,
    room: Room,
}

/// How the bytes travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

/// Receives a JSON body.
pub(super) async fn receive(app: &App, headers: &HeaderMap, body: Body) -> Result<Received, Refusal> {
    content_type(headers)?;
    let encoding = encoding(headers)?;
    let timeout_ms = app.settings.request_timeout_ms;
    let received = tokio::time::timeout(Duration::from_millis(timeout_ms), collect(app, headers, body)).await;
    let received = received.map_err(|_| Refusal::timed_out_receiving(timeout_ms))??;
    let received = match encoding {
        Encoding::Identity => received,
        Encoding::Gzip => inflated(received, app.settings.body_bytes_max).await?,
    };
    match received.bytes.is_empty() {
        true => Err(Refusal::bad_body("body-empty", "the body is empty; send an OpenLineage event as JSON")),
        false => Ok(received),
    }
}

/// JSON under any of its names; none at all is taken as JSON too.
fn content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json");
    if is_json { Ok(()) } else { Err(Refusal::unsupported_type(text)) }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(Encoding::Identity) };
    let text = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match text.as_str() {
        _ if values.next().is_some() => Err(Refusal::unsupported_encoding("several")),
        "identity" | "" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        _ => Err(Refusal::unsupported_encoding(&text)),
    }
}

async fn collect(app: &App, headers: &HeaderMap, mut body: Body) -> Result<Received, Refusal> {
    let max = app.settings.body_bytes_max;
    let mut room = Room::new(app);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = announced
        && usize::try_from(length).map_or(true, |length| length > max)
    {
        return Err(Refusal::too_large("the body", announced, max));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad_body("body-broken", "the body ended early; send it again"))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > max - bytes.len() {
            return Err(Refusal::too_large("the body", None, max));
        }
        room.grow(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(Received { bytes: bytes.freeze(), room })
}

async fn inflated(received: Received, max: usize) -> Result<Received, Refusal> {
    if received.bytes.len() <= INFLATE_HERE_BYTES_MAX {
        return inflate(received, max);
    }
    tokio::task::spawn_blocking(move || inflate(received, max)).await.map_err(|_| Refusal::internal())?
}

/// Step by step, so that a small body that would grow huge is refused after `max` bytes and never held.
fn inflate(mut received: Received, max: usize) -> Result<Received, Refusal> {
    let mut decoder = MultiGzDecoder::new(&received.bytes[..]);
    let mut inflated = BytesMut::new();
    let mut step = vec![0; INFLATE_STEP_BYTES];
    loop {
        let count = decoder.read(&mut step).map_err(|_| {
            Refusal::bad_body("gzip-broken", "the content encoding says gzip, but the body is not; send it again")
        })?;
        if count == 0 {
            break;
        }
        if count > max - inflated.len() {
            return Err(Refusal::too_large("the inflated body", None, max));
        }
        received.room.grow(count)?;
        inflated.extend_from_slice(&step[..count]);
    }
    Ok(Received { bytes: inflated.freeze(), room: received.room })
}
