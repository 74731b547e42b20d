//! Orders of the API, written into the log. Never carries one out: the recorder does, when it reads it.

use std::sync::Arc;

use ledger::digest::{Context, digest};
use ledger::leaf::Hex;
use ledger::{LedgerName, Origin, Tenant};
use lineage::envelope::{Control as Content, Envelope, IdempotencyKey, Kind};

use super::Core;
use crate::genesis;
use crate::http::model::Position;
use crate::http::{Answering, Control, ControlOrder, Controls, Refused};
use crate::intake::{blank, envelope_record};
use crate::log::{AppendAction, Pending};
use crate::recorder::control::signed_message;
use crate::recorder::{ALERT_TEST, KEY_OPERATION};

const ORDER_KEY: Context = Context::new("ledgerline v1 order key");

/// Takes orders.
pub(super) struct LogControls(pub Arc<Core>);

impl Controls for LogControls {
    fn order(&self, control: Control) -> Answering<Result<Position, Refused>> {
        let home = self.0.desk.homes.of(&control.tenant);
        let begun = match &control.order {
            ControlOrder::Tick => {
                Ok(self.0.ticker.order(home.partition, order_key(&control.tenant, &control.idempotency_key)))
            }
            ControlOrder::AlertTest { message } => self.alert_test(&control, message),
            ControlOrder::Key { order, note } => Tenant::parse_recorded(&control.tenant)
                .map_err(|error| unavailable(&error.to_string()))
                .and_then(|tenant| {
                    let pending = self.0.order_key(&tenant, &control.principal, *order, note);
                    pending.map_err(|reason| Refused::Unavailable { reason })
                }),
        };
        Box::pin(async move {
            let positions = begun?.durable().await.map_err(|error| match error.action {
                AppendAction::Retry => Refused::Busy { retry_after: std::time::Duration::from_secs(1) },
                AppendAction::Reject | AppendAction::Halt => Refused::Unavailable { reason: error.what },
            })?;
            let incarnation = Hex(home.incarnation).to_string();
            let at = positions.first().ok_or_else(|| unavailable("the log gave no position"))?;
            Ok(Position { incarnation, partition: at.partition, offset: at.offset, ordinal: None })
        })
    }
}

impl Core {
    /// Appends an order about a key of a tenant's tree. Its authority is within the note.
    pub(super) fn order_key(
        &self,
        tenant: &Tenant,
        principal: &str,
        order: [u8; 16],
        note: &[u8],
    ) -> Result<Pending, String> {
        let home = self.desk.homes.of(tenant.as_str());
        let content = Content { name: KEY_OPERATION, content: note, expected_size: None, signatures: Vec::new() };
        let envelope = Envelope {
            idempotency_key: Some(IdempotencyKey(order)),
            principal: Some(principal),
            control: Some(content),
            ..blank(Kind::Control, tenant.as_str(), home.incarnation, self.host.clock.now_ns())
        };
        let sealed = self.desk.seal(&envelope).map_err(|error| error.to_string())?;
        let record = envelope_record(&self.names.events, home.partition, tenant.as_str(), sealed);
        let appender = self.log.appender().map_err(|error| error.to_string())?;
        Ok(appender.begin(vec![record]))
    }
}

impl Core {
    /// Appends a control record of a tenant, signed by the keys of its partition's tree.
    fn begin_signed(
        &self,
        tenant: &str,
        principal: Option<&str>,
        name: &str,
        key: [u8; 16],
        content: &[u8],
    ) -> Result<Pending, String> {
        let home = self.desk.homes.of(tenant);
        let ledger = LedgerName::parse(&self.config.ledger.name).map_err(|error| error.to_string())?;
        let signers = self.desk.keyring.signers(&Origin::new(&ledger, &Tenant::partition(home.partition)));
        let signers = signers.map_err(|error| error.to_string())?;
        let signed =
            genesis::sign(&signers, &signed_message(name, &key, content)).map_err(|error| error.to_string())?;
        let content = Content { name, content, expected_size: None, signatures: genesis::signatures(&signed) };
        let envelope = Envelope {
            idempotency_key: Some(IdempotencyKey(key)),
            principal,
            control: Some(content),
            ..blank(Kind::Control, tenant, home.incarnation, self.host.clock.now_ns())
        };
        let sealed = self.desk.seal(&envelope).map_err(|error| error.to_string())?;
        let record = envelope_record(&self.names.events, home.partition, tenant, sealed);
        Ok(self.log.appender().map_err(|error| error.to_string())?.begin(vec![record]))
    }

    /// The same, and waits until it is durable.
    ///
    /// # Errors
    /// Why it is not known to be.
    pub(super) fn append_signed(&self, tenant: &str, name: &str, key: [u8; 16], content: &[u8]) -> Result<(), String> {
        let pending = self.begin_signed(tenant, None, name, key, content)?;
        pending.wait().map(drop).map_err(|error| error.what)
    }
}

impl LogControls {
    /// A signed control record `alert-test`.
    fn alert_test(&self, control: &Control, message: &str) -> Result<Pending, Refused> {
        Tenant::parse(&control.tenant).map_err(|error| unavailable(&error.to_string()))?;
        let key = order_key(&control.tenant, &control.idempotency_key);
        let content = serde_json::json!({ "message": message }).to_string().into_bytes();
        let begun = self.0.begin_signed(&control.tenant, Some(&control.principal), ALERT_TEST, key, &content);
        begun.map_err(|reason| unavailable(&reason))
    }
}

/// The key under which the recorder carries an order out once: of the tenant and of what the caller sent with it.
fn order_key(tenant: &str, idempotency_key: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&digest(ORDER_KEY, &[tenant.as_bytes(), idempotency_key.as_bytes()])[..16]);
    key
}

fn unavailable(reason: &str) -> Refused {
    Refused::Unavailable { reason: reason.to_owned() }
}
