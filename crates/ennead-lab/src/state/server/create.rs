//! Making a server.

use ennead_hcloud::types::{Action, CreateServer, ServerCreated, ServerProtection};
use ennead_model::Catalogue;
use ennead_model::catalogue::{CatalogueLocation, CatalogueServerType};
use ennead_model::digest::sha256_hex;

use super::networks::Wish;
use super::{ServerDisk, ServerRecord, Status};
use crate::state::effect::{Effect, Lane};
use crate::state::firewall::filter::SentFilter;
use crate::state::labels::is_subdomain;
use crate::state::moment::{Moment, rfc3339};
use crate::state::primary_ip::of_server::Addresses;
use crate::state::{Change, Code, Refusal, State, check_name_free};
use crate::world::{Password, ServerSeed};

/// Largest user data in bytes. Source: the official description of `POST /servers`.
pub const USER_DATA_BYTES_MAX: usize = 32 * 1024;

/// What is done with a server once it is made.
struct Follows {
    networks: Vec<u64>,
    volumes: Vec<u64>,
    automount: bool,
    starts: bool,
}

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
        let image = self.choose_image(&wanted.image, server_type, server_type.disk_gb)?;
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
        let follows = Follows {
            networks: wanted.networks.clone(),
            volumes: wanted.volumes.clone(),
            automount: wanted.automount.unwrap_or(false),
            starts: wanted.start_after_create,
        };
        let record = ServerRecord {
            id: self.fresh_id(),
            name: wanted.name,
            status: Status::Initializing,
            created: rfc3339(moment.now),
            server_type: server_type.name.clone(),
            image: image.base,
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
            disk: ServerDisk { snapshot: image.snapshot, ..ServerDisk::default() },
            filter: SentFilter::default(),
        };
        let root_password = record.ssh_keys.is_empty().then(|| root_password(moment.salt));
        let id = record.id;
        self.servers.insert(id, record);
        self.apply_to_new_server(id, wanted.firewalls.iter().map(|one| one.firewall))?;
        let password = root_password.clone().map(Password);
        let (action, next_actions) = self.begin_server(id, &follows, password, moment)?;
        Ok(ServerCreated { server: self.server(id, moment)?, action, next_actions, root_password })
    }

    /// Queues what makes a server, in the order in which it is carried out.
    fn begin_server(
        &mut self,
        id: u64,
        follows: &Follows,
        root_password: Option<Password>,
        moment: &Moment<'_>,
    ) -> Result<(Action, Vec<Action>), Refusal> {
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let seed = self.server_record(id)?.seed().ok_or_else(missing)?;
        let seed = Box::new(ServerSeed { root_password, ..seed });
        let mut effects = vec![Effect::CreateServer(seed)];
        effects.extend(self.first_filter(id));
        let change = Change::CreateServer(id);
        let action = self.begin("create_server", &resources, lane, effects, change, moment);
        let mut next_actions = Vec::new();
        for network in &follows.networks {
            next_actions.push(self.begin_attach(id, &Wish::any(*network), moment)?);
        }
        for volume in &follows.volumes {
            self.free_volume(*volume)?;
            let automount = follows.automount;
            next_actions.push(self.begin_attach_volume(*volume, id, automount, moment)?);
        }
        if follows.starts {
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
        let limits = moment.rules.limits;
        if limits.servers.is_some_and(|limit| self.servers.len() >= limit) {
            return Err(Refusal::limit("server_limit", "server limit exceeded"));
        }
        self.check_dedicated_limit(None, server_type, moment)
    }

    /// Checks that one more server may have that type, or that one may change to it.
    pub(super) fn check_dedicated_limit(
        &self,
        from: Option<&CatalogueServerType>,
        to: &CatalogueServerType,
        moment: &Moment<'_>,
    ) -> Result<(), Refusal> {
        let catalogue = Catalogue::embedded();
        let is_dedicated = |found: &CatalogueServerType| found.cpu_type == "dedicated";
        let types = self.servers.values().filter_map(|it| catalogue.server_type(&it.server_type));
        let dedicated = types.filter(|found| is_dedicated(found)).count();
        if is_dedicated(to)
            && !from.is_some_and(is_dedicated)
            && moment.rules.limits.dedicated_servers.is_some_and(|limit| dedicated >= limit)
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
    let server_type = find_server_type(&wanted.server_type)?;
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
    let location = find_location(name)?;
    if !sold_in(&location.name) {
        // What the cloud answers since 2025; before, it was a 412 like a stock-out.
        let message = "unsupported location for server type";
        return Err(Refusal::new(Code::InvalidInput, message));
    }
    if sold_out(&location.name) { Err(unavailable()) } else { Ok((server_type, location)) }
}

/// Finds a server type by id or name.
pub(super) fn find_server_type(wanted: &str) -> Result<&'static CatalogueServerType, Refusal> {
    let mut types = Catalogue::embedded().server_types.iter();
    types.find(|found| is_named(found.id, &found.name, wanted)).ok_or_else(|| {
        Refusal::new(Code::InvalidInput, format!("server type '{wanted}' not found"))
    })
}

/// Finds a location by id or name.
pub(in crate::state) fn find_location(wanted: &str) -> Result<&'static CatalogueLocation, Refusal> {
    let mut locations = Catalogue::embedded().locations.iter();
    locations
        .find(|found| is_named(found.id, &found.name, wanted))
        .ok_or_else(|| Refusal::new(Code::InvalidInput, format!("location '{wanted}' not found")))
}

fn is_named(id: u64, name: &str, wanted: &str) -> bool {
    name == wanted || wanted.parse() == Ok(id)
}

/// Returns a password that nobody can foresee.
pub(super) fn root_password(salt: u64) -> String {
    sha256_hex(salt.to_be_bytes()).chars().take(20).collect()
}
