//! What the guard says of what it did, and why it did not.

use std::collections::BTreeSet;
use std::fmt;

use ennead_model::NodeName;

use crate::allow::Refusal;
use crate::fence::NotRevoked;
use crate::votes::Doubt;
use crate::words::{ActionId, Holder, LeaseId};

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// About which node.
    pub node: NodeName,
    /// What.
    pub what: What,
}

/// What happened to a node, or did not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// This guard finds it silent, but the votes do not agree on a death.
    Doubted(Doubt),
    /// The votes agree, but the guard may not act.
    Refused(Vec<Refusal>),
    /// A power-off is about to be asked for.
    Fencing {
        /// Who found it silent.
        witnesses: BTreeSet<NodeName>,
        /// The lease that it holds the leader key by.
        lease: LeaseId,
    },
    /// The record was not written, as far as this guard knows; nothing was asked of the cloud.
    Unrecorded,
    /// It answered again before its power-off was asked for.
    AnswersAgain,
    /// The cloud accepted the power-off.
    PowerOffAccepted(ActionId),
    /// The fence was given up; PostgreSQL's own lease decides.
    GaveUp(GaveUp),
    /// It is certainly off.
    ConfirmedOff,
    /// Its lease was revoked.
    Revoked(LeaseId),
    /// Its lease may have been revoked.
    RevocationUnknown(LeaseId),
    /// It is off, but its lease was not revoked.
    NotRevoked(NotRevoked),
    /// Another member is primary.
    TakenOver(Holder),
    /// Nobody became primary in time; it is switched on all the same.
    NoTakeover,
    /// An act of an earlier guard is gone on with.
    Adopted {
        /// Whose.
        by: NodeName,
    },
    /// It was found off and is switched on.
    PowerOn,
    /// It runs again.
    BackOn,
    /// It has not been seen running for too long: somebody must look. The guard goes on trying.
    StillOff {
        /// What was last seen or answered.
        last: String,
    },
    /// There is no such server any more.
    Gone,
    /// This guard lost its leadership during an act; its successor goes on.
    Deposed,
}

/// Why a fence was given up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GaveUp {
    /// The cloud refused the power-off.
    Refused(String),
    /// The cloud did not answer.
    NoAnswer(String),
    /// The action ended with an error.
    ActionFailed(String),
    /// The server was not confirmed off in time.
    TooSlow,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.node)?;
        match &self.what {
            What::Doubted(doubt) => doubt.fmt(f),
            What::Refused(refusals) => {
                write!(f, "dead, but nothing is done:")?;
                let mut separator = " ";
                for refusal in refusals {
                    write!(f, "{separator}{refusal}")?;
                    separator = "; ";
                }
                Ok(())
            }
            What::Fencing { witnesses, lease } => {
                write!(f, "silent to {}, fencing it; its lease is {lease}", list(witnesses))
            }
            What::Unrecorded => {
                write!(f, "the record of the act could not be written, so nothing is done")
            }
            What::AnswersAgain => write!(f, "it answers again, so it is not fenced"),
            What::PowerOffAccepted(action) => {
                write!(f, "the cloud switches it off, action {action}")
            }
            What::GaveUp(why) => {
                write!(f, "not confirmed off, so nothing is revoked and the lease decides: {why}")
            }
            What::ConfirmedOff => write!(f, "confirmed off"),
            What::Revoked(lease) => write!(f, "lease {lease} revoked"),
            What::RevocationUnknown(lease) => {
                write!(f, "etcd did not say whether lease {lease} was revoked")
            }
            What::NotRevoked(why) => write!(f, "its lease is not revoked: {why}"),
            What::TakenOver(holder) => write!(f, "{} took over", holder.member),
            What::NoTakeover => {
                write!(f, "nobody took over in time; look at Patroni on the replicas")
            }
            What::Adopted { by } => write!(f, "going on with what {by} began"),
            What::PowerOn => write!(f, "off, switching it on"),
            What::BackOn => write!(f, "running again"),
            What::StillOff { last } => {
                write!(f, "NOT SEEN RUNNING AGAIN ({last}): switch it on by hand if it is off")
            }
            What::Gone => write!(f, "its server is gone: let ennead up make a new one"),
            What::Deposed => write!(f, "this guard does not lead any more, its successor goes on"),
        }
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the cloud refused: {error}"),
            Self::NoAnswer(error) => write!(f, "the cloud did not answer: {error}"),
            Self::ActionFailed(error) => write!(f, "the power-off failed: {error}"),
            Self::TooSlow => write!(f, "the cloud was too slow"),
        }
    }
}

impl fmt::Display for NotRevoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyHolds => write!(f, "nobody holds the leader key any more"),
            Self::OtherHolder(holder) => {
                write!(f, "{} holds the leader key by lease {}", holder.member, holder.lease)
            }
            Self::TooLate => write!(f, "it was seen off too long ago"),
            Self::Unread => write!(f, "the leader key could not be read again"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspected(by) => write!(f, "silent here, and {} have a doubt", list(by)),
            Self::FewWitnesses(by) if by.is_empty() => {
                write!(f, "silent here, and this guard does not belong to the majority")
            }
            Self::FewWitnesses(by) => write!(f, "silent to {} only", list(by)),
            Self::OneDomain(domain) => {
                write!(f, "silent, but all witnesses stand in its own {domain}")
            }
            Self::DomainMayReturn { .. } => {
                write!(f, "silent with its whole failure domain, which is given time to return")
            }
        }
    }
}

fn list(names: &BTreeSet<NodeName>) -> String {
    names.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
