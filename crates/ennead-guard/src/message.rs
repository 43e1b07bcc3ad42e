//! What reaches the guard, and what it asks to be done.
//!
//! Commands that are questions carry a [`Request`]; their answer is an event with the same one. An
//! answer that nobody waits for any more (late, twice, of a life before) is ignored.

use ennead_model::NodeName;

use crate::allow::Seen;
use crate::detect::Reach;
use crate::evidence::Evidence;
use crate::fence::{ReactionOrder, RevokeOrder};
use crate::intent::{Intent, IntentId, Writing};
use crate::votes::Vote;
use crate::words::{ActionId, Holder, Request, ServerId, Term};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// Time passed. Wanted at least every `probe_every_ms`.
    Tick,
    /// A probe that was sent at `sent_ms` ended.
    Probed {
        /// Of which node.
        node: NodeName,
        /// When it was sent.
        sent_ms: u64,
        /// What it found.
        reach: Reach,
    },
    /// All votes in the coordination cluster, read from the majority; none if it did not answer.
    VotesRead {
        /// The answer's question.
        request: Request,
        /// What was found.
        votes: Option<Vec<Vote>>,
    },
    /// The state of the PostgreSQL cluster and of the guards; none if etcd did not answer.
    ClusterRead {
        /// The answer's question.
        request: Request,
        /// What was found; its `asked_ms` is set by the guard.
        seen: Option<Box<Seen>>,
    },
    /// This guard leads, or goes on leading.
    Leads {
        /// In which term.
        term: Term,
        /// Until when: the sending of the election or renewal plus the lease's length.
        until_ms: u64,
    },
    /// This guard does not lead any more.
    LeadershipLost,
    /// A record was written, or not.
    IntentWritten {
        /// The answer's question.
        request: Request,
        /// What came of it.
        written: Written,
    },
    /// A record was removed, or not.
    IntentCleared {
        /// The answer's question.
        request: Request,
        /// What came of it.
        written: Written,
    },
    /// The cloud answered a power-off or power-on.
    PowerAnswered {
        /// The answer's question.
        request: Request,
        /// What it said.
        answer: ApiAnswer,
    },
    /// A look at an action ended.
    ActionSeen {
        /// The answer's question.
        request: Request,
        /// Which action.
        action: ActionId,
        /// How it is.
        state: ActionState,
    },
    /// A look at a server ended.
    ServerSeen {
        /// The answer's question.
        request: Request,
        /// Which server.
        server: ServerId,
        /// How it is; none if the cloud did not say.
        status: Option<ServerStatus>,
    },
    /// The leader key was read again.
    LeaseRead {
        /// The answer's question.
        request: Request,
        /// Who holds it; `Err` if etcd did not answer.
        holder: Result<Option<Holder>, Unanswered>,
    },
    /// A lease was revoked, or perhaps not.
    LeaseRevoked {
        /// The answer's question.
        request: Request,
        /// What came of it.
        written: Written,
    },
}

/// The other side did not answer: what was asked may have happened, or may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unanswered;

/// What came of a write to the coordination cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Written {
    /// It happened.
    Yes,
    /// It certainly did not: a comparison of its transaction failed.
    No,
    /// Nobody knows.
    Unknown,
}

/// What the cloud said to an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ApiAnswer {
    /// It works on it.
    Accepted(ActionId),
    /// It refused, with this error.
    Refused(String),
    /// It was not reached, or did not answer in time: it may still do it.
    Unknown(String),
}

/// How an action of the cloud is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// Not finished.
    Running,
    /// Finished well.
    Success,
    /// Finished badly, with this error.
    Error(String),
    /// The cloud did not say.
    Unknown,
}

/// How a server is. Source: the official description, `Server.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerStatus {
    /// `running`.
    Running,
    /// `off`.
    Off,
    /// Anything between, or unknown.
    Changing,
    /// There is no such server.
    Gone,
}

/// What the guard wants done.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub enum Command {
    /// Probe a node, within `probe_every_ms`.
    Probe {
        /// Which.
        node: NodeName,
    },
    /// Read all votes from the majority.
    ReadVotes {
        /// The question.
        request: Request,
    },
    /// Write this guard's vote over its last one.
    WriteVote {
        /// What it says.
        vote: Vote,
    },
    /// Read the state of the PostgreSQL cluster and of the guards, from the majority.
    ReadCluster {
        /// The question.
        request: Request,
    },
    /// Write the record of an act, in a transaction as [`Writing`] says.
    WriteIntent {
        /// The question.
        request: Request,
        /// The record.
        intent: Intent,
        /// How.
        writing: Writing,
    },
    /// Remove the record, in a transaction that compares its attempt and this guard's term.
    ClearIntent {
        /// The question.
        request: Request,
        /// The attempt that the record must be of.
        id: IntentId,
        /// The term that the guard must still have.
        term: Term,
    },
    /// Switch a server off at once, as a power loss.
    AskPowerOff {
        /// The question.
        request: Request,
        /// Which.
        server: ServerId,
        /// The request must not be *sent* after this time, nor sent again.
        not_after_ms: u64,
    },
    /// Look at an action.
    AskAction {
        /// The question.
        request: Request,
        /// Which.
        action: ActionId,
    },
    /// Look at a server.
    AskServer {
        /// The question.
        request: Request,
        /// Which.
        server: ServerId,
    },
    /// Read the leader key again, from the majority.
    ReadLease {
        /// The question.
        request: Request,
    },
    /// Revoke a lease of the dead member.
    RevokeLease {
        /// The question.
        request: Request,
        /// Which. Nobody but a confirmed fence makes one.
        order: RevokeOrder,
    },
    /// Carry out a component's reaction. Best effort; nothing waits for it.
    React {
        /// What.
        order: ReactionOrder,
    },
    /// Switch a server on.
    AskPowerOn {
        /// The question.
        request: Request,
        /// Which.
        server: ServerId,
    },
    /// Keep a line of evidence, outside this guard's memory if possible.
    Record {
        /// What happened.
        evidence: Evidence,
    },
}
