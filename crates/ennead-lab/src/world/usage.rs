//! What servers use of this machine, as counters that only grow while a server runs.

use async_trait::async_trait;

use super::WorldError;

/// Counters of a server since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time of processors in nanoseconds.
    pub cpu_nanos: u64,
    /// Reading operations of its own disk.
    pub disk_read_ops: u64,
    /// Writing operations of its own disk.
    pub disk_write_ops: u64,
    /// Bytes read from its own disk.
    pub disk_read_bytes: u64,
    /// Bytes written to its own disk.
    pub disk_write_bytes: u64,
    /// Packets that came to its public interface.
    pub packets_in: u64,
    /// Packets that left its public interface.
    pub packets_out: u64,
    /// Bytes that came to its public interface.
    pub bytes_in: u64,
    /// Bytes that left its public interface.
    pub bytes_out: u64,
}

/// Tells what servers use.
#[async_trait]
pub trait Measured: Send + Sync {
    /// Returns a server's counters; `None` when it does not run.
    async fn usage(&self, server: u64) -> Result<Option<Usage>, WorldError>;
}
