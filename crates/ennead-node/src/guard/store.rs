//! Readings and writes of the coordination cluster, as the guard's commands name them.

use ennead_guard::intent::{Stored, Writing};
use ennead_guard::message::{Unanswered, Written};
use ennead_guard::timing::ACTS_WINDOW_MS;
use ennead_guard::votes::Vote;
use ennead_guard::{Holder, Intent, IntentId, LeaseId, Term};
use ennead_model::NodeName;

use super::cluster::{self, Elected, Reading};
use super::etcd::{Compare, Etcd, EtcdError, Keys, Kv, Part, Txn};
use super::keys::KeyNames;
use super::reaction::{REACTION_S, Wanted};

/// The guards' part of the coordination cluster.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) etcd: Etcd,
    pub(crate) keys: KeyNames,
    pub(crate) own: NodeName,
}

/// What one reading of votes found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VotesReading {
    /// Everybody's vote.
    pub(crate) votes: Vec<Vote>,
    /// Reactions to be carried out on this node.
    pub(crate) wanted: Vec<Wanted>,
}

/// What came of writing a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voting {
    /// Written, at this revision.
    Done(u64),
    /// The key was last written at another revision than was compared: this one.
    Stale(u64),
    /// Nobody knows.
    Unknown,
}

impl Store {
    /// Reads the cluster; none, with a reason for the log, if it did not answer or is unreadable.
    pub(crate) async fn read_cluster(&self) -> Result<Reading, String> {
        let answer = self.etcd.txn(&cluster::question(&self.keys)).await;
        cluster::read(&answer.map_err(|error| error.to_string())?)
    }

    /// Reads all votes and this node's reactions.
    pub(crate) async fn read_votes(&self) -> Result<VotesReading, String> {
        let question = Txn::reading(vec![
            Part::Range(Keys::Prefix(self.keys.votes())),
            Part::Range(Keys::Prefix(self.keys.reactions(&self.own))),
        ]);
        let answer = self.etcd.txn(&question).await.map_err(|error| error.to_string())?;
        let (Some(votes), Some(wanted)) = (answer.range(0), answer.range(1)) else {
            return Err("a part of the answer is missing".to_owned());
        };
        // A vote that is not understood is as good as none: its vantage point has no opinion.
        let votes = votes.iter().filter_map(|kv| vote(kv, &self.keys)).collect();
        let wanted = wanted.iter().filter_map(Wanted::parse).collect();
        Ok(VotesReading { votes, wanted })
    }

    /// Writes this guard's vote over the one that it wrote at revision `last`; 0 for none. So an
    /// earlier vote that arrives late cannot replace a later one.
    pub(crate) async fn write_vote(&self, vote: &Vote, lease: LeaseId, last: u64) -> Voting {
        let key = self.keys.vote(&vote.vantage);
        let Ok(value) = serde_json::to_string(vote) else { return Voting::Unknown };
        let txn = Txn {
            compare: vec![Compare::WrittenAt(key.clone(), last)],
            then: vec![Part::Put { key: key.clone(), value, lease: Some(lease.0) }],
            otherwise: vec![Part::Names(Keys::One(key))],
        };
        match self.etcd.txn(&txn).await {
            Ok(answer) if answer.succeeded => Voting::Done(answer.header.revision.count()),
            Ok(answer) => match answer.one(0) {
                Ok(kv) => Voting::Stale(kv.map_or(0, |kv| kv.mod_revision.count())),
                Err(_) => Voting::Unknown,
            },
            Err(error) => {
                tracing::debug!(%error, "the vote was not written");
                Voting::Unknown
            }
        }
    }

    /// Tries to be elected: writes the election key if there is none. Returns the store's revision
    /// and the key as it is then.
    pub(crate) async fn campaign(
        &self,
        lease: LeaseId,
    ) -> Result<(u64, Option<Elected>), EtcdError> {
        let key = self.keys.leader();
        let put = Part::Put {
            key: key.clone(),
            value: self.own.as_str().to_owned(),
            lease: Some(lease.0),
        };
        let txn = Txn {
            compare: vec![Compare::CreatedAt(key.clone(), 0)],
            then: vec![put],
            otherwise: vec![Part::Names(Keys::One(key))],
        };
        let answer = self.etcd.txn(&txn).await?;
        let revision = answer.header.revision.count();
        if answer.succeeded {
            return Ok((revision, Some(Elected { created: revision, lease })));
        }
        Ok((revision, answer.one(0).ok().flatten().map(cluster::elected)))
    }

    /// Writes a record as `writing` says, by what `latest` found.
    pub(crate) async fn write_intent(
        &self,
        intent: &Intent,
        writing: Writing,
        latest: Option<&Reading>,
    ) -> Written {
        let id = intent.id;
        let Ok(value) = serde_json::to_string(&Stored::new(intent.clone())) else {
            return Written::No;
        };
        let put = Part::Put { key: self.keys.intent(), value, lease: None };
        match writing {
            Writing::Act { acts } => {
                let Some(compare) = latest.and_then(|it| self.may_begin(intent, acts, it)) else {
                    return Written::No;
                };
                self.begin(compare, put, id).await
            }
            Writing::Note => self.on_record(id, id.term, put).await,
        }
    }

    /// Returns what must still hold when an act is recorded; none if it does not hold already.
    fn may_begin(&self, intent: &Intent, acts: u32, latest: &Reading) -> Option<Vec<Compare>> {
        let open = latest.seen.intent.as_ref();
        let is_later = open.is_none_or(|it| it.node == intent.node && it.id < intent.id);
        (latest.seen.acts == acts && is_later).then(|| {
            vec![
                Compare::CreatedAt(self.keys.leader(), intent.id.term.0),
                // 0 if there was no record: then there must be none now.
                Compare::WrittenAt(self.keys.intent(), latest.intent_revision),
                Compare::NoneWrittenAfter(self.keys.acts(), latest.revision),
            ]
        })
    }

    async fn begin(&self, compare: Vec<Compare>, put: Part, id: IntentId) -> Written {
        let lease = match self.etcd.grant(ACTS_WINDOW_MS / 1_000).await {
            Ok((lease, _)) => lease,
            Err(error) => {
                tracing::warn!(%error, "no lease for the act's key");
                return Written::No;
            }
        };
        let value = self.own.as_str().to_owned();
        let count = Part::Put { key: self.keys.act(id), value, lease: Some(lease.0) };
        let txn = Txn { compare, then: vec![put, count], otherwise: Vec::new() };
        written(self.etcd.txn(&txn).await.map(|answer| answer.succeeded))
    }

    /// Removes the record of an attempt.
    pub(crate) async fn clear_intent(&self, id: IntentId, term: Term) -> Written {
        let remove = Part::Delete(Keys::One(self.keys.intent()));
        self.on_record(id, term, remove).await
    }

    /// Changes the record if it is of this attempt, and this guard's term lasts.
    async fn on_record(&self, id: IntentId, term: Term, change: Part) -> Written {
        let key = self.keys.intent();
        let question = Txn::reading(vec![Part::Range(Keys::One(key.clone()))]);
        let answer = match self.etcd.txn(&question).await {
            Ok(answer) => answer,
            Err(error) => return written(Err(error)),
        };
        let Some(kv) = answer.one(0).ok().flatten() else { return Written::No };
        match cluster::record(kv) {
            Ok(intent) if intent.id == id => {}
            Ok(_) => return Written::No,
            Err(error) => {
                tracing::warn!(%error, "the record is left as it is");
                return Written::Unknown;
            }
        }
        let txn = Txn {
            compare: vec![
                Compare::CreatedAt(self.keys.leader(), term.0),
                Compare::WrittenAt(key, kv.mod_revision.count()),
            ],
            then: vec![change],
            otherwise: Vec::new(),
        };
        written(self.etcd.txn(&txn).await.map(|answer| answer.succeeded))
    }

    /// Forgets the acts of the last ten minutes, so that the guard may act again.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn forget_acts(&self) -> Result<(), EtcdError> {
        let remove = Part::Delete(Keys::Prefix(self.keys.acts()));
        self.etcd.txn(&Txn { then: vec![remove], ..Txn::default() }).await.map(drop)
    }

    /// Reads Patroni's leader key.
    pub(crate) async fn read_lease(&self) -> Result<Option<Holder>, Unanswered> {
        let question = Txn::reading(vec![Part::Range(Keys::One(self.keys.primary()))]);
        let read = async {
            let answer = self.etcd.txn(&question).await.map_err(|error| error.to_string())?;
            cluster::holder(answer.one(0)?)
        };
        read.await.map_err(|error: String| {
            tracing::warn!(%error, "the leader key was not read");
            Unanswered
        })
    }

    /// Revokes a dead member's lease; sent once.
    pub(crate) async fn revoke(&self, lease: LeaseId) -> Written {
        match self.etcd.revoke(lease).await {
            Err(error) if error.is_not_found() => Written::No,
            answer => written(answer.map(|()| true)),
        }
    }

    /// Leaves a reaction for another node's guard.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub(crate) async fn want(
        &self,
        at: &NodeName,
        name: &str,
        value: String,
    ) -> Result<(), EtcdError> {
        let (lease, _) = self.etcd.grant(REACTION_S).await?;
        let key = format!("{}{name}", self.keys.reactions(at));
        let put = Part::Put { key, value, lease: Some(lease.0) };
        let txn = Txn { then: vec![put], ..Txn::default() };
        self.etcd.txn(&txn).await.map(drop)
    }
}

fn vote(kv: &Kv, keys: &KeyNames) -> Option<Vote> {
    let vote: Vote = serde_json::from_str(&kv.value()?).ok()?;
    // Nobody votes in another's name.
    (kv.key()? == keys.vote(&vote.vantage)).then_some(vote)
}

fn written(answer: Result<bool, EtcdError>) -> Written {
    match answer {
        Ok(true) => Written::Yes,
        Ok(false) => Written::No,
        Err(error) => {
            tracing::warn!(%error, "a write to the coordination cluster");
            if error.may_have_happened() { Written::Unknown } else { Written::No }
        }
    }
}
