//! Starting and stopping log lines and traces.

use crate::config::{LogFormat, Telemetry};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::io::IsTerminal as _;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// One export may take this long; the next batch waits, events never do.
const EXPORT_TIMEOUT_MS: u64 = 5_000;

/// Telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The exporter refuses its settings.
    #[error("telemetry.otlp_endpoint can't be used: {0}; correct it or leave it empty")]
    Exporter(String),
    /// Somebody else has taken the process's subscriber.
    #[error("log lines are already set up in this process: {0}")]
    Taken(String),
}

/// Telemetry that runs; give it back to [`Running::stop`] so that nothing waiting is lost.
#[derive(Debug)]
pub struct Running {
    traces: Option<SdkTracerProvider>,
}

/// Starts log lines on standard error, and traces where an endpoint is configured. Once per process. Must be called
/// outside an async runtime: the exporter has a thread and a blocking client of its own.
pub fn start(settings: &Telemetry, deployment: &str, version: &'static str) -> Result<Running, Failed> {
    let traces = settings
        .otlp_endpoint
        .as_ref()
        .map(|endpoint| provider(settings, endpoint, deployment, version))
        .transpose()?;
    let trace_layer = traces.as_ref().map(|provider| {
        let tracer = provider.tracer("ledgerline");
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new("info,server=debug"))
    });
    let subscriber = tracing_subscriber::registry().with(line_layer(settings)).with(trace_layer);
    subscriber.try_init().map_err(|error| Failed::Taken(error.to_string()))?;
    Ok(Running { traces })
}

impl Running {
    /// Sends what waits, for at most `timeout`; says so if something was left behind.
    pub fn stop(self, timeout: Duration) {
        if let Some(provider) = self.traces
            && let Err(error) = provider.shutdown_with_timeout(timeout)
        {
            tracing::warn!(%error, "some traces were not sent");
        }
    }
}

/// Log lines go to standard error: standard output holds answers and nothing else.
fn line_layer(settings: &Telemetry) -> Box<dyn Layer<Registry> + Send + Sync> {
    let filter = EnvFilter::new(settings.log_level.as_str());
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(true).with_filter(filter).boxed(),
        LogFormat::Pretty => {
            layer.with_ansi(settings.log_color && colour_is_wanted()).with_target(false).with_filter(filter).boxed()
        }
    }
}

/// <https://no-color.org>: any non-empty value turns colour off.
fn colour_is_wanted() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn provider(
    settings: &Telemetry,
    endpoint: &str,
    deployment: &str,
    version: &'static str,
) -> Result<SdkTracerProvider, Failed> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_timeout(Duration::from_millis(EXPORT_TIMEOUT_MS))
        .with_headers(settings.otlp_headers.clone().into_iter().collect())
        .build()
        .map_err(|error| Failed::Exporter(error.to_string()))?;
    let attribute = |key: &'static str, value: &str| opentelemetry::KeyValue::new(key, value.to_owned());
    let mut resource =
        Resource::builder().with_service_name("ledgerline").with_attribute(attribute("service.version", version));
    if !deployment.is_empty() {
        resource = resource.with_attribute(attribute("deployment.name", deployment));
    }
    let share = f64::from(settings.otlp_sample_percent) / 100.0;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource.build())
        .build())
}
