//! A server with its client, started and stopped by each test.

use crate::fake::Fake;
use reqwest::blocking::{Client, Response};
use server::clock::ManualClock;
use server::config::{Config, Sources};
use server::http::{Api, Parts, Server};
use server::metrics::Metrics;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// The wall clock stands still here.
pub const NOW_NS: i64 = 1_777_000_000_000_000_000;

/// A running server over a [`Fake`].
pub struct Running {
    pub address: SocketAddr,
    pub fake: Arc<Fake>,
    pub metrics: Arc<Metrics>,
    client: Client,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    serving: Option<std::thread::JoinHandle<()>>,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().unwrap();
        Self { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem's code; also that it is a whole problem.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], format!("urn:ledgerline:problem:{}", problem["code"].as_str().unwrap()));
        assert_eq!(problem["instance"], format!("urn:ledgerline:request:{}", self.header("x-request-id")));
        assert!(!problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty());
        if self.status == 503 {
            assert!(self.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// Starts a server on a free loopback port; `settings` are lines of the `[http]` section.
pub fn start(settings: &str) -> Running {
    let file = format!("[intake]\npayload_bytes_max = 1024\n[http]\nlisten = \"127.0.0.1:0\"\n{settings}\n");
    let sources = Sources { file: Some(("test.toml".into(), file)), ..Sources::default() };
    let config = Config::load(&sources).unwrap_or_else(|faults| panic!("{faults}")).config;
    let (fake, metrics) = (Arc::new(Fake::default()), Arc::new(Metrics::new("0", "fake")));
    let api = api(config, &fake, &metrics);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(api)).unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = std::thread::spawn(move || {
        let stopped = async {
            let _ = stopped.await;
        };
        runtime.block_on(server.run(stopped, Duration::from_secs(5)));
        runtime.shutdown_timeout(Duration::from_millis(100));
    });
    let client = Client::builder().timeout(Duration::from_secs(20)).pool_max_idle_per_host(0).build().unwrap();
    Running { address, fake, metrics, client, stop: Mutex::new(Some(stop)), serving: Some(serving) }
}

/// Whether a server would listen as configured; the reason if not.
pub fn bind(config: Config) -> Result<(), String> {
    let api = api(config, &Arc::default(), &Arc::new(Metrics::new("0", "fake")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Server::bind(api)).map(drop).map_err(|failed| failed.to_string())
}

fn api(config: Config, fake: &Arc<Fake>, metrics: &Arc<Metrics>) -> Api {
    Api::new(Parts {
        settings: config.http,
        answers: config.roles.api,
        tenant_default: config.intake.default_tenant,
        intake: fake.clone(),
        reads: fake.clone(),
        controls: fake.clone(),
        keys: fake.clone(),
        snapshots: fake.clone(),
        metrics: metrics.clone(),
        metrics_served: true,
        clock: Arc::new(ManualClock::at(NOW_NS)),
        boot: "test".into(),
    })
}

impl Running {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.get_as("", path)
    }

    pub fn get_as(&self, token: &str, path: &str) -> Reply {
        let request = self.client.get(self.url(path));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        Reply::of(request.send().unwrap())
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply {
        let mut request = self.client.post(self.url(path)).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::of(request.send().unwrap())
    }

    /// A request of raw bytes; the whole answer as text.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may answer and close before it has read all.
        let _ = stream.write_all(request);
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Asks the server to drain.
    pub fn begin_drain(&self) {
        drop(self.stop.lock().unwrap().take());
    }

    /// Waits until the server has ended.
    pub fn ended(&mut self) {
        self.serving.take().unwrap().join().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.fake.gate.send_replace(true);
        self.begin_drain();
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

/// The bytes, compressed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
