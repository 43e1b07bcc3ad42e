//! Making a server.

use ennead_hcloud::types::{Action, CreateServer, ServerCreated, ServerProtection};
use ennead_model::Catalogue;
use ennead_model::catalogue::{CatalogueLocation, CatalogueServerType};
use ennead_model::digest::sha256_hex;

use super::networks::Wish;
use super::{ServerRecord, Status};
use crate::state::effect::{Effect, Lane};
use crate::state::firewall::filter::SentFilter;
use crate::state::labels::is_subdomain;
use crate::state::moment::{Moment, rfc3339};
use crate::state::primary_ip::of_server::Addresses;
use crate::state::{Change, Code, Refusal, State, check_name_free};

/// Largest user data in bytes. Source: the official description of `POST /servers`.
pub const USER_DATA_BYTES_MAX: usize = 32 * 1024;

impl State {
    /// Makes a server, attaches it to networks and starts it.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`, `not_found`, `resource_unavailable`,
    /// `resource_limit_exceeded`, and those of attaching, of applying a firewall and of choosing
    /// primary IPs.
    pub fn create_server(
        &mut self,
        wanted: CreateServer,
        moment: &Moment<'_>,
    ) -> Result<ServerCreated, Refusal> {
        check_host_name(&wanted.name)?;
        check_name_free(&wanted.name, self.servers.values().map(|server| server.name.as_str()))?;
        if wanted.user_data.as_ref().is_some_and(|data| data.len() > USER_DATA_BYTES_MAX) {
            return Err(Refusal::invalid("user_data", "must be at most 32 KiB"));
        }
        let (server_type, location) = choose(&wanted, moment)?;
        let image = choose_image(&wanted.image)?;
        self.check_limits(server_type, moment)?;
        if let Some(group) = wanted.placement_group {
            self.check_group_has_room(group)?;
        }
        let keys = wanted.ssh_keys.iter().map(|key| self.resolve_ssh_key(key));
        let keys: Vec<_> =
            keys.map(|key| key.map(|key| key.public_key.clone())).collect::<Result<_, _>>()?;

        let has_network = !wanted.networks.is_empty();
        let public = wanted.public_net.as_ref();
        let Addresses { ipv4, ipv6 } =
            self.choose_addresses(public, has_network, &location.name, moment)?;
        let record = ServerRecord {
            id: self.fresh_id(),
            name: wanted.name,
            status: Status::Initializing,
            created: rfc3339(moment.now),
            server_type: server_type.name.clone(),
            image,
            location: location.name.clone(),
            ssh_keys: keys,
            user_data: wanted.user_data,
            ipv4,
            ipv6,
            attachments: Vec::new(),
            protection: ServerProtection::default(),
            labels: wanted.labels,
            placement_group: wanted.placement_group,
            restart_on_stop: false,
            filter: SentFilter::default(),
        };
        let root_password = record.ssh_keys.is_empty().then(|| root_password(moment.salt));
        let id = record.id;
        self.servers.insert(id, record);
        self.apply_to_new_server(id, wanted.firewalls.iter().map(|one| one.firewall))?;
        let (action, next_actions) =
            self.begin_server(id, &wanted.networks, wanted.start_after_create, moment)?;
        Ok(ServerCreated { server: self.server(id, moment)?, action, next_actions, root_password })
    }

    /// Queues what makes a server, in the order in which it is carried out.
    fn begin_server(
        &mut self,
        id: u64,
        networks: &[u64],
        starts: bool,
        moment: &Moment<'_>,
    ) -> Result<(Action, Vec<Action>), Refusal> {
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let seed = self.server_record(id)?.seed().ok_or_else(missing)?;
        let mut effects = vec![Effect::CreateServer(Box::new(seed))];
        effects.extend(self.first_filter(id));
        let change = Change::CreateServer(id);
        let action = self.begin("create_server", &resources, lane, effects, change, moment);
        let mut next_actions = Vec::new();
        for network in networks {
            next_actions.push(self.begin_attach(id, &Wish::any(*network), moment)?);
        }
        if starts {
            let change = Change::Power { server: id, to: Status::Running, before: Status::Off };
            let effects = vec![Effect::Start(id)];
            next_actions.push(self.begin(
                "start_server",
                &resources,
                lane,
                effects,
                change,
                moment,
            ));
        }
        Ok((action, next_actions))
    }

    fn check_limits(
        &self,
        server_type: &CatalogueServerType,
        moment: &Moment<'_>,
    ) -> Result<(), Refusal> {
        let catalogue = Catalogue::embedded();
        let is_dedicated = |name: &str| {
            catalogue.server_type(name).is_some_and(|found| found.cpu_type == "dedicated")
        };
        let limits = moment.rules.limits;
        if limits.servers.is_some_and(|limit| self.servers.len() >= limit) {
            return Err(Refusal::limit("server_limit", "server limit exceeded"));
        }
        let dedicated =
            self.servers.values().filter(|server| is_dedicated(&server.server_type)).count();
        if is_dedicated(&server_type.name)
            && limits.dedicated_servers.is_some_and(|limit| dedicated >= limit)
        {
            return Err(Refusal::limit("dedicated_server_limit", "dedicated core limit exceeded"));
        }
        Ok(())
    }
}

/// Checks that a name may be a server's: an RFC 1123 host name.
pub(crate) fn check_host_name(name: &str) -> Result<(), Refusal> {
    if is_subdomain(name) {
        Ok(())
    } else {
        Err(Refusal::invalid("name", "is not a valid hostname"))
    }
}

/// Finds the type and the location where it is sold and in stock.
fn choose(
    wanted: &CreateServer,
    moment: &Moment<'_>,
) -> Result<(&'static CatalogueServerType, &'static CatalogueLocation), Refusal> {
    let catalogue = Catalogue::embedded();
    let not_found = |kind: &str, name: &str| {
        Refusal::new(Code::InvalidInput, format!("{kind} '{name}' not found"))
    };
    let server_type = catalogue
        .server_types
        .iter()
        .find(|found| is_named(found.id, &found.name, &wanted.server_type))
        .ok_or_else(|| not_found("server type", &wanted.server_type))?;
    let sold_out = |location: &str| {
        moment.rules.sold_out.contains(&(server_type.name.clone(), location.to_owned()))
    };
    let unavailable = || Refusal::new(Code::ResourceUnavailable, "error during placement");
    let sold_in = |name: &String| server_type.locations.contains(name);
    let Some(name) = &wanted.location else {
        let mut locations = catalogue.locations.iter().filter(|found| sold_in(&found.name));
        let location = locations.find(|found| !sold_out(&found.name)).ok_or_else(unavailable)?;
        return Ok((server_type, location));
    };
    let location = catalogue
        .locations
        .iter()
        .find(|found| is_named(found.id, &found.name, name))
        .ok_or_else(|| not_found("location", name))?;
    if !sold_in(&location.name) {
        // What the cloud answers since 2025; before, it was a 412 like a stock-out.
        let message = "unsupported location for server type";
        return Err(Refusal::new(Code::InvalidInput, message));
    }
    if sold_out(&location.name) { Err(unavailable()) } else { Ok((server_type, location)) }
}

fn choose_image(wanted: &str) -> Result<String, Refusal> {
    let mut images = Catalogue::embedded().images.iter();
    images
        .find(|image| is_named(image.id, &image.name, wanted))
        .map(|image| image.name.clone())
        .ok_or_else(|| Refusal::new(Code::InvalidInput, format!("image '{wanted}' not found")))
}

fn is_named(id: u64, name: &str, wanted: &str) -> bool {
    name == wanted || wanted.parse() == Ok(id)
}

fn root_password(salt: u64) -> String {
    sha256_hex(salt.to_be_bytes()).chars().take(20).collect()
}
