//! Echoes by UDP between guards: eight bytes go out, the same eight and a mark come back.
//!
//! The mark makes an answer longer than a question, and only questions are answered: two guards can
//! never answer each other for ever. Answering takes a program that runs; a frozen node is silent.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UdpSocket;

/// Bytes of a question.
const NONCE: usize = 8;

/// What an answer ends with.
const MARK: u8 = b'!';

/// Answers echoes until it is dropped.
///
/// # Errors
/// What the socket says when it breaks.
pub(crate) async fn answer(socket: &UdpSocket) -> std::io::Result<()> {
    // One more than a question, so that a longer datagram is seen as one.
    let mut bytes = [0_u8; NONCE + 1];
    loop {
        let (length, from) = match socket.recv_from(&mut bytes).await {
            Ok(received) => received,
            // An earlier answer met a closed port.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
            Err(error) => return Err(error),
        };
        if length != NONCE {
            continue;
        }
        if let Some(last) = bytes.last_mut() {
            *last = MARK;
        }
        if let Err(error) = socket.send_to(&bytes, from).await {
            tracing::debug!(%error, %from, "an echo was not answered");
        }
    }
}

/// Asks echoes.
#[derive(Debug)]
pub(crate) struct Asker {
    own: Ipv4Addr,
    port: u16,
    random: RandomState,
    count: AtomicU64,
}

impl Asker {
    /// Prepares to ask from this address; others listen on this port.
    pub(crate) fn new(own: Ipv4Addr, port: u16) -> Self {
        Self { own, port, random: RandomState::new(), count: AtomicU64::new(0) }
    }

    /// Asks one guard, and waits until it answers. Never ends if it does not: the caller has the
    /// deadline.
    ///
    /// # Errors
    /// What the socket says.
    pub(crate) async fn ask(&self, node: Ipv4Addr) -> std::io::Result<()> {
        let socket = UdpSocket::bind(SocketAddrV4::new(self.own, 0)).await?;
        let to = SocketAddr::V4(SocketAddrV4::new(node, self.port));
        let question = self.nonce();
        socket.send_to(&question, to).await?;
        let mut bytes = [0_u8; NONCE + 2];
        loop {
            let (length, from) = socket.recv_from(&mut bytes).await?;
            if from == to && is_answer(bytes.get(..length), question) {
                return Ok(());
            }
        }
    }

    /// A nonce that nobody guesses: the hash of a counter under this process's random keys.
    fn nonce(&self) -> [u8; NONCE] {
        let mut hasher = self.random.build_hasher();
        hasher.write_u64(self.count.fetch_add(1, Ordering::Relaxed));
        hasher.finish().to_be_bytes()
    }
}

fn is_answer(received: Option<&[u8]>, question: [u8; NONCE]) -> bool {
    received.and_then(<[u8]>::split_last) == Some((&MARK, question.as_slice()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

    async fn bound() -> (UdpSocket, u16) {
        let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        (socket, port)
    }

    #[tokio::test]
    async fn a_guard_answers() {
        let (socket, port) = bound().await;
        let task = tokio::spawn(async move { answer(&socket).await });
        Asker::new(HERE, port).ask(HERE).await.unwrap();
        task.abort();
    }

    #[tokio::test]
    async fn an_answer_is_never_answered() {
        let (socket, port) = bound().await;
        let task = tokio::spawn(async move { answer(&socket).await });
        let (other, _) = bound().await;
        for datagram in [&b"12345678!"[..], b"1234567", b"1234567812345678", b"12345678"] {
            other.send_to(datagram, (HERE, port)).await.unwrap();
        }
        let mut bytes = [0; 32];
        // Only the last one is a question, and datagrams keep their order on the loopback.
        let (length, _) = other.recv_from(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], b"12345678!");
        let more = timeout(Duration::from_millis(50), other.recv_from(&mut bytes)).await;
        assert!(more.is_err());
        task.abort();
    }

    #[tokio::test]
    async fn an_answer_from_elsewhere_or_to_another_question_does_not_count() {
        let (there, port) = bound().await;
        let (elsewhere, _) = bound().await;
        let asker = Asker::new(HERE, port);
        let asking = tokio::spawn(async move { asker.ask(HERE).await });
        let mut bytes = [0; 32];
        let (length, from) = there.recv_from(&mut bytes).await.unwrap();
        assert_eq!(length, NONCE);
        let mut right = bytes[..length].to_vec();
        right.push(MARK);
        elsewhere.send_to(&right, from).await.unwrap();
        there.send_to(b"12345678!", from).await.unwrap();
        there.send_to(&bytes[..length], from).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!asking.is_finished());
        there.send_to(&right, from).await.unwrap();
        asking.await.unwrap().unwrap();
    }
}
