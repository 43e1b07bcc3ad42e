//! From the files of the operator to a spec, an endpoint and a token.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{environment, files};
use ennead_model::{Catalogue, Finding, Severity, sha256_hex};
use ennead_planner::check::check;
use ennead_spec::{Spec, TokenSource, parse_spec};
use secrecy::SecretString;

use crate::cli::Global;
use crate::commands;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::paths;

/// A spec with everything that is known about it.
pub(crate) struct Checked {
    spec: Option<Spec>,
    /// Digest of the file, as hexadecimal text.
    pub(crate) sha256: String,
    /// The whole file.
    pub(crate) text: String,
    path: Utf8PathBuf,
    /// Errors first.
    pub(crate) findings: Vec<Finding>,
}

/// Reads and checks a spec.
pub(crate) fn check_spec(path: &Utf8Path) -> Result<Checked, CommandError> {
    let text = files::read_text(path).or_exit(Exit::Usage)?.ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("there is no spec at {path}")).hint(format!(
            "write one with `ennead --spec {path} init`, or name another with --spec"
        ))
    })?;
    let parsed = parse_spec(&text, Catalogue::embedded());
    let findings = check(&parsed);
    let (spec, sha256) = (parsed.spec, sha256_hex(&text));
    Ok(Checked { spec, text, sha256, path: path.to_owned(), findings })
}

impl Checked {
    /// Returns the spec, when the text gave one; it may have errors.
    pub(crate) fn spec(&self) -> Option<&Spec> {
        self.spec.as_ref()
    }

    /// Returns whether anything forbids to plan.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Returns the spec and its digest, or an error after saying every error finding.
    pub(crate) fn accepted(self) -> Result<(Spec, String), CommandError> {
        let refused = self.has_errors();
        match self.spec {
            Some(spec) if !refused => Ok((spec, self.sha256)),
            _ => {
                commands::check::say(&self.findings, Severity::Error);
                let path = self.path;
                Err(CommandError::new(Exit::Findings, format!("{path} has errors"))
                    .hint(format!("see `ennead --spec {path} check`")))
            }
        }
    }
}

/// Holds the token that goes with `--endpoint`, as for the cloud's own programs.
const TOKEN_VARIABLE: &str = "HCLOUD_TOKEN";

/// Where the cloud is and what opens it.
pub(crate) struct CloudAccess {
    pub(crate) endpoint: String,
    pub(crate) token: SecretString,
    /// Whether it is the lab of this machine, with the lab's own token.
    pub(crate) is_lab: bool,
    /// Where nodes reach it: in the lab another address, since its loopback is not theirs.
    pub(crate) endpoint_of_nodes: String,
    /// What nodes open it with, if anything runs on them that has to.
    pub(crate) token_of_nodes: SecretString,
}

/// Finds endpoint and token: the command line before the spec, the lab's when the spec says so.
pub(crate) fn cloud_access(global: &Global, spec: &Spec) -> Result<CloudAccess, CommandError> {
    let lab = paths::lab_folder(global);
    let endpoint = match (&global.endpoint, &spec.cloud.endpoint) {
        (Some(endpoint), _) | (None, Some(endpoint)) => endpoint.clone(),
        (None, None) => read_word(&lab.join("endpoint"))?.ok_or_else(|| {
            CommandError::new(Exit::Usage, format!("there is no lab {} at {lab}", global.lab))
                .hint("start it with `ennead lab up`")
        })?,
    };
    // Another endpoint on the command line has another token than the lab's.
    let named = TokenSource::Env(TOKEN_VARIABLE.to_owned());
    let elsewhere = global.endpoint.is_some() && environment::read(TOKEN_VARIABLE).is_some();
    let source = if elsewhere { &named } else { &spec.cloud.token };
    let is_lab = global.endpoint.is_none() && spec.cloud.endpoint.is_none();
    let of_nodes = if is_lab { read_word(&lab.join("endpoint-of-servers"))? } else { None };
    let token = token_at(global, &lab, source)?;
    let token_of_nodes = match &spec.cloud.token_of_nodes {
        Some(source) if !elsewhere => token_at(global, &lab, source)?,
        _ => token.clone(),
    };
    let endpoint_of_nodes = of_nodes.unwrap_or_else(|| endpoint.clone());
    Ok(CloudAccess { endpoint, token, is_lab, endpoint_of_nodes, token_of_nodes })
}

fn token_at(
    global: &Global,
    lab: &Utf8Path,
    source: &TokenSource,
) -> Result<SecretString, CommandError> {
    let token = match source {
        TokenSource::Env(name) => environment::read(name).ok_or_else(|| {
            CommandError::new(Exit::Usage, format!("the environment variable {name} is not set"))
                .hint("it must hold the project's API token")
        })?,
        TokenSource::File(path) => {
            let beside = global.spec.parent().unwrap_or(Utf8Path::new("")).join(path);
            read_word(&beside)?.ok_or_else(|| {
                CommandError::new(Exit::Usage, format!("there is no token at {beside}"))
                    .hint("it must hold the project's API token")
            })?
        }
        TokenSource::Lab => read_word(&lab.join("token"))?.ok_or_else(|| {
            CommandError::new(Exit::Usage, format!("lab {} has no token at {lab}", global.lab))
                .hint("start it with `ennead lab up`")
        })?,
    };
    Ok(SecretString::from(token))
}

fn read_word(path: &Utf8Path) -> Result<Option<String>, CommandError> {
    let text = files::read_text(path).or_exit(Exit::Usage)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}
