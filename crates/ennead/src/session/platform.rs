//! The platform as drills see it.

use std::time::Duration;

use async_trait::async_trait;
use ennead_drill::{Pipe, Platform, PlatformError};
use ennead_hcloud::types::Server;
use ennead_host::Command;
use ennead_model::{Inventory, NodeName};
use tokio::io::BufReader;

use super::Session;

/// How long the cloud may take to cut a server's power.
const POWER_DEADLINE: Duration = Duration::from_mins(2);

impl Session {
    async fn server(&self, what: &str, node: &NodeName) -> Result<Server, PlatformError> {
        let found = self.client.server_named(node.as_str()).await;
        let found = found.map_err(|error| PlatformError::new(what, &error))?;
        found.ok_or_else(|| PlatformError {
            what: what.to_owned(),
            why: format!("there is no server {node}"),
        })
    }
}

#[async_trait]
impl Platform for Session {
    async fn observe(&self) -> Result<Inventory, PlatformError> {
        Session::observe(self)
            .await
            .map_err(|error| PlatformError { what: "observe".to_owned(), why: error.message })
    }

    async fn power_off(&self, node: &NodeName) -> Result<(), PlatformError> {
        let what = format!("power off {node}");
        let failed = |error| PlatformError::new(what.as_str(), &error);
        let server = self.server(&what, node).await?;
        let action = self.client.power_off(server.id).await.map_err(failed)?;
        self.client.wait_until_succeeded(&[action], POWER_DEADLINE).await.map_err(failed)?;
        Ok(())
    }

    async fn power_on(&self, node: &NodeName) -> Result<(), PlatformError> {
        let what = format!("power on {node}");
        let server = self.server(&what, node).await?;
        let done = self.client.ensure_running(server.id).await;
        done.map_err(|error| PlatformError::new(what.as_str(), &error))?;
        Ok(())
    }

    async fn server_status(&self, node: &NodeName) -> Result<String, PlatformError> {
        Ok(self.server(&format!("look at {node}"), node).await?.status)
    }

    async fn open_probe(&self, node: &NodeName) -> Result<Pipe, PlatformError> {
        let what = format!("start the probe on {node}");
        let failed = |error: &dyn std::error::Error| PlatformError::new(what.as_str(), error);
        let host = self.pool.host(node).await.map_err(|error| failed(&error))?;
        let command = Command::new("/usr/local/bin/ennead").args(["node", "probe"]);
        let mut talk = host.spawn(&command).await.map_err(|error| failed(&error))?;
        let closed = || PlatformError { what: what.clone(), why: "it has no pipes".to_owned() };
        let stdin = talk.stdin.take().ok_or_else(closed)?;
        let stdout = talk.stdout.take().ok_or_else(closed)?;
        Ok(Pipe {
            stdin: Box::new(stdin),
            stdout: Box::new(BufReader::new(stdout)),
            keep: Box::new((talk, host)),
        })
    }
}
