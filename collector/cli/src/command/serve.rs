//! `serve`.

use server::serve::start;

use super::host;
use crate::arguments::{Arguments, Serve};
use crate::failure::Failure;
use crate::{output, settings};

pub fn run(arguments: &Arguments, serve: &Serve) -> Result<(), Failure> {
    let mut flags = Vec::new();
    flags.extend(serve.listen.iter().map(|listen| ("--listen", "http.listen", listen.clone())));
    if !serve.roles.is_empty() {
        let names: Vec<&str> = serve.roles.iter().map(|role| role.name()).collect();
        flags.push(("--roles", "roles", names.join(",")));
    }
    flags.extend(serve.standby_for.iter().map(|node| ("--standby-for", "node.standby_for", node.clone())));
    if serve.leave {
        flags.push(("--leave", "node.leave", "true".to_owned()));
    }
    if arguments.no_color {
        flags.push(("--no-color", "telemetry.log_color", "false".to_owned()));
    }
    let loaded = settings::load(arguments, &flags)?;
    if serve.print_config {
        return output::text(&loaded.print());
    }
    if let Ok(points) = std::env::var("FAILPOINTS") {
        store::failpoint::arm_all(&points).map_err(Failure::Usage)?;
    }
    let config = &loaded.config;
    let telemetry = server::telemetry::start(&config.telemetry, &config.deployment.name, env!("CARGO_PKG_VERSION"))
        .map_err(Failure::unasked)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let serving = start(loaded.config, host()).await.map_err(Failure::unasked)?;
        eprintln!("ledgerline listens on http://{}", serving.address());
        let displaced = tokio::select! {
            why = serving.displaced() => Some(why),
            stopped = stopped() => stopped.map(|()| None)?,
        };
        eprintln!("stopping: finishing what is at hand");
        match (serving.shutdown().await, displaced) {
            (_, Some(why)) => Err(Failure::No(format!(
                "{why}; this process has stopped. Start it again with --standby-for to stand by for the one that took over"
            ))),
            (true, None) => Ok(()),
            (false, None) => Err(Failure::unasked(
                "not everything was done in shutdown_timeout_ms; the rest is done after the next start",
            )),
        }
    });
    telemetry.stop(std::time::Duration::from_secs(2));
    ended
}

/// Returns at SIGTERM or at an interrupt.
pub async fn stopped() -> Result<(), Failure> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = term.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}
