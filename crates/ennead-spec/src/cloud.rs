//! The `[cloud]` table: where servers come from and where the token is found.

use ennead_model::{Catalogue, Finding};

use crate::spec::{CloudSpec, LAB_ENDPOINT, TokenSource};
use crate::text::{Section, did_you_mean};

/// The image when the spec names none: the one that the components' packages are made for.
const DEFAULT_IMAGE: &str = "debian-13";

/// Length of a Hetzner Cloud API token. Source: tokens made in the console, 64 of A-Z a-z 0-9.
const TOKEN_CHARS: usize = 64;

const TOKEN_HINT: &str = "write token_env = \"HCLOUD_TOKEN\" and put the token into that variable, \
     or token_file = \"PATH\"; then revoke this token, because it has been written to a file";

/// Reads the table. An absent one is the lab.
pub(crate) fn read_cloud(section: Option<&Section<'_, '_>>, catalogue: &Catalogue) -> CloudSpec {
    let Some(section) = section else {
        return CloudSpec {
            endpoint: None,
            token: TokenSource::Lab,
            token_of_nodes: None,
            image: DEFAULT_IMAGE.to_owned(),
        };
    };
    let endpoint = section.text("endpoint").filter(|endpoint| *endpoint != LAB_ENDPOINT);
    if let Some(endpoint) = endpoint {
        check_endpoint(section, endpoint);
    }
    let token = read_token(section, endpoint.is_none());
    let token_of_nodes = section.text("nodes_token_env").filter(|_| endpoint.is_some());
    if let Some(variable) = token_of_nodes {
        check_variable(section, "nodes_token_env", variable);
    }
    let token_of_nodes = token_of_nodes.map(|variable| TokenSource::Env(variable.to_owned()));
    let image = section.text("image").unwrap_or(DEFAULT_IMAGE).to_owned();
    check_image(section, &image, catalogue);
    section.finish();
    let endpoint = endpoint.map(|url| url.trim_end_matches('/').to_owned());
    CloudSpec { endpoint, token, token_of_nodes, image }
}

fn read_token(section: &Section<'_, '_>, lab: bool) -> TokenSource {
    let bare = section.value("token").is_some();
    if bare {
        let message = "the spec holds a token, and a spec is copied, shared and kept in git";
        section.note(
            Finding::error("token-in-spec", section.place("token"), message).hint(TOKEN_HINT),
        );
    }
    let variable = section.text("token_env");
    let file = section.text("token_file");
    let of_nodes = section.text("nodes_token_env");
    for (key, value) in
        [("token_env", variable), ("token_file", file), ("nodes_token_env", of_nodes)]
    {
        if value.is_some_and(is_token) {
            let message = "this is a token itself and not the place where it is found";
            section.note(
                Finding::error("token-in-spec", section.place(key), message).hint(TOKEN_HINT),
            );
        }
    }
    if variable.is_some() && file.is_some() {
        let message = "token_env and token_file exclude each other";
        section.note(
            Finding::error("token-twice", section.place("token_file"), message)
                .hint("keep the one that you use"),
        );
    }
    if lab {
        return TokenSource::Lab;
    }
    match (variable, file) {
        (Some(variable), _) => {
            check_variable(section, "token_env", variable);
            TokenSource::Env(variable.to_owned())
        }
        (None, Some(file)) => TokenSource::File(file.into()),
        (None, None) if bare => TokenSource::Env("HCLOUD_TOKEN".to_owned()),
        (None, None) => {
            let place = section.place("token_env");
            let message =
                "this endpoint needs a token, and the spec does not say where it is found";
            section.note(
                Finding::error("token-missing", place, message)
                    .hint("add token_env = \"HCLOUD_TOKEN\" or token_file = \"PATH\""),
            );
            TokenSource::Env("HCLOUD_TOKEN".to_owned())
        }
    }
}

fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn check_variable(section: &Section<'_, '_>, key: &str, name: &str) {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = !name.is_empty()
        && name.chars().all(inner)
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if !good && !is_token(name) {
        let place = section.place(key);
        let message = "this is not the name of an environment variable";
        section.note(
            Finding::error("bad-variable", place, message)
                .hint("for example token_env = \"HCLOUD_TOKEN\""),
        );
    }
}

/// A token travels with each request, so an endpoint is reached over TLS unless it is this machine.
fn check_endpoint(section: &Section<'_, '_>, endpoint: &str) {
    let place = section.place("endpoint");
    let example = "for example https://api.hetzner.cloud/v1, or lab";
    let secure = endpoint.strip_prefix("https://");
    let rest = secure.or_else(|| endpoint.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || host.contains('@') || endpoint.chars().any(char::is_whitespace) {
        let message = "the endpoint is neither a URL of an API nor the word lab";
        section.note(Finding::error("bad-endpoint", place, message).hint(example));
    } else if secure.is_none() && !is_loopback(host) {
        let message = "the token would travel to this endpoint unencrypted";
        section.note(Finding::error("endpoint-unencrypted", place, message).hint("use https://"));
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn check_image(section: &Section<'_, '_>, image: &str, catalogue: &Catalogue) {
    let place = section.place("image");
    let Some(known) = catalogue.image(image) else {
        let names: Vec<&str> = catalogue.images.iter().map(|image| image.name.as_str()).collect();
        let message = format!("the cloud has no image {image:?}");
        section.note(Finding::error("unknown-image", place, message).hint(did_you_mean(
            image,
            "images",
            names.iter().copied(),
        )));
        return;
    };
    if known.name != DEFAULT_IMAGE {
        let message = format!("the components are made for {DEFAULT_IMAGE}, not for {image}");
        section.note(
            Finding::error("image-unsupported", place, message)
                .hint(format!("write image = {DEFAULT_IMAGE:?}")),
        );
    }
}
