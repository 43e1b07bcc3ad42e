//! A request and its answer, without HTTP.

use ennead_hcloud::types::Action;
use serde_json::{Value, json};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or begins an action.
    Post,
    /// Changes.
    Put,
    /// Removes.
    Delete,
    /// Anything else; no route has it.
    Other,
}

impl Method {
    /// Returns the method of that name.
    pub fn parse(text: &str) -> Self {
        match text {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// A request below the API's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// For example `/servers/42`, without the API's root.
    pub path: String,
    /// Query parameters, decoded, in order; names can repeat.
    pub query: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The API's root as the client calls it, for links to other pages.
    pub root: String,
}

impl Request {
    /// Returns the values of a query parameter, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the last value of a query parameter that is not empty.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).filter(|value| !value.is_empty()).last()
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON; none with 204.
    pub body: Option<Value>,
    /// `Link` header of lists.
    pub link: Option<String>,
}

impl Reply {
    /// Answers with a status and JSON.
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), link: None }
    }

    /// Answers that an action has begun.
    pub fn begun(action: &Action) -> Self {
        Self::json(201, json!({ "action": action }))
    }

    /// Answers that actions have begun.
    pub fn all_begun(actions: &[Action]) -> Self {
        Self::json(201, json!({ "actions": actions }))
    }

    /// Answers that something is gone.
    pub fn no_content() -> Self {
        Self { status: 204, body: None, link: None }
    }
}
