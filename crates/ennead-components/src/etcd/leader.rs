//! Where etcd's leader should be: with no database that could die together with it.
//!
//! A new leader gives every lease its whole time to live again, so a primary that dies together
//! with the leader is replaced an election and up to `loop_wait` later than one that dies alone.

use ennead_host::Host;

use super::NAME;
use super::apply::{etcdctl, members};
use super::observe::Answer;
use super::plan::Voters;
use crate::component::ComponentError;

/// Asks the leader to hand over to the best voter that answers, when there is a better one. Where
/// the leader is decides nothing but a second or two, so a cluster that does not do it is left so.
///
/// # Errors
/// [`ComponentError`] when the host itself cannot run commands.
pub(super) async fn place(host: &dyn Host, voters: &Voters) -> Result<(), ComponentError> {
    if voters.leaders.is_empty() {
        return Ok(());
    }
    let Ok(members) = members(host, &voters.endpoints).await else { return Ok(()) };
    let everybody: Vec<String> = members.into_iter().flat_map(|one| one.client_urls).collect();
    // Ends with an error when one of them is silent, and still prints what the others said.
    let output = host.run(&etcdctl(&everybody).args(["endpoint", "status"])).await?;
    let Ok(answers) = serde_json::from_slice::<Vec<Answer>>(&output.stdout) else {
        tracing::warn!(component = NAME, "no voter says who leads: {}", output.stderr_tail());
        return Ok(());
    };
    let Some((leader, heir)) = hand_over(&answers, &voters.leaders) else { return Ok(()) };
    let id = format!("{heir:x}");
    let output = host.run(&etcdctl(&[leader]).args(["move-leader", &id])).await?;
    if !output.success() {
        tracing::warn!(component = NAME, "{id} does not lead: {}", output.stderr_tail());
    }
    Ok(())
}

/// Returns the leader's URL and who should lead instead, if anybody should.
fn hand_over(answers: &[Answer], wanted: &[String]) -> Option<(String, u64)> {
    let leads = |answer: &&Answer| {
        answer.status.leader != 0 && answer.status.header.member_id == answer.status.leader
    };
    let leader = answers.iter().find(leads)?;
    if wanted.contains(&leader.endpoint) {
        return None;
    }
    let votes = |url: &String| {
        answers.iter().find(|answer| answer.endpoint == *url && !answer.status.is_learner)
    };
    let heir = wanted.iter().find_map(votes)?;
    Some((leader.endpoint.clone(), heir.status.header.member_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(leader: u64, members: &[(&str, u64, bool)]) -> Vec<Answer> {
        let one = |&(url, id, learner): &(&str, u64, bool)| {
            serde_json::json!({"Endpoint": url, "Status": {"header": {"member_id": id},
                "leader": leader, "isLearner": learner}})
        };
        let all: Vec<_> = members.iter().map(one).collect();
        serde_json::from_value(all.into()).unwrap()
    }

    #[test]
    fn the_best_voter_that_answers_takes_over_from_one_beside_a_database() {
        let wanted = ["s1".to_owned(), "s2".to_owned()];
        let all = [("c1", 1, false), ("s1", 2, false), ("s2", 3, false)];
        let cases = [
            (answers(1, &all), Some(("c1".to_owned(), 2))),
            (answers(3, &all), None),
            (answers(0, &all), None),
            (answers(9, &all), None),
            (answers(1, &[("c1", 1, false), ("s1", 2, true), ("s2", 3, false)]), Some(("c1".to_owned(), 3))),
            (answers(1, &[("c1", 1, false)]), None),
        ];
        for (answers, expected) in cases {
            assert_eq!(hand_over(&answers, &wanted), expected, "{answers:?}");
        }
    }
}
