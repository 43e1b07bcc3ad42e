//! Reverse names of a server's public addresses: they belong to its primary IPs.

use ennead_hcloud::types::Action;

use crate::state::effect::Lane;
use crate::state::moment::Moment;
use crate::state::primary_ip::PrimaryIpChange;
use crate::state::{Change, Refusal, State};

impl State {
    /// Sets the name of one of a server's public addresses; without one it has its first name again.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn change_dns_ptr(
        &mut self,
        id: u64,
        ip: &str,
        name: Option<&str>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let own: Vec<u64> = self.free_server(id)?.primary_ips().collect();
        let mut refusal = Refusal::invalid("ip", "is not an address of the server");
        for primary in own {
            let Some(record) = self.primary_ips.get(&primary) else { continue };
            let before = record.names.clone();
            let names = match before.with(record.ip, ip, name) {
                Ok(names) => names,
                // Of another of its addresses, or a name that is none.
                Err(other) => {
                    if other.message.contains("dns_ptr") {
                        refusal = other;
                    }
                    continue;
                }
            };
            if let Some(record) = self.primary_ips.get_mut(&primary) {
                record.names = names;
            }
            let change = Change::PrimaryIp(PrimaryIpChange::Names(primary, before));
            let (lane, resources) = (Lane::Server(id), [("server", id)]);
            return Ok(self.begin("change_dns_ptr", &resources, lane, Vec::new(), change, moment));
        }
        Err(refusal)
    }
}
