//! What a server leaves behind when it is gone.

use crate::state::State;
use crate::state::effect::Effect;

impl State {
    /// Removes a server with the primary IPs that go with it. Its floating IPs lead nowhere, and
    /// no firewall is applied to it any more. What the world was still to be told about it is
    /// dropped: it was queued while the server was being removed.
    pub(crate) fn remove_server(&mut self, server: u64) {
        for job in &mut self.jobs {
            job.effects.retain(|effect| told_about(effect) != Some(server));
        }
        let floating: Vec<_> = self.floating_ips_of(server).map(|record| record.id).collect();
        for id in floating {
            if let Some(record) = self.floating_ips.get_mut(&id) {
                record.server = None;
            }
            self.route_as_known(id);
        }
        self.forget_filter_of(server);
        self.delete_addresses_of(server);
        self.servers.remove(&server);
    }
}

/// Returns the server that an effect puts in its place in the internet or in a network.
fn told_about(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::SetFilter(server, _)
        | Effect::SetPublicAddress(server, _)
        | Effect::SetAliases(server, ..)
        | Effect::RouteFloating(_, Some(server)) => Some(*server),
        _ => None,
    }
}
