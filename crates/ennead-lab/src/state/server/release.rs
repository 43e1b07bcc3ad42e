//! What a server leaves behind when it is gone.

use crate::state::State;

impl State {
    /// Removes a server with the primary IPs that go with it. Its floating IPs lead nowhere, and
    /// no firewall is applied to it any more.
    pub(crate) fn remove_server(&mut self, server: u64) {
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
