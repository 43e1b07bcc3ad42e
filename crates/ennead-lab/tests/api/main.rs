//! The lab's API as a client sees it, over a world that only remembers.

#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values where they are used")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod address_schema;
mod client;
mod coverage;
mod described;
mod documented;
mod endings;
mod faults;
mod firewall_refusals;
mod firewalls;
mod floating_ips;
mod images;
mod keys_and_groups;
mod lab_config;
mod metrics;
mod names;
mod network_routes;
mod networks;
mod own_client;
mod pace;
mod power;
mod primary_ip_refusals;
mod primary_ips;
mod projects;
mod provoked;
mod restart;
mod rrsets;
mod schema;
mod schema_storage;
mod server_disks;
mod servers;
mod transport;
mod unfinished;
mod volumes;
mod wire;
mod world_faults;
mod zone_forms;
mod zones;
