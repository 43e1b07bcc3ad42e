//! Addresses, routes, filters and names.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use async_trait::async_trait;

use super::{Inner, RealWorld, network_error, server_error};
use crate::names::{NameServer, Sockets};
use crate::world::record::{
    ServerRecord, all_servers, find_network, find_server, load_server, save_network_record,
    save_server,
};
use crate::world::why::Why;
use crate::world::{
    API_PORT, LabPlace, NetworkRoute, PacketFilter, PublicSide, WorldError, ZoneSeed, filter,
    namespace, routes,
};

/// Whose turn it is to move floating addresses.
const FLOATING: &str = "floating addresses";

/// Whose turn it is to write the table of filters.
const FILTERS: &str = "filters";

/// Listens at [`LabPlace::name_server`] inside the lab's internet; answers until the returned future
/// is dropped. Zones are forgotten with the world: whoever opens it publishes them again.
pub(super) async fn serve_names(
    place: &LabPlace,
    names: &NameServer,
) -> Result<impl Future<Output = std::io::Result<()>> + use<>, Why> {
    let address = place.name_server();
    let bind = move || {
        let sockets = Sockets::bind(address);
        sockets.map_err(|error| Why(format!("listen on {address}: {error}")))
    };
    let sockets = namespace::inside(&place.names().internet(), bind).await?;
    names.serve(sockets).map_err(|error| Why::of(&error))
}

/// Listens for the API beside the name server. A socket belongs for ever to the namespace in which it
/// was made, so nobody but this lab's servers and this machine reaches it.
pub(super) async fn listen_for_api(place: &LabPlace) -> Result<TcpListener, Why> {
    let address = SocketAddr::new(place.name_server().ip(), API_PORT);
    let bind = move || {
        let bind = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        bind().map_err(|error: std::io::Error| Why(format!("listen on {address}: {error}")))
    };
    namespace::inside(&place.names().internet(), bind).await
}

impl Inner {
    async fn set_filter(&self, id: u64, filter: Option<&PacketFilter>) -> Result<(), Why> {
        {
            let _turn = self.server_turn(id).await;
            // A server that is gone has no filter any more.
            let Some(mut record) = find_server(&self.place, id)? else {
                let missing = || Why("there is no such server".to_owned());
                return filter.map_or(Ok(()), |_| Err(missing()));
            };
            record.filter = filter.cloned();
            save_server(&self.place, &record)?;
        }
        self.apply_filters().await
    }

    /// Writes the table of filters as the records say.
    pub(super) async fn apply_filters(&self) -> Result<(), Why> {
        let _turn = self.turn(FILTERS.to_owned()).await;
        filter::apply(&self.place).await
    }

    async fn route_floating(&self, ip: Ipv4Addr, to: Option<u64>) -> Result<(), Why> {
        self.check_public(ip)?;
        for record in all_servers(&self.place)? {
            let id = record.seed.id;
            if Some(id) != to && record.floating.contains(&ip) {
                let _turn = self.server_turn(id).await;
                let Some(mut record) = find_server(&self.place, id)? else { continue };
                record.floating.retain(|other| *other != ip);
                save_server(&self.place, &record)?;
            }
        }
        let internet = self.place.names().internet();
        let Some(id) = to else {
            return namespace::script_in(&internet, &[routes::no_floating_line(ip)]).await;
        };
        let _turn = self.server_turn(id).await;
        let mut record = load_server(&self.place, id)?;
        if !record.floating.contains(&ip) {
            record.floating.push(ip);
            save_server(&self.place, &record)?;
        }
        let reachable = self.running(id)?.is_some() && record.seed.public_ip.is_some();
        let line = if reachable {
            routes::floating_line(ip, id)
        } else {
            // Its next start brings the route.
            routes::no_floating_line(ip)
        };
        namespace::script_in(&internet, &[line]).await
    }

    fn set_public_address(&self, id: u64, ip: Option<Ipv4Addr>) -> Result<(), Why> {
        let mut record = load_server(&self.place, id)?;
        if record.seed.public_ip == ip {
            return Ok(());
        }
        if self.running(id)?.is_some() {
            return Err(Why("it runs".to_owned()));
        }
        ip.map_or(Ok(()), |ip| self.check_public(ip))?;
        record.seed.public_ip = ip;
        save_server(&self.place, &record)
    }

    async fn set_aliases(&self, id: u64, network: u64, all: &[Ipv4Addr]) -> Result<(), Why> {
        let mut record = load_server(&self.place, id)?;
        let mut attached = record.attached.iter_mut();
        let missing = || Why(format!("it is not attached to network {network}"));
        let attached = attached.find(|it| it.attachment.network == network).ok_or_else(missing)?;
        attached.aliases = all.to_vec();
        let attached = attached.clone();
        save_server(&self.place, &record)?;
        if self.running(id)?.is_none() {
            return Ok(());
        }
        let mut lines = vec![routes::no_aliases_line(id)];
        lines.extend(all.iter().map(|alias| routes::alias_line(*alias, id)));
        let added = find_network(&self.place, network)?.map(|it| it.routes).unwrap_or_default();
        lines.extend(routes::lines_through(&added, id, &attached));
        namespace::script_in(&self.place.names().network(network), &lines).await
    }

    async fn set_routes(&self, network: u64, all: &[NetworkRoute]) -> Result<(), Why> {
        let Some(mut record) = find_network(&self.place, network)? else {
            let missing = || Why("there is no such network".to_owned());
            return if all.is_empty() { Ok(()) } else { Err(missing()) };
        };
        record.routes = all.to_vec();
        save_network_record(&self.place, &record)?;
        let is_running = |record: &ServerRecord| Ok(self.running(record.seed.id)?.is_some());
        routes::set_added(&self.place, network, all, is_running).await
    }
}

#[async_trait]
impl PublicSide for RealWorld {
    async fn set_filter(
        &self,
        server: u64,
        filter: Option<&PacketFilter>,
    ) -> Result<(), WorldError> {
        let set = self.inner.set_filter(server, filter);
        set.await.map_err(server_error(server, "filter"))
    }

    async fn route_floating(&self, ip: Ipv4Addr, server: Option<u64>) -> Result<(), WorldError> {
        let _turn = self.inner.turn(FLOATING.to_owned()).await;
        let route = self.inner.route_floating(ip, server);
        route.await.map_err(|why| why.about(format!("floating IP {ip}"), "route"))
    }

    async fn set_public_address(
        &self,
        server: u64,
        ip: Option<Ipv4Addr>,
    ) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let set = self.inner.set_public_address(server, ip);
        set.map_err(server_error(server, "address"))
    }

    async fn set_aliases(
        &self,
        server: u64,
        network: u64,
        aliases: &[Ipv4Addr],
    ) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let set = self.inner.set_aliases(server, network, aliases);
        set.await.map_err(server_error(server, "alias"))
    }

    async fn set_routes(&self, network: u64, routes: &[NetworkRoute]) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("network {network}")).await;
        let set = self.inner.set_routes(network, routes);
        set.await.map_err(network_error(network, "route"))
    }

    async fn publish_zone(&self, zone: &ZoneSeed) -> Result<(), WorldError> {
        let published = self.inner.names.publish(zone);
        published.map_err(|why| Why(why).about(format!("zone {}", zone.name), "publish"))
    }

    async fn withdraw_zone(&self, name: &str) -> Result<(), WorldError> {
        self.inner.names.withdraw(name);
        Ok(())
    }
}
