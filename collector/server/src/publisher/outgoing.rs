//! The bytes of what is published. Headers are added here; bodies were derived when the row was made.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ledger::leaf::Hex;
use store::tables::{Meta, OutboxKey};

use crate::log::{Header, NewRecord};

/// Header that carries a record's [`position`].
pub(super) const POSITION: &str = "ledgerline-position";

/// `incarnation/partition/offset/ordinal`: where in the input a published record comes from.
pub(super) fn position(meta: &Meta, partition: u32, key: OutboxKey) -> String {
    format!("{}/{partition}/{}/{}", Hex(meta.incarnation.unwrap_or_default()), key.offset, key.ordinal)
}

/// Reads a [`position`] of this incarnation and partition.
pub(super) fn parse(text: &str, meta: &Meta, partition: u32) -> Option<OutboxKey> {
    let mut parts = text.split('/');
    let incarnation = parts.next()? == Hex(meta.incarnation?).to_string();
    let home = parts.next()?.parse::<u32>().ok()? == partition;
    let key = OutboxKey { offset: parts.next()?.parse().ok()?, ordinal: parts.next()?.parse().ok()? };
    (incarnation && home && parts.next().is_none()).then_some(key)
}

pub(super) fn alert(
    topic: &Arc<str>,
    position: &str,
    key: &str,
    attributes: &[(String, String)],
    body: Option<&[u8]>,
) -> NewRecord {
    let header = |(name, value): &(String, String)| Header {
        name: Cow::Owned(name.clone()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    let mut record = NewRecord::new(topic, Bytes::new()).key(key.to_owned()).header(POSITION, position.to_owned());
    record.value = body.map(Bytes::copy_from_slice);
    record.headers.extend(attributes.iter().map(header));
    record
}

pub(super) fn checkpoint(topic: &Arc<str>, position: &str, tenant: &str, size: u64, note: &str) -> NewRecord {
    NewRecord::new(topic, note.to_owned()).key(format!("{tenant}/{size}")).header(POSITION, position.to_owned())
}
