//! `http.*`: where the server listens, who may ask, and how much one request may cost.

use super::Intake;
use super::intake::tenant_check;
use super::keys::Keys;
use super::parse::Parse;
use super::source::Written;
use crate::auth::Role;
use std::net::SocketAddr;

/// Tenant of a token that may speak for each of them; only an admin's may say so.
pub const TENANT_ANY: &str = "*";

/// One MiB in bytes.
const MIB: usize = 1 << 20;

/// `http.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// `http.listen`: address and port; loopback only, unless a token is configured. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// `http.tokens`: who may ask for what.
    pub tokens: Vec<Token>,
    /// `http.body_bytes_max`: a request body, as sent and once inflated.
    pub body_bytes_max: usize,
    /// `http.batch_events_max`: events in one batch.
    pub batch_events_max: usize,
    /// `http.request_timeout_ms`: to receive a body (408), and again to make it durable or answer it (503).
    pub request_timeout_ms: u64,
    /// `http.wait_ms_max`: longest wait for `?at_least=` or for news (`?wait_ms=`).
    pub wait_ms_max: u64,
    /// `http.in_flight_max`: requests being worked on; more are answered 503.
    pub in_flight_max: usize,
    /// `http.in_flight_bytes_max`: bodies held in memory at once; more are answered 503.
    pub in_flight_bytes_max: usize,
    /// `http.connections_max`: open connections; more wait to be accepted.
    pub connections_max: usize,
    /// `http.reads_max`: reads of the store at once, each on a thread.
    pub reads_max: usize,
    /// `http.page_rows_max`: rows of one page of a list.
    pub page_rows_max: u32,
}

/// One bearer token: its hash, and what it stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the token's text.
    pub hash: [u8; 32],
    /// The tenant it speaks for; [`TENANT_ANY`] lets an admin name one per request.
    pub tenant: String,
    /// Who holds it; written into what is recorded.
    pub principal: String,
    /// What it may do.
    pub role: Role,
    /// Nanoseconds since 1970 from which on it is refused; `None` never ends.
    pub expires_ns: Option<i64>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({} as {:?} of {})", self.principal, self.role, self.tenant)
    }
}

impl Http {
    pub(super) fn read(keys: &mut Keys) -> Self {
        Self {
            listen: keys.take("http.listen", SocketAddr::from(([127, 0, 0, 1], 5000))),
            tokens: keys.take("http.tokens", Tokens(Vec::new())).0,
            body_bytes_max: keys.bounded("http.body_bytes_max", 16 * MIB, 1_024..=256 * MIB),
            batch_events_max: keys.bounded("http.batch_events_max", 1_000, 1..=100_000),
            request_timeout_ms: keys.bounded("http.request_timeout_ms", 10_000, 10..=600_000),
            wait_ms_max: keys.bounded("http.wait_ms_max", 30_000, 0..=300_000),
            in_flight_max: keys.bounded("http.in_flight_max", 512, 1..=65_536),
            in_flight_bytes_max: keys.bounded("http.in_flight_bytes_max", 64 * MIB, 1_024..=4_096 * MIB),
            connections_max: keys.bounded("http.connections_max", 1_024, 1..=65_536),
            reads_max: keys.bounded("http.reads_max", 16, 1..=1_024),
            page_rows_max: keys.bounded("http.page_rows_max", 1_000, 1..=10_000),
        }
    }

    /// Rules between this section's values and others'.
    pub(super) fn check(&self, intake: &Intake, keys: &mut Keys) {
        if self.tokens.is_empty() && !self.listen.ip().is_loopback() {
            keys.fault(
                "http.listen",
                format!("is {}, which others can reach, and no token is configured", self.listen),
                "listen on 127.0.0.1, or add an entry to http.tokens".to_owned(),
            );
        }
        if self.body_bytes_max < intake.payload_bytes_max {
            keys.fault(
                "http.body_bytes_max",
                format!("is {}, less than one payload may be", self.body_bytes_max),
                format!("set it to at least intake.payload_bytes_max ({})", intake.payload_bytes_max),
            );
        }
        if self.in_flight_bytes_max < self.body_bytes_max {
            keys.fault(
                "http.in_flight_bytes_max",
                format!("is {}, so that a body of full size would never be taken", self.in_flight_bytes_max),
                format!("set it to at least http.body_bytes_max ({})", self.body_bytes_max),
            );
        }
        for (place, token) in self.tokens.iter().enumerate() {
            if self.tokens[..place].iter().any(|other| other.hash == token.hash) {
                keys.fault(
                    "http.tokens",
                    format!("gives one hash twice, the second time to {}", token.principal),
                    "make a token of its own for each principal".to_owned(),
                );
            }
        }
    }
}

/// The list, read as a whole: its faults name the entry by number and principal, never by hash.
struct Tokens(Vec<Token>);

impl Parse for Tokens {
    fn parse(written: &Written) -> Result<Self, String> {
        let wanted = "write a list of { hash, tenant, principal, role } tables";
        let value = written.toml()?;
        let entries = value.as_array().ok_or(wanted)?;
        let mut tokens = Vec::with_capacity(entries.len());
        let mut faults = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            match entry.as_inline_table().ok_or_else(|| wanted.to_owned()).and_then(token) {
                Ok(token) => tokens.push(token),
                Err(fault) => faults.push(format!("entry {}: {fault}", place + 1)),
            }
        }
        if faults.is_empty() { Ok(Self(tokens)) } else { Err(faults.join("; ")) }
    }

    fn shown(&self) -> String {
        let entry = |t: &Token| {
            let (tenant, principal) = (t.tenant.shown(), t.principal.shown());
            format!("{{ hash = \"(hidden)\", tenant = {tenant}, principal = {principal}, role = \"{}\" }}", t.role)
        };
        format!("[{}]", self.0.iter().map(entry).collect::<Vec<_>>().join(", "))
    }
}

/// One entry; unknown keys are faults here too.
fn token(table: &toml_edit::InlineTable) -> Result<Token, String> {
    const KEYS: [&str; 5] = ["hash", "tenant", "principal", "role", "expires"];
    if let Some((unknown, _)) = table.iter().find(|(name, _)| !KEYS.contains(name)) {
        return Err(format!("{unknown} is no known key (known: {})", KEYS.join(", ")));
    }
    let text = |name: &str| table.get(name).and_then(|value| value.as_str());
    let hash = text("hash")
        .and_then(|hash| <[u8; 32]>::try_from(hex::decode(hash).ok()?).ok())
        .ok_or("hash wants the SHA-256 of the token as 64 hexadecimal digits")?;
    let role: Role = text("role").and_then(|role| role.parse().ok()).ok_or_else(|| {
        let roles: Vec<_> = Role::ALL.iter().map(|role| role.to_string()).collect();
        format!("role wants one of {}", roles.join(", "))
    })?;
    let tenant = text("tenant").unwrap_or_default().to_owned();
    match (tenant.as_str(), role) {
        (TENANT_ANY, Role::Admin) => {}
        (TENANT_ANY, _) => return Err("only an admin's tenant may be \"*\"".to_owned()),
        _ => tenant_check(&tenant).map_err(|wanted| format!("tenant: {wanted}"))?,
    }
    let principal = text("principal").filter(|p| (1..=256).contains(&p.len())).map(str::to_owned);
    let expires_ns = match table.get("expires") {
        None => None,
        Some(value) => Some(instant(value).ok_or("expires wants a time such as 2027-01-31T00:00:00Z")?),
    };
    Ok(Token { hash, tenant, principal: principal.ok_or("principal wants a name")?, role, expires_ns })
}

/// A TOML date-time or a text, with an offset from UTC.
fn instant(value: &toml_edit::Value) -> Option<i64> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_datetime().map(ToString::to_string))?;
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}
