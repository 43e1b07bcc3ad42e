//! The metadata service that servers ask at 169.254.169.254, with Hetzner's paths.
//!
//! It listens inside the internet router's namespace, so only this lab's servers reach it, and it
//! knows who asks by the source address, which the router has checked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::namespace;
use super::network::METADATA;
use super::place::{LabPlace, ids};
use super::record::{ServerRecord, find_server, load_network};
use super::why::Why;

/// Answers until the returned future is dropped.
pub(crate) async fn serve(
    place: LabPlace,
) -> Result<impl Future<Output = std::io::Result<()>>, Why> {
    let listener = namespace::inside(&place.names().internet(), bind).await?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| Why::of(&error))?;
    let routes = Router::new()
        .route("/hetzner/v1/userdata", get(user_data))
        .route("/hetzner/v1/metadata", get(summary))
        .route("/hetzner/v1/metadata/{key}", get(one))
        .with_state(place);
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    Ok(async move { axum::serve(listener, service).await })
}

/// A socket belongs for ever to the namespace in which it was made.
fn bind() -> Result<TcpListener, Why> {
    let bind = || {
        let listener = TcpListener::bind((METADATA, 80))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|error: std::io::Error| Why(format!("listen on {METADATA}:80: {error}")))
}

/// Returns the server that asks.
fn asking(place: &LabPlace, from: SocketAddr) -> Result<Option<ServerRecord>, Why> {
    let IpAddr::V4(address) = from.ip() else { return Ok(None) };
    for id in ids(&place.servers())? {
        // It may be removed while we look.
        let Some(record) = find_server(place, id)? else { continue };
        if record.seed.public_ip == Some(address) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

type From = ConnectInfo<SocketAddr>;

fn answer(
    place: &LabPlace,
    from: SocketAddr,
    text: impl FnOnce(&LabPlace, &ServerRecord) -> Option<String>,
) -> Response {
    match asking(place, from) {
        Ok(Some(record)) => match text(place, &record) {
            Some(text) if text.is_empty() => StatusCode::NO_CONTENT.into_response(),
            Some(text) => text.into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(why) => {
            tracing::warn!(%from, %why, "metadata");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn user_data(State(place): State<LabPlace>, ConnectInfo(from): From) -> Response {
    answer(&place, from, |_, record| Some(record.seed.user_data.clone().unwrap_or_default()))
}

async fn summary(State(place): State<LabPlace>, ConnectInfo(from): From) -> Response {
    answer(&place, from, |_, record| Some(render_summary(record)))
}

async fn one(
    State(place): State<LabPlace>,
    ConnectInfo(from): From,
    Path(key): Path<String>,
) -> Response {
    answer(&place, from, |place, record| {
        if key == "private-networks" {
            return Some(render_private_networks(place, record));
        }
        value(record, &key)
    })
}

/// Returns a single value as the cloud gives it, without a line end.
fn value(record: &ServerRecord, key: &str) -> Option<String> {
    let seed = &record.seed;
    Some(match key {
        "hostname" => seed.name.clone(),
        "instance-id" => seed.id.to_string(),
        "public-ipv4" => seed.public_ip.as_ref().map(Ipv4Addr::to_string).unwrap_or_default(),
        // The cloud still names a data centre here; the lab has one in each location.
        "availability-zone" => format!("{}-dc1", seed.location),
        "region" => seed.network_zone.clone(),
        _ => return None,
    })
}

fn render_summary(record: &ServerRecord) -> String {
    let keys = ["availability-zone", "hostname", "instance-id", "public-ipv4", "region"];
    let line = |key: &str| format!("{key}: {}\n", value(record, key).unwrap_or_default());
    let values: String = keys.iter().map(|key| line(key)).collect();
    // JSON is YAML, and quotes what has to be quoted.
    format!("{values}public-keys: {}\n", serde_json::Value::from(record.seed.ssh_keys.as_slice()))
}

fn render_private_networks(place: &LabPlace, record: &ServerRecord) -> String {
    record
        .attached
        .iter()
        .filter_map(|attached| {
            let it = &attached.attachment;
            let range = load_network(place, it.network).ok()?.ip_range;
            let gateway = crate::state::Prefix::parse(&range)?.gateway();
            let aliases: Vec<String> = attached.aliases.iter().map(Ipv4Addr::to_string).collect();
            let aliases = aliases.join(", ");
            Some(format!(
                "- ip: {}\n  alias_ips: [{aliases}]\n  interface_num: {}\n  mac_address: {}\n  \
                 network_id: {}\n  network: {range}\n  gateway: {gateway}\n",
                it.ip,
                attached.slot + 1,
                it.mac,
                it.network
            ))
        })
        .collect()
}
