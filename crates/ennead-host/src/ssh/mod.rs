//! A machine reached by the system's OpenSSH.
//!
//! One `ssh` process per machine holds the connection (a master with a control socket); each
//! command is a session on it, asked for over the socket without a further process. The master
//! outlives this program by [`PERSIST_SECONDS`], so that the next one need not connect again:
//! connecting nine machines costs a second of two processors, nine commands on open connections
//! some hundredths.
//!
//! Nothing of the operator's own SSH settings is used (`-F none`), and nothing is written to disk:
//! private key and host key reach `ssh` as files in memory that vanish with this process.

mod connect;
mod host;
mod memory_file;
mod quote;

pub use connect::{
    Identity, PERSIST_SECONDS, SshTarget, close, close_below, control_directory, open_shell,
};
pub use host::{Conversation, SshHost};
pub use openssh::{ChildStderr, ChildStdin, ChildStdout};
