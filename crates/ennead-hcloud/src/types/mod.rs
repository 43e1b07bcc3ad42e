//! The API's objects, as JSON has them.

mod action;
mod catalogue;
mod firewall;
mod floating_ip;
mod network;
mod pricing;
mod primary_ip;
mod server;
mod small;
mod volume;
mod zone;

pub use action::{Action, ActionError, ActionResource, ApiError, ApiErrorBody, Meta, Pagination};
pub use catalogue::{
    Deprecation, Image, ImageCreatedFrom, ImageProtection, Location, LocationPrice, Price,
    ServerType, ServerTypeLocation,
};
pub use firewall::{
    CreateFirewall, CreateServerFirewall, Firewall, FirewallResource, FirewallRule,
    FirewallSelector, FirewallServer,
};
pub use floating_ip::{CreateFloatingIp, FloatingIp};
pub use network::{AttachToNetwork, CreateNetwork, Network, NetworkProtection, Route, Subnet};
pub use pricing::{AddressPrices, BackupPrice, GbPrice, LocationRate, NamedPrices, Pricing};
pub use primary_ip::{CreatePrimaryIp, DnsPointer, IpProtection, PrimaryIp};
pub use server::{
    CreateServer, CreateServerPublicNet, PrivateNet, PublicIpv4, PublicIpv6, PublicNet, Server,
    ServerCreated, ServerProtection, UpdateServer,
};
pub use small::{CreatePlacementGroup, CreateSshKey, Labels, PlacementGroup, SshKey};
pub use volume::{CreateVolume, Volume, VolumeProtection};
pub use zone::{
    AuthoritativeNameservers, CreateRrSet, CreateZone, PrimaryNameserver, ResourceRecord, RrSet,
    RrSetProtection, Zone, ZoneProtection,
};
