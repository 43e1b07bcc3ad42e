//! Takes queries from sockets and sends answers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::NameServer;
use super::answer::Transport;

/// Connections that are open at once; more wait.
const CONNECTIONS_MAX: usize = 64;

/// How long a connection may say nothing. Source: RFC 7766 asks for a few seconds.
const IDLE: Duration = Duration::from_secs(10);

/// Longest query over UDP in bytes; longer ones are cut and then unreadable.
const QUERY_MAX: usize = 4096;

/// Sockets of a name server, bound to one address.
#[derive(Debug)]
pub struct Sockets {
    udp: std::net::UdpSocket,
    tcp: std::net::TcpListener,
}

impl Sockets {
    /// Binds both in the namespace of the thread that calls. Port 0 takes any port that is free for
    /// both.
    ///
    /// # Errors
    /// As the system says.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        // Another program may have the TCP port that belongs to a UDP port just taken.
        let mut tries = if address.port() == 0 { 16 } else { 1 };
        loop {
            let udp = std::net::UdpSocket::bind(address)?;
            match std::net::TcpListener::bind(udp.local_addr()?) {
                Ok(tcp) => {
                    udp.set_nonblocking(true)?;
                    tcp.set_nonblocking(true)?;
                    return Ok(Self { udp, tcp });
                }
                Err(error) if tries == 1 => return Err(error),
                Err(_) => tries -= 1,
            }
        }
    }

    /// Returns where it listens.
    ///
    /// # Errors
    /// As the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }
}

impl NameServer {
    /// Answers until the returned future is dropped.
    ///
    /// # Errors
    /// When the sockets cannot be used.
    pub fn serve(
        &self,
        sockets: Sockets,
    ) -> io::Result<impl Future<Output = io::Result<()>> + Send + use<>> {
        let udp = UdpSocket::from_std(sockets.udp)?;
        let tcp = TcpListener::from_std(sockets.tcp)?;
        let (first, second) = (self.clone(), self.clone());
        Ok(async move {
            tokio::try_join!(first.serve_udp(udp), second.serve_tcp(tcp))?;
            Ok(())
        })
    }

    async fn serve_udp(self, socket: UdpSocket) -> io::Result<()> {
        let mut packet = [0; QUERY_MAX];
        loop {
            // An error here is an earlier client's that has gone; the socket stays usable.
            let Ok((length, client)) = socket.recv_from(&mut packet).await else { continue };
            let packet = packet.get(..length).unwrap_or_default();
            if let Some(answer) = self.reply(packet, Transport::Udp)
                && let Err(error) = socket.send_to(&answer, client).await
            {
                tracing::debug!(%client, %error, "an answer was not sent");
            }
        }
    }

    async fn serve_tcp(self, listener: TcpListener) -> io::Result<()> {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        // Connections end with the server.
        let mut open = tokio::task::JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
            let (stream, client) = match listener.accept().await {
                Ok(accepted) => accepted,
                // The client has gone before it was welcomed.
                Err(error) if is_fleeting(&error) => continue,
                Err(error) => return Err(error),
            };
            let server = self.clone();
            open.spawn(async move {
                if let Err(error) = server.converse(stream).await {
                    tracing::debug!(%client, %error, "a connection ended");
                }
                drop(place);
            });
            while open.try_join_next().is_some() {}
        }
    }

    /// Answers the queries of a connection in order.
    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let Ok(length) = timeout(IDLE, stream.read_u16()).await else { return Ok(()) };
            let mut packet = match length {
                Ok(length) => vec![0; usize::from(length)],
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            };
            timeout(IDLE, stream.read_exact(&mut packet)).await??;
            let Some(answer) = self.reply(&packet, Transport::Tcp) else { return Ok(()) };
            let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
            let mut wire = length.to_be_bytes().to_vec();
            wire.extend(answer);
            timeout(IDLE, stream.write_all(&wire)).await??;
        }
    }
}

fn is_fleeting(error: &io::Error) -> bool {
    let kinds = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::Interrupted,
    ];
    kinds.contains(&error.kind())
}
