//! Connections: how many there are at a time, and how long one may take to say something.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ennead_host::clock::pause_for;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::{Desk, Door, answer};

/// Pause after a connection could not be accepted, usually because of too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What clients are granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Connections at a time. More wait in the kernel's queue until one is closed.
    pub connections: usize,
    /// How long a client may take to send a request's header, its body, or to take an answer. Also
    /// how long a connection may rest between two requests.
    pub silence: Duration,
    /// Largest body of a request in bytes.
    pub body_bytes: usize,
}

impl Default for Patience {
    /// A thousand connections fit twice into the usual 1024 open files of a process that raises its
    /// limit, and into half of it that does not: hence half. A minute of silence is longer than the
    /// pause between two polls of any of the cloud's programs. The largest sensible request, a server
    /// with 32 KiB of user data or a zone file, fits into a mebibyte many times.
    fn default() -> Self {
        Self { connections: 512, silence: Duration::from_mins(1), body_bytes: 1 << 20 }
    }
}

/// Accepts and answers until it is closed, then lets what is under way end.
pub(crate) async fn accept(
    listener: TcpListener,
    door: Door,
    desk: Arc<Desk>,
    patience: Patience,
    closed: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(patience.connections));
    let tasks = TaskTracker::new();
    let accepting = async {
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (desk, closed) = (Arc::clone(&desk), closed.clone());
                    tasks.spawn(async move {
                        talk(stream, door, desk, patience, closed).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    pause_for(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    closed.run_until_cancelled(accepting).await;
    drop(listener);
    tasks.close();
    if tokio::time::timeout(patience.silence, tasks.wait()).await.is_err() {
        tracing::warn!("connections were cut off");
    }
}

async fn talk(
    stream: TcpStream,
    door: Door,
    desk: Arc<Desk>,
    patience: Patience,
    closed: CancellationToken,
) {
    prepare(&stream, patience.silence);
    let service = service_fn(|request| {
        let (desk, closed) = (Arc::clone(&desk), closed.clone());
        async move {
            if desk.is_hidden_from(door) {
                // Who asks hears nothing until he gives up.
                closed.cancelled().await;
            }
            Ok::<_, Infallible>(answer(&desk, door, request).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.silence)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closed.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that breaks off, or is cut off, is no event for the operator.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Small answers leave at once, and a client that takes nothing is cut off.
fn prepare(stream: &TcpStream, silence: Duration) {
    let millis = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, millis)?));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection keeps its usual settings");
    }
}
