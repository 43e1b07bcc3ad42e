//! The platform as drills see it.

use std::time::Duration;

use async_trait::async_trait;
use ennead_components::postgres::drill;
use ennead_drill::{LabFault, Pipe, Platform, PlatformError, Process};
use ennead_hcloud::types::Server;
use ennead_host::Command;
use ennead_model::{Inventory, NodeName};
use serde_json::{Value, json};
use tokio::io::BufReader;

use super::Session;
use crate::lab_desk::{DeskError, LabDesk};

/// How long a command on a node may take.
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);
/// HTTP status for a fault that is not, or no longer, in force.
const NOT_FOUND: u16 = 404;
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

    /// Runs a command on a node; returns what it printed when its status is 0.
    async fn run_there(
        &self,
        what: &str,
        node: &NodeName,
        command: Command,
    ) -> Result<String, PlatformError> {
        let output = self.pool.run(node, &command.deadline(COMMAND_DEADLINE)).await;
        let output = output.map_err(|error| PlatformError::new(what, &error))?;
        if output.success() {
            return Ok(output.stdout_text());
        }
        let told = output.stderr_tail().replace('\n', "; ");
        let why = format!("on {node} it ended with status {}: {told}", output.status);
        Err(PlatformError { what: what.to_owned(), why })
    }

    fn desk(&self, what: &str) -> Result<&LabDesk, PlatformError> {
        self.lab.as_ref().ok_or_else(|| PlatformError {
            what: what.to_owned(),
            why: "the endpoint is no lab; say `endpoint = \"lab\"` in the spec".to_owned(),
        })
    }
}

fn not_done(what: &str, error: DeskError) -> PlatformError {
    let (DeskError::Refused { message: why, .. } | DeskError::Silent(why)) = error;
    PlatformError { what: what.to_owned(), why }
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

    async fn kill(&self, node: &NodeName, process: Process) -> Result<(), PlatformError> {
        let command = match process {
            Process::Postgres => drill::kill_postgres(&self.spec.options.postgres),
            Process::Patroni => drill::kill_patroni(),
        };
        self.run_there(&format!("kill {process} on {node}"), node, command).await?;
        Ok(())
    }

    async fn switch_over(&self, from: &NodeName, to: &NodeName) -> Result<(), PlatformError> {
        let what = format!("move the primary from {from} to {to}");
        let command = drill::switchover(from.as_str(), to.as_str());
        let told = self.run_there(&what, from, command).await?;
        if drill::has_switched(&told) {
            return Ok(());
        }
        let last = told.lines().rev().find(|line| line.contains("failed")).unwrap_or(told.trim());
        Err(PlatformError { what, why: last.to_owned() })
    }

    async fn forget_acts(&self, node: &NodeName) -> Result<(), PlatformError> {
        let command =
            Command::new("/usr/local/bin/ennead").args(["node", "guard", "--forget-acts"]);
        self.run_there("have the guard forget its acts", node, command).await?;
        Ok(())
    }

    fn is_lab(&self) -> bool {
        self.lab.is_some()
    }

    async fn order_fault(&self, fault: &LabFault, at_most: Duration) -> Result<u64, PlatformError> {
        let what = fault.to_string();
        let unclear = |why: String| PlatformError { what: what.clone(), why };
        let mut order = serde_json::to_value(fault).map_err(|error| unclear(error.to_string()))?;
        if let Value::Object(fields) = &mut order {
            let ms = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX);
            fields.insert("for_ms".to_owned(), json!(ms));
        }
        let made = self.desk(&what)?.ask(reqwest::Method::POST, "", Some(order)).await;
        let made = made.map_err(|error| match error {
            DeskError::Silent(why) => unclear(format!(
                "{why}; if it is in force it ends after {} s, or with `ennead lab fault clear`",
                at_most.as_secs()
            )),
            refused @ DeskError::Refused { .. } => not_done(&what, refused),
        })?;
        made["fault"]["id"].as_u64().ok_or_else(|| unclear(format!("the lab answered {made}")))
    }

    async fn clear_fault(&self, id: u64) -> Result<(), PlatformError> {
        let what = format!("end fault {id} of the lab");
        let desk = self.desk(&what)?;
        match desk.ask(reqwest::Method::DELETE, &format!("/{id}"), None).await {
            Ok(_) | Err(DeskError::Refused { status: NOT_FOUND, .. }) => Ok(()),
            Err(error) => Err(not_done(&what, error)),
        }
    }
}
