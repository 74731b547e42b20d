//! Asking: a server over HTTP, or with `--data` a folder in this process. Owns paths, headers and what each status means to a
//! command; the commands can't tell which of the two answers.

mod local;
mod remote;

use serde::de::DeserializeOwned;
use server::http::model::Problem;
use server::serve::Purpose;

use self::local::Local;
use self::remote::Remote;
use crate::arguments::Arguments;
use crate::failure::Failure;

/// Whoever answers.
pub struct Api {
    way: Way,
    token: Option<String>,
    tenant: Option<String>,
}

enum Way {
    Server(Remote),
    Folder(Box<Local>),
}

/// One request.
struct Question<'a> {
    method: &'a str,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

/// What came back, whatever its status.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    body: Vec<u8>,
}

impl Api {
    /// Whom the arguments name, to be asked.
    pub fn new(arguments: &Arguments) -> Result<Self, Failure> {
        Self::of(arguments, Purpose::Read)
    }

    /// Whom the arguments name, to be sent events or orders.
    pub fn writing(arguments: &Arguments) -> Result<Self, Failure> {
        Self::of(arguments, Purpose::Write)
    }

    fn of(arguments: &Arguments, purpose: Purpose) -> Result<Self, Failure> {
        let way = match &arguments.data {
            None => Way::Server(Remote::new(&arguments.server)?),
            Some(_) => Way::Folder(Box::new(Local::open(arguments, purpose)?)),
        };
        Ok(Api { way, token: arguments.token.clone(), tenant: arguments.tenant.clone() })
    }

    /// Speaks for another tenant from now on.
    pub fn speak_for(&mut self, tenant: &str) {
        self.tenant = Some(tenant.to_owned());
    }

    /// A server by its URL.
    pub fn at(server: &str) -> Result<Self, Failure> {
        Ok(Api { way: Way::Server(Remote::new(server)?), token: None, tenant: None })
    }

    /// The URL, where it is a server.
    pub fn server(&self) -> Option<&str> {
        match &self.way {
            Way::Server(remote) => Some(remote.url()),
            Way::Folder(_) => None,
        }
    }

    /// Refuses what waits for news where none can come.
    pub fn expect_news(&self, what: &str) -> Result<(), Failure> {
        match &self.way {
            Way::Server(_) => Ok(()),
            Way::Folder(_) => Err(Failure::Usage(format!(
                "{what} waits for what a server takes in, and no server works on this folder: use --server"
            ))),
        }
    }

    /// A `GET` that answers with JSON.
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        self.get_reply(path, query)?.accept()?.json()
    }

    /// A `GET`; the answer as it came, whatever its status.
    pub fn get_reply(&self, path: &str, query: &[(&str, String)]) -> Result<Reply, Failure> {
        self.ask("GET", &with_query(path, query), &[], Vec::new())
    }

    /// A `GET` that answers with bytes.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.get_reply(path, &[])?.accept()?.body)
    }

    /// A `POST` of JSON that answers with JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<T, Failure> {
        self.post_any(path, body, headers)?.accept()?.json()
    }

    /// A `POST` of JSON; the answer as it came, whatever its status.
    pub fn post_any(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Result<Reply, Failure> {
        self.ask("POST", path, &[headers, &[("content-type", "application/json")]].concat(), body)
    }

    /// A `POST` that orders something: with a key of its own, so that a repeat of the request is no second order.
    pub fn order<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<T, Failure> {
        self.post(path, body, &[("Idempotency-Key", &order_key())])
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Reply, Failure> {
        let mut question = Question { method, path: path.to_owned(), headers: Vec::new(), body };
        question.headers.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        question.headers.extend(self.token.as_ref().map(|token| ("Authorization", format!("Bearer {token}"))));
        question.headers.extend(self.tenant.as_ref().map(|tenant| ("Ledgerline-Tenant", tenant.clone())));
        let (status, body) = match &self.way {
            Way::Server(remote) => remote.ask(question)?,
            Way::Folder(local) => local.ask(question)?,
        };
        Ok(Reply { status, body })
    }
}

impl Reply {
    /// The body as it came.
    pub fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::unasked(format!("the answer can't be read (status {}): {error}", self.status)))
    }

    /// The body as a problem, where it is one.
    pub fn problem(&self) -> Option<Problem> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What a status from 400 on means to a command.
    pub fn accept(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let problem = self.problem();
        let detail = problem.as_ref().map_or_else(|| format!("the answer is {}", self.status), told);
        let candidates = problem.map(|problem| problem.candidates).unwrap_or_default();
        Err(match self.status {
            404 | 410 => Failure::No(detail),
            409 if !candidates.is_empty() => Failure::Usage(format!("{detail}\n  {}", candidates.join("\n  "))),
            401 | 403 => Failure::hinted(detail, "name a token with --token or LEDGERLINE_TOKEN"),
            400 | 409 | 413 | 415 | 422 => Failure::Usage(detail),
            _ => Failure::hinted(detail, "`ledgerline status` and the server's log say more; try again in a moment"),
        })
    }
}

/// The key of one order, drawn anew.
pub fn order_key() -> String {
    use server::random::{Random as _, SystemRandom};
    let mut key = [0; 16];
    SystemRandom.fill(&mut key);
    hex::encode(key)
}

/// A problem in a line: the parameter or field at fault, where there is one, and what to do.
fn told(problem: &Problem) -> String {
    match &problem.path {
        Some(path) => format!("{path}: {}", problem.detail),
        None => problem.detail.clone(),
    }
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let sign = if pairs.is_empty() { "" } else { "?" };
    format!("{path}{sign}{}", pairs.join("&"))
}

/// Percent-encodes what a query or a path segment can't hold.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
