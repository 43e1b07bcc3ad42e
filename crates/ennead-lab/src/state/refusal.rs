//! Why a request was refused: the API's error codes, their HTTP status and their details.
//!
//! Source: the official description, section "Errors", and the texts that the cloud's own programs
//! expect word for word.

use ennead_hcloud::types::{ApiError, ApiErrorBody};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Not in the official description; the cloud answers so (hetznercloud/terraform-provider-hcloud,
/// report 1170, 2025-08-08). The report does not name the status: 422 is an estimate.
const GROUP_FULL: &str = "placement_group_member_limit_reached";

/// An error code of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's own words")]
pub enum Code {
    JsonError,
    Unauthorized,
    TokenReadonly,
    Forbidden,
    Maintenance,
    ResourceLimitExceeded,
    NotFound,
    MethodNotAllowed,
    UniquenessError,
    Conflict,
    DeprecatedApiEndpoint,
    ResourceUnavailable,
    InvalidInput,
    ServiceError,
    UnsupportedError,
    PlacementError,
    PlacementGroupMemberLimitReached,
    ResourceInUse,
    ServerNotStopped,
    AlreadyInPlacementGroup,
    IpNotAvailable,
    NoSubnetAvailable,
    NetworksOverlap,
    ServerAlreadyAttached,
    InvalidServerType,
    VolumeAlreadyAttached,
    NoSpaceLeftInLocation,
    IncompatibleNetworkType,
    ServerAlreadyAdded,
    FirewallAlreadyApplied,
    FirewallManagedByLabelSelector,
    FirewallResourceNotFound,
    /// The same word, answered with another status when a firewall is made.
    #[serde(skip_deserializing, rename = "firewall_resource_not_found")]
    FirewallResourceMissing,
    PrivateNetOnlyServer,
    MustBeUnassigned,
    FloatingIpAssigned,
    PrimaryIpAssigned,
    PrimaryIpAlreadyAssigned,
    PrimaryIpDatacenterMismatch,
    PrimaryIpVersionMismatch,
    ServerHasIpv4,
    ServerHasIpv6,
    ServerIsLoadBalancerTarget,
    IncorrectZoneMode,
    Locked,
    Protected,
    RateLimitExceeded,
    ServerError,
    BadGateway,
    Unavailable,
    Timeout,
}

impl Code {
    /// Returns the word used in JSON.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Returns the HTTP status.
    pub fn status(self) -> u16 {
        self.row().1
    }

    fn row(self) -> (&'static str, u16) {
        match self {
            Self::JsonError => ("json_error", 400),
            Self::Unauthorized => ("unauthorized", 401),
            Self::TokenReadonly => ("token_readonly", 401),
            Self::Forbidden => ("forbidden", 403),
            Self::Maintenance => ("maintenance", 403),
            Self::ResourceLimitExceeded => ("resource_limit_exceeded", 403),
            Self::NotFound => ("not_found", 404),
            Self::MethodNotAllowed => ("method_not_allowed", 405),
            Self::UniquenessError => ("uniqueness_error", 409),
            Self::Conflict => ("conflict", 409),
            Self::DeprecatedApiEndpoint => ("deprecated_api_endpoint", 410),
            Self::ResourceUnavailable => ("resource_unavailable", 412),
            Self::InvalidInput => ("invalid_input", 422),
            Self::ServiceError => ("service_error", 422),
            Self::UnsupportedError => ("unsupported_error", 422),
            Self::PlacementError => ("placement_error", 422),
            Self::PlacementGroupMemberLimitReached => (GROUP_FULL, 422),
            Self::ResourceInUse => ("resource_in_use", 422),
            Self::ServerNotStopped => ("server_not_stopped", 422),
            Self::AlreadyInPlacementGroup => ("already_in_placement_group", 422),
            Self::IpNotAvailable => ("ip_not_available", 422),
            Self::NoSubnetAvailable => ("no_subnet_available", 422),
            Self::NetworksOverlap => ("networks_overlap", 422),
            Self::ServerAlreadyAttached => ("server_already_attached", 422),
            Self::InvalidServerType => ("invalid_server_type", 422),
            Self::VolumeAlreadyAttached => ("volume_already_attached", 422),
            Self::NoSpaceLeftInLocation => ("no_space_left_in_location", 422),
            Self::IncompatibleNetworkType => ("incompatible_network_type", 422),
            Self::ServerAlreadyAdded => ("server_already_added", 422),
            Self::FirewallAlreadyApplied => ("firewall_already_applied", 422),
            Self::FirewallManagedByLabelSelector => ("firewall_managed_by_label_selector", 422),
            Self::FirewallResourceNotFound => ("firewall_resource_not_found", 404),
            Self::FirewallResourceMissing => ("firewall_resource_not_found", 422),
            Self::PrivateNetOnlyServer => ("private_net_only_server", 422),
            Self::MustBeUnassigned => ("must_be_unassigned", 422),
            Self::FloatingIpAssigned => ("floating_ip_assigned", 422),
            Self::PrimaryIpAssigned => ("primary_ip_assigned", 422),
            Self::PrimaryIpAlreadyAssigned => ("primary_ip_already_assigned", 422),
            Self::PrimaryIpDatacenterMismatch => ("primary_ip_datacenter_mismatch", 422),
            Self::PrimaryIpVersionMismatch => ("primary_ip_version_mismatch", 412),
            Self::ServerHasIpv4 => ("server_has_ipv4", 422),
            Self::ServerHasIpv6 => ("server_has_ipv6", 422),
            Self::ServerIsLoadBalancerTarget => ("server_is_load_balancer_target", 422),
            Self::IncorrectZoneMode => ("incorrect_zone_mode", 422),
            Self::Locked => ("locked", 423),
            Self::Protected => ("protected", 423),
            Self::RateLimitExceeded => ("rate_limit_exceeded", 429),
            Self::ServerError => ("server_error", 500),
            Self::BadGateway => ("bad_gateway", 502),
            Self::Unavailable => ("unavailable", 503),
            Self::Timeout => ("timeout", 504),
        }
    }
}

/// A refused request. It changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind.
    pub code: Code,
    /// In words.
    pub message: String,
    /// `fields`, `limits`, `announcement` or nothing.
    pub details: Option<Value>,
}

impl Refusal {
    /// Refuses without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// There is no such object, for example `server`, `42`.
    pub fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("{kind} with ID '{id}' not found"))
    }

    /// One field is wrong.
    pub fn invalid(field: &str, why: impl Into<String>) -> Self {
        Self::invalid_fields(&[(field.to_owned(), why.into())])
    }

    /// Fields are wrong, each with its reason.
    pub fn invalid_fields(wrong: &[(String, String)]) -> Self {
        let names: Vec<_> = wrong.iter().map(|(name, _)| format!("'{name}'")).collect();
        let message = match wrong {
            [(_, why)] => format!("invalid input in field {}: {why}", names.join("")),
            _ => format!("invalid input in fields {}", names.join(", ")),
        };
        let fields: Vec<_> =
            wrong.iter().map(|(name, why)| json!({ "name": name, "messages": [why] })).collect();
        Self { code: Code::InvalidInput, message, details: Some(json!({ "fields": fields })) }
    }

    /// A name is taken in the project by an object of the same kind.
    pub fn name_taken() -> Self {
        Self::unique("name", "name is already used")
    }

    /// A field's value is taken.
    pub fn unique(field: &str, message: &str) -> Self {
        let details = json!({ "fields": [{ "name": field }] });
        Self { code: Code::UniquenessError, message: message.into(), details: Some(details) }
    }

    /// A quota is used up, for example `server_limit`.
    pub fn limit(name: &str, message: &str) -> Self {
        let details = json!({ "limits": [{ "name": name }] });
        Self { code: Code::ResourceLimitExceeded, message: message.into(), details: Some(details) }
    }

    /// The route was taken out of the API.
    pub fn gone(announcement: &str) -> Self {
        Self {
            code: Code::DeprecatedApiEndpoint,
            message: "API functionality was removed".into(),
            details: Some(json!({ "announcement": announcement })),
        }
    }

    /// An action runs on the object.
    pub fn locked(kind: &str) -> Self {
        Self::new(Code::Locked, format!("cannot perform operation because {kind} is locked"))
    }

    /// Returns the body of the answer.
    pub fn body(&self) -> ApiErrorBody {
        ApiErrorBody {
            error: ApiError {
                code: self.code.word().into(),
                message: self.message.clone(),
                details: self.details.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_wrong_fields_are_named_in_one_message() {
        let refusal = Refusal::invalid_fields(&[
            ("server".into(), "is missing".into()),
            ("home_location".into(), "is missing".into()),
        ]);
        assert_eq!(refusal.message, "invalid input in fields 'server', 'home_location'");
        assert_eq!(refusal.body().error.details.unwrap()["fields"][1]["name"], "home_location");
    }

    #[test]
    fn the_word_in_json_is_the_word_in_errors() {
        for code in [
            Code::JsonError,
            Code::RateLimitExceeded,
            Code::IpNotAvailable,
            Code::FirewallResourceMissing,
            Code::PlacementGroupMemberLimitReached,
            Code::NoSpaceLeftInLocation,
            Code::IncompatibleNetworkType,
            Code::ServerIsLoadBalancerTarget,
            Code::ServerHasIpv4,
            Code::PrimaryIpDatacenterMismatch,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
    }
}
