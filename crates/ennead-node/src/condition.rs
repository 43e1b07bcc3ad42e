//! Tests of conditions. Nothing here changes anything.

use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_host::{Command, Host};
use ennead_model::Condition;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::problem::chain;

/// How long a TCP connection may take. Both ends are nodes; a site's distance is some 70 ms.
const TCP_LIMIT: Duration = Duration::from_secs(1);

/// How long an HTTPS answer may take.
const HTTPS_LIMIT: Duration = Duration::from_secs(2);

/// How long a command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(5);

/// Longest part of an answer that is repeated to people, in characters.
const SEEN_CHARS: usize = 200;

/// Whether a condition holds, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// Whether it holds.
    pub holds: bool,
    /// What was seen, on one line.
    pub seen: String,
}

impl Tested {
    fn yes(seen: impl Into<String>) -> Self {
        Self { holds: true, seen: seen.into() }
    }

    fn no(seen: impl Into<String>) -> Self {
        Self { holds: false, seen: seen.into() }
    }
}

/// Tests a condition once.
pub fn test<'a>(host: &'a dyn Host, condition: &'a Condition) -> BoxFuture<'a, Tested> {
    Box::pin(async move {
        match condition {
            Condition::Tcp { address } => test_tcp(address).await,
            Condition::Https { .. } => test_https(host, condition).await,
            Condition::UnitActive { unit } => test_unit(host, unit).await,
            Condition::PathExists { path } => match host.facts(path).await {
                Ok(Some(_)) => Tested::yes(format!("{path} exists")),
                Ok(None) => Tested::no(format!("{path} does not exist")),
                Err(error) => Tested::no(chain(&error)),
            },
            Condition::Command { argv, user, stdout_contains } => {
                test_command(host, argv, user, stdout_contains.as_deref()).await
            }
            Condition::All { of } => {
                let tested = futures::future::join_all(of.iter().map(|part| test(host, part)));
                all(&tested.await)
            }
        }
    })
}

fn all(tested: &[Tested]) -> Tested {
    let seen = |holds| {
        let parts = tested.iter().filter(|part| part.holds == holds);
        parts.map(|part| part.seen.as_str()).collect::<Vec<_>>().join("; ")
    };
    if tested.iter().all(|part| part.holds) {
        Tested::yes(seen(true))
    } else {
        Tested::no(seen(false))
    }
}

async fn test_tcp(address: &str) -> Tested {
    let connect = tokio::net::TcpStream::connect(address);
    match tokio::time::timeout(TCP_LIMIT, connect).await {
        Ok(Ok(_)) => Tested::yes(format!("{address} accepts connections")),
        Ok(Err(error)) => Tested::no(format!("{address}: {error}")),
        Err(_) => Tested::no(format!("{address}: no answer within {} s", TCP_LIMIT.as_secs())),
    }
}

async fn test_unit(host: &dyn Host, unit: &str) -> Tested {
    let command = Command::new("systemctl").args(["is-active", unit]).deadline(COMMAND_LIMIT);
    match host.run(&command).await {
        Ok(output) => {
            let state = output.stdout_text().trim().to_owned();
            let seen = format!("{unit} is {state}");
            if state == "active" { Tested::yes(seen) } else { Tested::no(seen) }
        }
        Err(error) => Tested::no(chain(&error)),
    }
}

async fn test_command(
    host: &dyn Host,
    argv: &[String],
    user: &str,
    contains: Option<&str>,
) -> Tested {
    let command = Command::from_argv(argv).user(user).deadline(COMMAND_LIMIT);
    let output = match host.run(&command).await {
        Ok(output) => output,
        Err(error) => return Tested::no(chain(&error)),
    };
    if !output.success() {
        let said = short(&output.stderr_tail());
        return Tested::no(format!("`{command}` ended with status {}: {said}", output.status));
    }
    let said = output.stdout_text();
    match contains {
        Some(text) if !said.contains(text) => {
            Tested::no(format!("`{command}` said {:?} without {text:?}", short(&said)))
        }
        _ => Tested::yes(format!("`{command}` succeeded")),
    }
}

async fn test_https(host: &dyn Host, condition: &Condition) -> Tested {
    let Condition::Https { url, method, ca, identity, status, body_contains } = condition else {
        return Tested::no("no address was given");
    };
    let asked = tokio::time::timeout(HTTPS_LIMIT, ask(host, url, method, ca, identity.as_ref()));
    let (code, body) = match asked.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => return Tested::no(format!("{method} {url}: {why}")),
        Err(_) => {
            let limit = HTTPS_LIMIT.as_secs();
            return Tested::no(format!("{method} {url}: no answer within {limit} s"));
        }
    };
    if !status.contains(&code) {
        return Tested::no(format!("{method} {url} answered {code}: {}", short(&body)));
    }
    match body_contains {
        Some(text) if !body.contains(text.as_str()) => {
            Tested::no(format!("{method} {url} answered {:?} without {text:?}", short(&body)))
        }
        _ => Tested::yes(format!("{method} {url} answered {code}")),
    }
}

async fn ask(
    host: &dyn Host,
    url: &str,
    method: &str,
    ca: &Utf8PathBuf,
    identity: Option<&(Utf8PathBuf, Utf8PathBuf)>,
) -> Result<(u16, String), String> {
    // A second installation is refused; whoever was first chose the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let read = async |path: &Utf8PathBuf| match host.read(path).await {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!("{path} does not exist")),
        Err(error) => Err(chain(&error)),
    };
    let told = |error: reqwest::Error| chain(&error.without_url());
    let authority = reqwest::Certificate::from_pem_bundle(&read(ca).await?).map_err(told)?;
    let mut client = reqwest::Client::builder().tls_certs_only(authority).no_proxy();
    client = client.redirect(reqwest::redirect::Policy::none());
    if let Some((certificate, key)) = identity {
        let pem = [read(certificate).await?, read(key).await?].join(&b'\n');
        client = client.identity(reqwest::Identity::from_pem(&pem).map_err(told)?);
    }
    let method =
        reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let answer = client.build().map_err(told)?.request(method, url).send().await.map_err(told)?;
    let code = answer.status().as_u16();
    Ok((code, answer.text().await.map_err(told)?))
}

fn short(text: &str) -> String {
    crate::problem::one_line(text).chars().take(SEEN_CHARS).collect()
}
