//! What systemd is told: that the guard is ready, and that it lives.
//!
//! Source: `sd_notify(3)`: datagrams to the socket in `$NOTIFY_SOCKET`, whose name begins with `@`
//! if it is an abstract one.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The supervisor, if there is one.
#[derive(Debug)]
pub(crate) struct Supervisor(Option<(UnixDatagram, SocketAddr)>);

impl Supervisor {
    /// Takes what `$NOTIFY_SOCKET` says; none is nobody.
    ///
    /// # Errors
    /// The socket cannot be made, or is none.
    pub(crate) fn new(socket: Option<&str>) -> std::io::Result<Self> {
        let Some(name) = socket else { return Ok(Self(None)) };
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let datagram = UnixDatagram::unbound()?;
        datagram.set_nonblocking(true)?;
        Ok(Self(Some((datagram, address))))
    }

    /// The guard has started.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The guard lives.
    pub(crate) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// The guard ends.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, what: &str) {
        let Some((datagram, address)) = &self.0 else { return };
        if let Err(error) = datagram.send_to_addr(what.as_bytes(), address) {
            tracing::debug!(%error, what, "systemd was not told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_is_told_by_a_path_or_an_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify").to_str().unwrap().to_owned();
        let name = format!("ennead-test-notify-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
        let cases = [
            (path.clone(), UnixDatagram::bind(&path).unwrap()),
            (format!("@{name}"), UnixDatagram::bind_addr(&abstract_address).unwrap()),
        ];
        for (socket, receiver) in cases {
            let supervisor = Supervisor::new(Some(&socket)).unwrap();
            supervisor.ready();
            supervisor.alive();
            let mut bytes = [0; 32];
            for expected in ["READY=1", "WATCHDOG=1"] {
                let length = receiver.recv(&mut bytes).unwrap();
                assert_eq!(&bytes[..length], expected.as_bytes());
            }
        }
        Supervisor::new(None).unwrap().ready();
    }
}
