//! WireGuard in userspace, for kernels without it: decision 0003.

use boringtun::device::{DeviceConfig, DeviceHandle, Error as DeviceError};
use camino::Utf8Path;
use ennead_host::files;
use thiserror::Error;

/// Threads that carry packets. On two processors one is faster than two or four, takes less memory
/// and never reorders packets. Measured in decision 0003.
const THREADS: usize = 1;

/// A tunnel that could not be made.
#[derive(Debug, Error)]
pub enum TunnelError {
    /// Other threads exist, and one of them would take the signal that ends the tunnel.
    #[error("cannot make the tunnel interface {interface}: other threads run already")]
    Threads {
        /// Which interface.
        interface: String,
    },
    /// The system refused.
    #[error("cannot make the tunnel interface {interface}")]
    Device {
        /// Which interface.
        interface: String,
        /// Why.
        source: DeviceError,
    },
}

/// Carries packets of a WireGuard interface until SIGTERM or SIGINT, or until its control socket is
/// removed. Makes the interface; `wg` and `ip` then set it up as they would a kernel's.
///
/// Must be called before any other thread exists, so before an asynchronous runtime is started: it
/// waits for signals with a descriptor, and a signal is only kept for that when every thread blocks
/// it.
///
/// # Errors
/// [`TunnelError`]: called too late; no `/dev/net/tun`, no right to it, or an interface of that name
/// exists.
///
/// # Caveats
/// `wg syncconf` and `wg set` of an existing peer end the program, because the library cannot change
/// a peer; `wg setconf` replaces all peers and is safe.
pub fn tunnel(interface: &str) -> Result<(), TunnelError> {
    let threads = files::list(Utf8Path::new("/proc/self/task")).unwrap_or_default();
    if threads.len() > 1 {
        return Err(TunnelError::Threads { interface: interface.to_owned() });
    }
    let config = DeviceConfig {
        n_threads: THREADS,
        use_connected_socket: true,
        use_multi_queue: THREADS > 1,
        uapi_fd: -1,
    };
    let device = DeviceHandle::new(interface, config);
    let mut device =
        device.map_err(|source| TunnelError::Device { interface: interface.to_owned(), source })?;
    device.wait();
    Ok(())
}
