//! Connects to ports of other nodes, all at the same time, and says what came of each.

use std::io::ErrorKind;
use std::time::Duration;

use ennead_model::reach::{Protocol, REACH_FORMAT_VERSION, ReachAnswer, ReachRequest, Reached};
use ennead_model::reach::{Seen, Target};
use futures::stream::{self, StreamExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// How long one try may take. Both ends are nodes; a site's distance is some 70 ms.
const LIMIT: Duration = Duration::from_secs(1);

/// Tries while nothing answers: one lost packet must not look like a filter.
const TRIES: usize = 2;

/// Most sockets at a time: below the 1024 descriptors that a program usually has.
const SOCKETS_MAX: usize = 500;

/// Connects to every target. Nothing is sent over TCP; over UDP one byte.
pub async fn reach(request: &ReachRequest) -> ReachAnswer {
    let each = request.targets.iter().map(|target| async {
        let mut seen = Seen::Silent;
        for _ in 0..TRIES {
            seen = reach_once(target).await;
            if seen != Seen::Silent {
                break;
            }
        }
        Reached { target: *target, seen }
    });
    let reached = stream::iter(each).buffered(SOCKETS_MAX).collect().await;
    ReachAnswer { format_version: REACH_FORMAT_VERSION, reached }
}

async fn reach_once(target: &Target) -> Seen {
    let tried = async {
        match target.protocol {
            Protocol::Tcp => TcpStream::connect((target.address, target.port)).await.map(drop),
            Protocol::Udp => ask_udp(target).await,
        }
    };
    match tokio::time::timeout(LIMIT, tried).await {
        Ok(Ok(())) => Seen::Open,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Seen::Refused,
        // The kernel's own patience can be shorter.
        Ok(Err(error)) if error.kind() == ErrorKind::TimedOut => Seen::Silent,
        Ok(Err(error)) => Seen::Unreachable { why: error.to_string() },
        Err(_) => Seen::Silent,
    }
}

async fn ask_udp(target: &Target) -> std::io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    socket.connect((target.address, target.port)).await?;
    socket.send(&[0]).await?;
    socket.recv(&mut [0; 64]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    fn target(protocol: Protocol, port: u16) -> Target {
        Target { address: Ipv4Addr::LOCALHOST, port, protocol }
    }

    #[tokio::test]
    async fn open_refused_and_silent_are_told_apart() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let targets = vec![
            target(Protocol::Tcp, tcp.local_addr().unwrap().port()),
            target(Protocol::Tcp, gone),
            target(Protocol::Udp, udp.local_addr().unwrap().port()),
            target(Protocol::Udp, gone),
            Target { address: Ipv4Addr::BROADCAST, ..target(Protocol::Tcp, 9) },
        ];
        let request = ReachRequest { format_version: REACH_FORMAT_VERSION, targets };
        let answer = reach(&request).await;
        let seen: Vec<&Seen> = answer.reached.iter().map(|it| &it.seen).collect();
        assert_eq!(seen[..4], [&Seen::Open, &Seen::Refused, &Seen::Silent, &Seen::Refused]);
        assert!(matches!(seen[4], Seen::Unreachable { why } if !why.is_empty()), "{seen:?}");
        assert!(answer.reached.iter().map(|it| it.target).eq(request.targets.iter().copied()));
    }
}
