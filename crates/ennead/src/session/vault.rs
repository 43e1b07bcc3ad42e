//! The operator's vault, as commands open and change it.

use ennead_host::clock;
use ennead_model::{Finding, Inventory};
use ennead_spec::Spec;
use ennead_spec::vault::{Rollout, TrustPhase, Vault, VaultError, VaultFiles, Wanted};

use super::Session;
use crate::cli::Global;
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::paths;

/// The vault of a spec and what it has to hold.
#[derive(Debug, Clone)]
pub(crate) struct OperatorVault {
    files: VaultFiles,
    wanted: Wanted,
}

impl OperatorVault {
    /// Names the vault of a spec.
    pub(crate) fn of(global: &Global, spec: &Spec) -> Self {
        Self {
            files: VaultFiles::beside(&global.spec, &paths::config_home()),
            wanted: Wanted::of(&spec.fleet, &spec.options),
        }
    }

    /// Opens it and makes what it lacks; renews certificates that are due when `renew` says so.
    pub(crate) fn open(&mut self, renew: bool) -> Result<Vault, CommandError> {
        self.files.open(&self.wanted, renew, clock::now()).map_err(|error| vault_error(&error))
    }

    /// Changes it under its lock, after what it lacked was made.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Vault, &Wanted) -> Result<T, VaultError>,
    ) -> Result<T, CommandError> {
        let wanted = &self.wanted;
        let changed = self.files.change(|vault| {
            vault.ensure_present(wanted, clock::now())?;
            change(vault, wanted)
        });
        changed.map_err(|error| vault_error(&error))
    }

    /// Returns its files.
    pub(crate) fn files(&mut self) -> &mut VaultFiles {
        &mut self.files
    }
}

impl Session {
    /// Notes in the vault that every node has the certificates of this run.
    pub(crate) fn confirm_rolled_out(&self) -> Result<(), CommandError> {
        if !self.vault.has_unconfirmed_certificates() {
            return Ok(());
        }
        let mut files = self.operator_vault.clone();
        files.change(|vault, _| Ok(vault.confirm_rolled_out(&self.vault)))?;
        Ok(())
    }

    /// Goes one phase on with replacing the authority, when nothing of the last one is left to do.
    pub(crate) fn advance_trust(&self, inventory: &Inventory) -> Result<TrustPhase, CommandError> {
        let plan = self.plan(inventory, &[]);
        let blocked = plan.blocked.first().map(|one| format!("{}: {}", one.what, one.why));
        let step = plan.steps.first().map(|step| format!("{}: {}", step.id, step.why));
        let rollout = match blocked.or(step) {
            None => Rollout::Everywhere,
            Some(why) => Rollout::Unfinished { why },
        };
        let seen = &self.vault;
        self.operator_vault.clone().change(|vault, wanted| {
            // Certificates that somebody issued since the fleet was compared are on no node.
            let rollout = if vault.fingerprints() == seen.fingerprints() {
                &rollout
            } else {
                &Rollout::Unfinished { why: "the vault was changed meanwhile".to_owned() }
            };
            vault.advance_trust(wanted, rollout, clock::now())
        })
    }
}

/// Gives an error of the vault its exit code and hint.
pub(crate) fn vault_error(error: &VaultError) -> CommandError {
    let hint = error.hint();
    CommandError::from_error(Exit::Usage, error).hint(hint)
}

/// Says which certificates of a spec are past their renewal. Nothing when there is no vault yet; a
/// note when it cannot be opened here, as where a spec is only checked. Writes nothing.
pub(crate) fn certificate_findings(global: &Global) -> Vec<Finding> {
    let mut files = VaultFiles::beside(&global.spec, &paths::config_home());
    match files.load() {
        // The vault of no file is empty.
        Ok(vault) => vault.certificate_findings(clock::now()),
        Err(error) => {
            let message = format!("not looked at: {error}");
            vec![Finding::note("certificates-unknown", "certificates", message).hint(error.hint())]
        }
    }
}
