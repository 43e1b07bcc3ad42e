//! Tries of the network between nodes.

use std::collections::BTreeMap;

use ennead_model::reach::{REACH_FORMAT_VERSION, ReachRequest, Reached, Target};
use ennead_model::{Known, NodeName};
use futures::future::join_all;

use super::Session;
use crate::error::chain;

impl Session {
    /// Lets each node connect to its targets, all nodes at the same time.
    pub(crate) async fn reach_from_each(
        &self,
        targets: BTreeMap<NodeName, Vec<Target>>,
    ) -> BTreeMap<NodeName, Known<Vec<Reached>>> {
        let each = targets.into_iter().map(|(node, targets)| async {
            let request = ReachRequest { format_version: REACH_FORMAT_VERSION, targets };
            let answer = match self.pool.reach_from(&node, &request).await {
                Ok(answer) => Known::Known(answer.reached),
                Err(error) => Known::unknown(chain(&error)),
            };
            (node, answer)
        });
        join_all(each).await.into_iter().collect()
    }
}
