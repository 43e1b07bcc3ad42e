//! The lab's own routes for tokens, which the cloud has in its console only.
//!
//! `GET /_lab/tokens` lists names, `POST /_lab/tokens` makes one and shows it this once, and
//! `DELETE /_lab/tokens/{name}` removes one. Only the lab's own token may ask.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{self, Method, Reply};
use crate::projects::Projects;
use crate::register::TokenRecord;
use crate::state::{Code, Refusal};
use crate::token::DEFAULT_PROJECT;

/// Where these routes begin, below the lab's own.
pub(crate) const ROOT: &str = "/tokens";

/// What is wished for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    read_only: bool,
}

/// Answers a request; `rest` is what follows [`ROOT`].
///
/// # Errors
/// `not_found`, `method_not_allowed`, `json_error` and those of making a token.
pub(crate) async fn answer(
    projects: &Projects,
    method: Method,
    rest: &str,
    body: &[u8],
) -> Result<Reply, Refusal> {
    match (method, rest) {
        (Method::Get, "") => {
            let tokens = projects.tokens().await;
            let tokens: Vec<_> = tokens.iter().map(shown).collect();
            Ok(Reply::json(200, json!({ "tokens": tokens })))
        }
        (Method::Post, "") => {
            let wrong = |error: serde_json::Error| Refusal::new(Code::JsonError, error.to_string());
            let wish: Wish = serde_json::from_slice(body).map_err(wrong)?;
            let project = wish.project.as_deref().unwrap_or(DEFAULT_PROJECT);
            let name = wish.name.as_deref();
            let (record, token) = projects.add_token(name, project, wish.read_only).await?;
            let mut made = shown(&record);
            if let Some(fields) = made.as_object_mut() {
                fields.insert("token".to_owned(), json!(token.text()));
            }
            Ok(Reply::json(201, json!({ "token": made })))
        }
        (Method::Delete, rest) => {
            let name = rest.strip_prefix('/').ok_or_else(api::wrong_method)?;
            projects.remove_token(name).await?;
            Ok(Reply::no_content())
        }
        (_, "") => Err(api::wrong_method()),
        _ => Err(api::unknown_route()),
    }
}

fn shown(token: &TokenRecord) -> Value {
    json!({ "name": token.name, "project": token.project, "read_only": token.read_only })
}
