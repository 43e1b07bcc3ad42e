//! What an etcd member says of itself.

use std::collections::BTreeMap;

use ennead_host::Host;
use serde::Deserialize;

use super::NAME;
use super::apply::{etcdctl, members};
use crate::component::{ComponentError, Observed};

const OWN_ENDPOINT: &str = "https://127.0.0.1:2379";

/// One element of what `etcdctl endpoint status -w json` prints.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// Whose status it is.
    #[serde(rename = "Endpoint", default)]
    pub endpoint: String,
    /// What the member said.
    #[serde(rename = "Status")]
    pub status: Status,
}

/// What a member says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    /// Says which member it is.
    pub header: Header,
    version: String,
    #[serde(rename = "dbSize")]
    db_size: u64,
    /// The member that leads; 0 when none does.
    pub leader: u64,
    #[serde(rename = "raftTerm")]
    raft_term: u64,
    /// It does not vote yet.
    #[serde(rename = "isLearner")]
    pub is_learner: bool,
}

/// The head of each answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    /// The member that answered.
    pub member_id: u64,
}

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let own = [OWN_ENDPOINT.to_owned()];
    let command = etcdctl(&own).args(["endpoint", "status"]);
    let (status, members) = tokio::join!(host.run_ok(&command), members(host, &own));
    let mut observed = parse_status(&status?.stdout)?;
    // A list needs a majority; what the member says of itself does not.
    if let Ok(members) = members {
        observed.facts.insert("members".to_owned(), members.len().to_string());
    }
    Ok(observed)
}

fn parse_status(json: &[u8]) -> Result<Observed, ComponentError> {
    let wrong = |what: String| ComponentError::Answer { component: NAME, what };
    let answers: Vec<Answer> = serde_json::from_slice(json)
        .map_err(|error| wrong(format!("`endpoint status` answered {error}")))?;
    let answer = answers.into_iter().next();
    let status = answer.ok_or_else(|| wrong("`endpoint status` is empty".to_owned()))?.status;
    let role = if status.is_learner {
        "learner"
    } else if status.leader == 0 {
        "no leader"
    } else if status.leader == status.header.member_id {
        "leader"
    } else {
        "follower"
    };
    Ok(Observed {
        role: Some(role.to_owned()),
        facts: BTreeMap::from([
            ("db_size_bytes".to_owned(), status.db_size.to_string()),
            ("raft_term".to_owned(), status.raft_term.to_string()),
            ("version".to_owned(), status.version),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_is_read_from_the_status() {
        let status = |leader: u64, rest: &str| {
            format!(
                r#"[{{"Endpoint":"https://127.0.0.1:2379","Status":{{"header":{{"member_id":7,
                "raft_term":3}},"version":"3.5.16","dbSize":20480,"leader":{leader},
                "raftTerm":3{rest}}}}}]"#
            )
        };
        let role = |json: String| parse_status(json.as_bytes()).unwrap().role.unwrap();
        assert_eq!(role(status(7, "")), "leader");
        assert_eq!(role(status(8, "")), "follower");
        assert_eq!(role(status(0, "")), "no leader");
        assert_eq!(role(status(8, r#","isLearner":true"#)), "learner");
        assert!(parse_status(b"[]").is_err());
    }
}
