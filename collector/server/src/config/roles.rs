//! `roles`: the parts that this process runs.

use super::Kafka;
use super::keys::Keys;
use super::parse::Parse;
use super::source::Written;

/// `roles`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// `intake`: takes events from the input topics.
    pub intake: bool,
    /// `recorder`, or `publisher`: records the partitions that fall to this process, and publishes what comes of it. The two
    /// share a store, so either name runs both.
    pub recorder: bool,
    /// `api`: answers over HTTP and takes events there. Without it the listener has probes and metrics alone.
    pub api: bool,
}

impl Roles {
    /// Every part: the default.
    pub const ALL: Self = Self { intake: true, recorder: true, api: true };

    pub(super) fn read(keys: &mut Keys) -> Self {
        keys.take("roles", Self::ALL)
    }

    /// The embedded log has one process, so that what one leaves out nobody does.
    pub(super) fn check(self, kafka: &Kafka, keys: &mut Keys) {
        if self != Self::ALL && !kafka.is_configured() {
            keys.fault(
                "roles",
                "leaves some out, and the embedded log has this process alone".to_owned(),
                "run them all (leave roles out), or set kafka.brokers".to_owned(),
            );
        }
    }
}

impl Parse for Roles {
    fn parse(written: &Written) -> Result<Self, String> {
        let wanted = || "name some of intake, recorder, publisher, api".to_owned();
        let mut roles = Self { intake: false, recorder: false, api: false };
        let names = Vec::<String>::parse(written).map_err(|_| wanted())?;
        for name in &names {
            match name.as_str() {
                "intake" => roles.intake = true,
                "recorder" | "publisher" => roles.recorder = true,
                "api" => roles.api = true,
                _ => return Err(wanted()),
            }
        }
        if names.is_empty() { Err(wanted()) } else { Ok(roles) }
    }

    fn shown(&self) -> String {
        let named =
            [("intake", self.intake), ("recorder", self.recorder), ("publisher", self.recorder), ("api", self.api)];
        named.into_iter().filter(|(_, runs)| *runs).map(|(name, _)| name.to_owned()).collect::<Vec<_>>().shown()
    }
}
