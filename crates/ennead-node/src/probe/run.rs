//! The probe as a program: config in, lines out, until `stop`.

use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::{Stopwatch, now, pause_for};
use ennead_host::{Host, HostError};
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite};
use tokio::sync::watch;

use super::config::{Mode, ProbeConfig, ProbeConfigError};
use super::event::{PROBE_FORMAT_VERSION, ProbeEvent};
use super::reporter::Reporter;
use super::session::Setting;
use super::{load, readback};

/// A probe that could not begin, or that nobody listens to any more.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Its config.
    #[error(transparent)]
    Config(#[from] ProbeConfigError),
    /// The authority's file could not be read.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The authority's file is not there or not right.
    #[error("{path} is no certificate authority: {why}")]
    Authority {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Standard input or output.
    #[error("the probe cannot talk to the one who started it")]
    Talk {
        /// Why.
        source: std::io::Error,
    },
}

/// Runs a probe: reads its config from the first line of `input`, writes one JSON line per event,
/// and ends when a line says `stop`, when `input` ends, when its time is up or when its work is
/// done.
///
/// # Errors
/// [`ProbeError`]. Trouble with the database is told as events, not as an error.
///
/// # Caveats
/// When the work ends before the input does, a read of `input` is still pending: a program that
/// gives tokio's standard input must not wait for its blocking threads.
pub async fn run(
    host: &dyn Host,
    input: impl AsyncBufRead + Unpin + Send + 'static,
    mut output: impl AsyncWrite + Unpin,
) -> Result<(), ProbeError> {
    let clock = Stopwatch::start();
    let wall = now();
    let mut lines = input.lines();
    let talk = |source| ProbeError::Talk { source };
    let first = lines.next_line().await.map_err(talk)?.unwrap_or_default();
    let config = ProbeConfig::parse(&first)?;
    drop(first);
    let authority =
        |why: &str| ProbeError::Authority { path: config.ca.to_string(), why: why.to_owned() };
    let ca = host.read(&config.ca).await?.ok_or_else(|| authority("it does not exist"))?;
    let setting = Setting::new(config.clone(), clock, &ca).map_err(|why| authority(&why))?;
    let setting = Arc::new(setting);
    let (reporter, stream) = Reporter::new(clock);
    reporter.event(ProbeEvent::Started {
        format_version: PROBE_FORMAT_VERSION,
        wall,
        run: config.run.clone(),
        write_endpoints: config.write_endpoints.clone(),
        read_endpoints: config.read_endpoints.clone(),
    });
    let (tell_stop, stop) = watch::channel(false);
    let limit = Duration::from_secs(config.duration_s_max);
    let listener = tokio::spawn(async move {
        tokio::select! {
            () = listen(&mut lines) => {}
            () = pause_for(limit) => {}
        }
        tell_stop.send_replace(true);
        // Kept until the work has seen it: a dropped sender also means stop.
    });
    let work = async move {
        match setting.config.mode {
            Mode::Load => load::run(setting, reporter, stop).await,
            Mode::ReadBack => readback::run(setting, reporter, stop).await,
        }
    };
    let work = tokio::spawn(work);
    let written = stream.write_to(&mut output).await;
    // Either the work is over and so is the stream, or nobody listens and the work is pointless.
    work.abort();
    listener.abort();
    written.map_err(talk)
}

async fn listen(lines: &mut tokio::io::Lines<impl AsyncBufRead + Unpin>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if line.trim() == "stop" {
            return;
        }
    }
}
