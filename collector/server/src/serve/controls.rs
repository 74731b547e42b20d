//! Orders of the API, written into the log. Never carries one out: the recorder does, when it reads it.

use std::sync::Arc;

use ledger::digest::{Context, digest};
use ledger::key::Signer as _;
use ledger::leaf::Hex;
use ledger::{LedgerName, Origin, Tenant};
use lineage::envelope::{Control as Content, Envelope, IdempotencyKey, Kind, Signature};

use super::Core;
use crate::http::model::Position;
use crate::http::{Answering, Control, ControlOrder, Controls, Refused};
use crate::intake::{blank, envelope_record};
use crate::log::{AppendAction, Pending};
use crate::recorder::ALERT_TEST;
use crate::recorder::control::signed_message;

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

impl LogControls {
    /// A signed control record `alert-test`.
    fn alert_test(&self, control: &Control, message: &str) -> Result<Pending, Refused> {
        let core = &self.0;
        let tenant = Tenant::parse(&control.tenant).map_err(|error| unavailable(&error.to_string()))?;
        let home = core.desk.homes.of(tenant.as_str());
        let key = order_key(tenant.as_str(), &control.idempotency_key);
        let content = serde_json::json!({ "message": message }).to_string().into_bytes();
        let ledger = LedgerName::parse(&core.config.ledger.name).map_err(|error| unavailable(&error.to_string()))?;
        let signer = core.desk.keyring.signer(&Origin::new(&ledger, &Tenant::partition(home.partition)));
        let value = signer.sign(&signed_message(ALERT_TEST, &key, &content));
        let value = value.map_err(|error| unavailable(&error.to_string()))?;
        let signature = Signature { algorithm: "ed25519", key: signer.key_name().as_str(), value: &value };
        let content = Content { name: ALERT_TEST, content: &content, expected_size: None, signatures: vec![signature] };
        let envelope = Envelope {
            idempotency_key: Some(IdempotencyKey(key)),
            principal: Some(&control.principal),
            control: Some(content),
            ..blank(Kind::Control, tenant.as_str(), home.incarnation, core.host.clock.now_ns())
        };
        let sealed = core.desk.seal(&envelope).map_err(|error| unavailable(&error.to_string()))?;
        let record = envelope_record(&core.names.events, home.partition, tenant.as_str(), sealed);
        let appender = core.log.appender().map_err(|error| unavailable(&error.to_string()))?;
        Ok(appender.begin(vec![record]))
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
