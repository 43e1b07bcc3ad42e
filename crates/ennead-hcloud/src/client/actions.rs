//! Waits for changes that go on after their request was answered.

use std::collections::BTreeMap;
use std::time::Duration;

use super::looks::Looks;
use super::transport::{Client, Request};
use crate::error::{Call, CloudError};
use crate::types::Action;

/// Actions asked for in one request. Source: hcloud-go asks for as many.
const IDS_PER_REQUEST: usize = 25;

impl Client {
    /// Returns actions by id, in the same order.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] when the cloud does not know one of them, and as any request.
    pub async fn actions(&self, ids: &[u64]) -> Result<Vec<Action>, CloudError> {
        let mut found = BTreeMap::new();
        let mut at = Call::default();
        for chunk in ids.chunks(IDS_PER_REQUEST) {
            let request =
                chunk.iter().fold(Request::get("/actions"), |all, id| all.query("id", id));
            let mut answer = self.send(request).await?;
            let actions: Vec<Action> = answer.part("actions")?;
            found.extend(actions.into_iter().map(|action| (action.id, action)));
            at = answer.at;
        }
        let missing = |id: u64| CloudError::NotFound {
            at: Box::new(at.clone()),
            message: format!("action {id} not found"),
        };
        ids.iter().map(|id| found.get(id).cloned().ok_or_else(|| missing(*id))).collect()
    }

    /// Waits until all these actions have ended, well or not, and returns them in the same order.
    /// Those that have ended already cost no request.
    ///
    /// # Errors
    /// [`CloudError::Deadline`] with those still running, and as [`Client::actions`].
    pub async fn wait_until_finished(
        &self,
        actions: &[Action],
        deadline: Duration,
    ) -> Result<Vec<Action>, CloudError> {
        let mut looks = Looks::new(self.budget(), deadline);
        let mut actions = actions.to_vec();
        loop {
            let is_running = |action: &&Action| action.status == "running";
            let running: Vec<u64> = actions.iter().filter(is_running).map(|a| a.id).collect();
            let Some(still) = actions.iter().find(is_running) else { return Ok(actions) };
            let seen = || {
                let what = format!("{} on {}", still.command, object(still));
                (what, format!("{}, {} %", still.status, still.progress))
            };
            looks.next(running.len().div_ceil(IDS_PER_REQUEST), seen).await?;
            let news = self.actions(&running).await?;
            let mut news: BTreeMap<u64, Action> = news.into_iter().map(|a| (a.id, a)).collect();
            for action in &mut actions {
                if let Some(new) = news.remove(&action.id) {
                    *action = new;
                }
            }
        }
    }

    /// Waits until all these actions have ended well.
    ///
    /// # Errors
    /// [`CloudError::ActionFailed`] for the first that failed, once all have ended, and as
    /// [`Client::wait_until_finished`].
    pub async fn wait_until_succeeded(
        &self,
        actions: &[Action],
        deadline: Duration,
    ) -> Result<(), CloudError> {
        let ended = self.wait_until_finished(actions, deadline).await?;
        ended
            .iter()
            .find(|action| action.status != "success")
            .map_or(Ok(()), |bad| Err(failed(bad)))
    }
}

fn object(action: &Action) -> String {
    let names =
        action.resources.iter().map(|resource| format!("{} {}", resource.kind, resource.id));
    let names: Vec<String> = names.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

fn failed(action: &Action) -> CloudError {
    let error = action.error.as_ref();
    CloudError::ActionFailed {
        action: action.id,
        command: action.command.clone(),
        object: object(action),
        code: error.map_or_else(|| action.status.clone(), |error| error.code.clone()),
        message: error.map_or_else(|| "no reason given".to_owned(), |e| e.message.clone()),
    }
}
