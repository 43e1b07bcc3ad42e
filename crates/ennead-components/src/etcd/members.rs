//! The member list as `etcdctl` tells it, and what follows from it: pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::plan::Voters;

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Member {
    /// Its number; absent in the JSON when zero.
    #[serde(rename = "ID", default)]
    pub id: u64,
    /// Its name; empty until it has started once, when it was added.
    #[serde(default)]
    pub name: String,
    /// Where peers reach it.
    #[serde(rename = "peerURLs", default)]
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it has started once.
    #[serde(rename = "clientURLs", default)]
    pub client_urls: Vec<String>,
    /// It receives all data but does not vote yet.
    #[serde(rename = "isLearner", default)]
    pub is_learner: bool,
}

/// What `etcdctl member list -w json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct MemberList {
    /// All members.
    #[serde(default)]
    pub members: Vec<Member>,
}

/// How a member without data comes into its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Start with all declared voters as a new cluster.
    Bootstrap,
    /// Start as the member that was added already.
    Start,
    /// Remove this member number, whose data is gone, and add the node again.
    Replace(u64),
    /// Add the node as a learner.
    Add,
}

impl Voters {
    /// Returns this member's peer URL.
    pub(super) fn peer_url(&self) -> &str {
        self.peer_urls.get(&self.name).map_or("", String::as_str)
    }

    /// Returns this node's entry in the list.
    pub(super) fn own<'a>(&self, members: &'a [Member]) -> Option<&'a Member> {
        members.iter().find(|member| member.peer_urls.iter().any(|url| url == self.peer_url()))
    }

    /// Returns the members that are no longer declared.
    pub(super) fn surplus<'a>(&self, members: &'a [Member]) -> Vec<&'a Member> {
        let declared = |url: &String| self.peer_urls.values().any(|declared| declared == url);
        members.iter().filter(|member| !member.peer_urls.iter().any(declared)).collect()
    }

    /// Returns whether a majority says that this node is no member, so that its data is of no use.
    pub(super) fn was_removed(&self, members: Option<&[Member]>) -> bool {
        members.is_some_and(|members| !members.is_empty() && self.own(members).is_none())
    }

    /// Decides how this node, without data, comes in. `members` is None when no majority answers.
    pub(super) fn way(&self, members: Option<&[Member]>) -> Way {
        let Some(members) = members else { return Way::Bootstrap };
        match self.own(members) {
            None => Way::Add,
            Some(own) if own.name.is_empty() => Way::Start,
            Some(own) if own.client_urls.is_empty() => Way::Bootstrap,
            Some(own) => Way::Replace(own.id),
        }
    }

    /// Renders the environment of a member of a new cluster.
    pub(super) fn render_bootstrap(&self) -> String {
        environment("new", &self.peer_urls)
    }

    /// Renders the environment of a member that was added: etcd wants the list exactly as it is.
    pub(super) fn render_existing(&self, members: &[Member]) -> String {
        let mut urls = BTreeMap::new();
        for member in members {
            let is_own = member.peer_urls.iter().any(|url| url == self.peer_url());
            let name = if is_own { &self.name } else { &member.name };
            for url in &member.peer_urls {
                urls.insert(name.clone(), url.clone());
            }
        }
        environment("existing", &urls)
    }
}

fn environment(state: &str, peer_urls: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = peer_urls.iter().map(|(name, url)| format!("{name}={url}")).collect();
    format!(
        "# Written by ennead on this node. Without effect once the data directory exists.\n\
         ETCD_INITIAL_CLUSTER={}\nETCD_INITIAL_CLUSTER_STATE={state}\n",
        pairs.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voters() -> Voters {
        let url = |n: u8| format!("https://10.0.0.{n}:2380");
        Voters {
            name: "n3".to_owned(),
            peer_urls: (1..=3).map(|n| (format!("n{n}"), url(n))).collect(),
            endpoints: Vec::new(),
            leaders: Vec::new(),
        }
    }

    fn member(n: u8, name: &str, started: bool) -> Member {
        Member {
            id: u64::MAX - u64::from(n),
            name: name.to_owned(),
            peer_urls: vec![format!("https://10.0.0.{n}:2380")],
            client_urls: if started { vec![format!("https://10.0.0.{n}:2379")] } else { vec![] },
            is_learner: false,
        }
    }

    #[test]
    fn a_node_without_data_comes_in_as_the_list_says() {
        let voters = voters();
        let others = || vec![member(1, "n1", true), member(2, "n2", true)];
        let with = |own: Member| others().into_iter().chain([own]).collect::<Vec<_>>();
        let cases = [
            (None, Way::Bootstrap),
            (Some(others()), Way::Add),
            (Some(with(member(3, "n3", false))), Way::Bootstrap),
            (Some(with(member(3, "", false))), Way::Start),
            (Some(with(member(3, "n3", true))), Way::Replace(u64::MAX - 3)),
        ];
        for (members, way) in cases {
            assert_eq!(voters.way(members.as_deref()), way, "{members:?}");
        }
    }

    #[test]
    fn data_is_of_no_use_only_when_a_majority_says_so() {
        let voters = voters();
        assert!(!voters.was_removed(None));
        assert!(!voters.was_removed(Some(&[member(3, "n3", true)])));
        assert!(!voters.was_removed(Some(&[member(3, "", false)])));
        assert!(voters.was_removed(Some(&[member(1, "n1", true)])));
    }

    #[test]
    fn members_that_are_no_longer_declared_are_surplus() {
        let members = [member(1, "n1", true), member(4, "n4", true)];
        let voters = voters();
        let surplus: Vec<_> = voters.surplus(&members).iter().map(|m| m.name.as_str()).collect();
        assert_eq!(surplus, ["n4"]);
    }

    #[test]
    fn an_added_member_names_itself_and_the_list_as_it_is() {
        let members = [member(1, "n1", true), member(3, "", false)];
        let text = voters().render_existing(&members);
        assert!(text.contains(
            "ETCD_INITIAL_CLUSTER=n1=https://10.0.0.1:2380,n3=https://10.0.0.3:2380\n\
             ETCD_INITIAL_CLUSTER_STATE=existing\n"
        ));
    }

    #[test]
    fn the_list_is_read_as_etcdctl_prints_it() {
        let json = r#"{"header":{"cluster_id":17237436991929493444,"member_id":9372538179322589801,
            "raft_term":2},"members":[{"ID":9372538179322589801,"name":"n1",
            "peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]},
            {"ID":10501334649042878790,"peerURLs":["https://10.0.0.3:2380"],"isLearner":true}]}"#;
        let list: MemberList = serde_json::from_str(json).unwrap();
        assert_eq!(list.members.len(), 2);
        assert!(list.members[1].is_learner && list.members[1].name.is_empty());
    }
}
