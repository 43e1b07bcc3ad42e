//! The API's objects, as JSON has them.

mod action;
mod catalogue;
mod network;
mod server;
mod small;
mod zone;

pub use action::{Action, ActionError, ActionResource, ApiError, ApiErrorBody, Meta, Pagination};
pub use catalogue::{
    Deprecation, Image, ImageCreatedFrom, ImageProtection, Location, LocationPrice, Price,
    ServerType, ServerTypeLocation,
};
pub use network::{AttachToNetwork, CreateNetwork, Network, NetworkProtection, Route, Subnet};
pub use server::{
    CreateServer, CreateServerPublicNet, PrivateNet, PublicIpv4, PublicIpv6, PublicNet, Server,
    ServerCreated, ServerProtection, UpdateServer,
};
pub use small::{CreatePlacementGroup, CreateSshKey, Labels, PlacementGroup, SshKey};
pub use zone::{
    AuthoritativeNameservers, CreateRrSet, CreateZone, PrimaryNameserver, ResourceRecord, RrSet,
    RrSetProtection, Zone, ZoneProtection,
};
