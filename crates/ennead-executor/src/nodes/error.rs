//! What can go wrong with a node, and whether trying again can help.

use std::time::Duration;

use ennead_host::HostError;
use ennead_model::{ComponentName, NodeName};
use thiserror::Error;

/// Something that could not be done on a node. The report of a failed order is no error.
#[derive(Debug, Error)]
pub enum NodeError {
    /// Nobody said how to reach it.
    #[error("{node}: it has no server, or no address yet")]
    NoAccess {
        /// Which node.
        node: NodeName,
    },
    /// It does not answer over SSH.
    #[error("{node}: no answer over SSH: {why}")]
    Unreachable {
        /// Which node.
        node: NodeName,
        /// What was last seen.
        why: String,
    },
    /// It carried out an order and then let no new connection in.
    #[error("{node}: after its order for {component} it lets no new connection in: {why}")]
    ShutOut {
        /// Which node.
        node: NodeName,
        /// Whose order.
        component: ComponentName,
        /// What was last seen.
        why: String,
    },
    /// Something answers with another host key than the one that was made for the node.
    #[error("{node}: {address} shows another SSH host key than the one made for it")]
    HostKey {
        /// Which node.
        node: NodeName,
        /// Where.
        address: String,
    },
    /// Its system is too old for the program, or of another processor.
    #[error("{node}: the ennead program needs {needs}, the node has {has}")]
    System {
        /// Which node.
        node: NodeName,
        /// For example `glibc 2.36`.
        needs: String,
        /// For example `glibc 2.31`.
        has: String,
    },
    /// The program to be put on nodes cannot be read here.
    #[error("cannot read the ennead program to put on nodes")]
    Program {
        /// Why.
        source: HostError,
    },
    /// The program on the node ended without an answer.
    #[error("{node}: `{command}` ended with status {status}: {stderr}")]
    Died {
        /// Which node.
        node: NodeName,
        /// Which command.
        command: String,
        /// Its status.
        status: i32,
        /// The end of what it wrote to standard error, on one line.
        stderr: String,
    },
    /// The program on the node answered something that is not understood.
    #[error("{node}: `{command}` gave an answer that is not understood: {what}")]
    Answer {
        /// Which node.
        node: NodeName,
        /// Which command.
        command: String,
        /// What is wrong, and the end of standard error.
        what: String,
    },
    /// A command or file of the node.
    #[error("{node}: cannot work on it")]
    Host {
        /// Which node.
        node: NodeName,
        /// What.
        source: HostError,
    },
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same again after this time may succeed.
    After(Duration),
    /// Somebody has to do something first.
    Never,
}

impl NodeError {
    /// Returns whether trying again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } => Retry::After(Duration::from_secs(1)),
            _ => Retry::Never,
        }
    }

    /// Returns what the operator can do next; empty when there is nothing to say.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::NoAccess { .. } => {
                "check that its server is running and that your address may use SSH"
            }
            Self::ShutOut { .. } => {
                "the node takes the change back by itself in a minute or so; see that your address \
                 is among those in the spec that may use SSH, then run again"
            }
            Self::HostKey { .. } => {
                "somebody else may answer there, or the server was rebuilt by hand: delete the \
                 server and let `ennead up` make it again"
            }
            Self::System { .. } => "use a newer image, or an ennead built on an older system",
            Self::Died { .. } | Self::Answer { .. } => {
                "run `ennead up` again; it goes on from here"
            }
            Self::Program { .. } | Self::Host { .. } => "",
        }
    }
}
