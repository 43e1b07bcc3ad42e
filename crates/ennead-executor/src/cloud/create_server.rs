//! Makes a server. It is not started: its fixed private address is given to it before, so that it
//! is there from the first boot on.

use ennead_hcloud::types::{CreateServer, CreateServerFirewall};
use ennead_model::user_data::resolve_user_data;
use ennead_model::{CloudAction, RefResolver};

use super::apply::{Scope, Why};

/// Carries out [`CloudAction::CreateServer`]; true when a server was made. Any other action is none
/// of its business and changes nothing.
pub(super) async fn create_server(
    scope: &Scope<'_>,
    action: &CloudAction,
    resolver: &dyn RefResolver,
) -> Result<bool, Why> {
    let CloudAction::CreateServer {
        name,
        server_type,
        image,
        location,
        ssh_keys,
        placement_group,
        firewalls,
        labels,
        user_data,
    } = action
    else {
        return Ok(false);
    };
    let firewalls = firewalls.iter().map(|name| scope.firewall_id(name));
    let (ssh_keys, placement_group, firewalls) = futures::future::try_join3(
        key_names(scope, ssh_keys),
        group_id(scope, placement_group.as_deref()),
        futures::future::try_join_all(firewalls),
    )
    .await?;
    let body = CreateServer {
        name: name.clone(),
        server_type: server_type.clone(),
        image: image.clone(),
        location: Some(location.clone()),
        start_after_create: false,
        ssh_keys,
        networks: Vec::new(),
        volumes: Vec::new(),
        automount: None,
        firewalls: firewalls
            .into_iter()
            .map(|firewall| CreateServerFirewall { firewall })
            .collect(),
        placement_group,
        labels: labels.clone(),
        // Secret from here on: it holds the server's SSH host keys.
        user_data: Some(resolve_user_data(user_data, resolver)?),
        public_net: None,
    };
    Ok(scope.client.ensure_server(&body, &scope.owner).await?.changed)
}

/// Returns the names that the cloud knows the keys by: a shared key keeps its own.
async fn key_names(scope: &Scope<'_>, wanted: &[String]) -> Result<Vec<String>, Why> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let keys = scope.client.ssh_keys("").await?;
    let name = |wanted: &String| {
        let shared = keys.iter().find(|key| key.labels.get(&scope.mark) == Some(wanted));
        let ours = || keys.iter().find(|k| k.name == *wanted && scope.owner.owns(&k.labels));
        let missing = || Why::Missing { kind: "SSH key", name: wanted.clone() };
        shared.or_else(ours).map(|key| key.name.clone()).ok_or_else(missing)
    };
    wanted.iter().map(name).collect()
}

async fn group_id(scope: &Scope<'_>, name: Option<&str>) -> Result<Option<u64>, Why> {
    let Some(name) = name else { return Ok(None) };
    let found = scope.client.placement_group_named(name).await?;
    scope.own("placement group", name, found.map(|group| (group.id, group.labels))).map(Some)
}
