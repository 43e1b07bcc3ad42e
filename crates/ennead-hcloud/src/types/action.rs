//! Actions, errors and paging: what every resource shares.

use serde::{Deserialize, Serialize};

/// A change that goes on after its request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: u64,
    /// For example `create_server`, `start_server`, `attach_to_network`.
    pub command: String,
    /// `running`, `success` or `error`.
    pub status: String,
    /// 0 to 100.
    pub progress: u8,
    /// RFC 3339 time.
    pub started: String,
    /// RFC 3339 time; null while running.
    pub finished: Option<String>,
    /// What it changes.
    pub resources: Vec<ActionResource>,
    /// Why it failed; null unless `error`.
    pub error: Option<ActionError>,
}

/// An object that an action changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResource {
    /// Its id.
    pub id: u64,
    /// `server`, `network`, `image` and so on.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionError {
    /// For example `action_failed`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// Body of every answer outside 2xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiErrorBody {
    /// The error.
    pub error: ApiError,
}

/// An error of the API. Source: the official description, section "Errors".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// For example `uniqueness_error`.
    pub code: String,
    /// In words.
    pub message: String,
    /// `fields`, `limits` or `announcement`, or null.
    #[serde(default)]
    pub details: Option<serde_json::Value>,
}

/// Envelope of list answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Where this page stands.
    pub pagination: Pagination,
}

/// Where a page stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pagination {
    /// This page, from 1.
    pub page: u64,
    /// Entries on a full page.
    pub per_page: u64,
    /// The page before.
    pub previous_page: Option<u64>,
    /// The page after.
    pub next_page: Option<u64>,
    /// The last page.
    pub last_page: Option<u64>,
    /// Entries on all pages.
    pub total_entries: Option<u64>,
}
