//! Probes: whether anything on a node answers.
//!
//! An echo of its guard; and when the last echo was missed, or no guard runs there, Patroni's REST
//! interface too: any HTTP status counts, and so does a refused connection, since then the kernel
//! lives and says that no program listens. What does not count is a connection that opens and then
//! stays silent: a frozen node's kernel still opens connections.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ennead_guard::config::Config;
use ennead_guard::detect::Reach;
use ennead_model::NodeName;
use tokio::time::timeout;

use super::echo::Asker;

/// All nodes that are probed.
#[derive(Debug)]
pub(crate) struct Prober {
    asker: Asker,
    http: reqwest::Client,
    wait: Duration,
    targets: BTreeMap<NodeName, Target>,
}

#[derive(Debug)]
struct Target {
    address: Ipv4Addr,
    url: String,
    runs_guard: bool,
    missed: AtomicBool,
}

impl Prober {
    /// Prepares; nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with TLS on this machine.
    pub(crate) fn new(config: &Config) -> Result<Self, reqwest::Error> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let wait = Duration::from_millis(config.timing.probe_every_ms);
        let http = reqwest::Client::builder()
            // The question is whether anybody answers, not who: nothing secret is sent, nothing that
            // comes back is used, and a wrong certificate is an answer too.
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .local_address(std::net::IpAddr::V4(config.address))
            .timeout(wait)
            .build()?;
        let target = |(node, database): (&NodeName, &ennead_guard::config::Database)| {
            let url = format!("https://{}:{}/liveness", database.address, config.rest_port);
            let target = Target {
                address: database.address,
                url,
                runs_guard: config.vantages.contains_key(node),
                missed: AtomicBool::new(false),
            };
            (node.clone(), target)
        };
        let targets = config.databases.iter().map(target).collect();
        Ok(Self { asker: Asker::new(config.address, config.echo_port), http, wait, targets })
    }

    /// Probes a node; takes at most `probe_every_ms`.
    pub(crate) async fn probe(&self, node: &NodeName) -> Reach {
        let Some(target) = self.targets.get(node) else { return Reach::Silent };
        let echo = async {
            let heard = target.runs_guard && self.echo(target).await;
            target.missed.store(!heard, Ordering::Relaxed);
            heard
        };
        let doubted = !target.runs_guard || target.missed.load(Ordering::Relaxed);
        let rest = async { doubted && self.rest(target).await };
        let (echo, rest) = (std::pin::pin!(echo), std::pin::pin!(rest));
        // Whoever answers first; both are waited for only if neither does.
        let heard = match futures::future::select(echo, rest).await {
            futures::future::Either::Left((true, _)) => true,
            futures::future::Either::Right((true, echo)) => {
                // The echo is still waited for, so that the next probe knows whether it came.
                echo.await;
                true
            }
            futures::future::Either::Left((false, rest)) => rest.await,
            futures::future::Either::Right((false, echo)) => echo.await,
        };
        if heard { Reach::Reached } else { Reach::Silent }
    }

    async fn echo(&self, target: &Target) -> bool {
        matches!(timeout(self.wait, self.asker.ask(target.address)).await, Ok(Ok(())))
    }

    async fn rest(&self, target: &Target) -> bool {
        match timeout(self.wait, self.http.get(&target.url).send()).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => is_living_kernel(&error),
            Err(_) => false,
        }
    }
}

/// Returns whether an error is the word of the node's own kernel or program: a refused or reset
/// connection, or TLS that was spoken and failed.
fn is_living_kernel(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| {
            matches!(io.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
        }) {
            return true;
        }
        // What an error of input and output wraps is not its source, but its source's child.
        let wrapped = io.and_then(std::io::Error::get_ref);
        cause = wrapped.map(|it| it as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpListener, UdpSocket};

    use super::super::testing;
    use super::*;

    const NODE: &str = "n1";

    fn prober(echo_port: u16, rest_port: u16, guards: &[&str]) -> Prober {
        let config = testing::config(&[(NODE, 1)], guards, echo_port, rest_port);
        Prober::new(&config).unwrap()
    }

    async fn probe(prober: &Prober) -> Reach {
        prober.probe(&NodeName::new(NODE).unwrap()).await
    }

    #[tokio::test]
    async fn an_echo_is_enough() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let task = tokio::spawn(async move { super::super::echo::answer(&socket).await });
        assert_eq!(probe(&prober(port, testing::closed_port(), &[NODE])).await, Reach::Reached);
        task.abort();
    }

    #[tokio::test]
    async fn a_refused_connection_is_an_answer_once_an_echo_was_missed() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let prober = prober(port, testing::closed_port(), &[NODE]);
        assert_eq!(probe(&prober).await, Reach::Silent, "the first miss is not asked about");
        assert_eq!(probe(&prober).await, Reach::Reached);
    }

    #[tokio::test]
    async fn where_no_guard_runs_the_connection_is_asked_at_once() {
        assert_eq!(probe(&prober(1, testing::closed_port(), &[])).await, Reach::Reached);
    }

    #[tokio::test]
    async fn a_frozen_node_opens_connections_and_is_silent() {
        // The kernel opens connections to a listener that nobody serves.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let prober = prober(1, port, &[]);
        for _ in 0..2 {
            assert_eq!(probe(&prober).await, Reach::Silent);
        }
        drop(listener);
    }

    #[tokio::test]
    async fn words_that_are_no_tls_are_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await.unwrap();
            }
        });
        assert_eq!(probe(&prober(1, port, &[])).await, Reach::Reached);
        task.abort();
    }
}
