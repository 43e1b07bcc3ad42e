//! What runs on a node: one folder per component, all of the same shape.
//!
//! A component declares, as data computed from the fleet and its options, what it needs on each
//! node; everything else is derived from that by readers of the declarations (orders, certificates,
//! the lab image's package list, `status`, drills). To add a component is to add a folder and one
//! line in [`components!`] below; nothing else names it. `docs/component-spec.md` says what each
//! component must provide.

pub mod access;
mod action;
pub mod component;
pub mod declaration;
pub mod leaf;
pub mod orders;
mod render;

pub use component::{Component, ComponentError, Context};
pub use declaration::{
    Certificate, Declaration, Disruption, Interface, Peers, Port, Protocol, SecretRequest, Usage,
};
pub use orders::{
    Wanted, component_name, components_of, image_packages, order_for, runs_on, wanted,
};

use serde::{Deserialize, Serialize};

/// Makes the list of components and the options section of the spec from one list, in the order in
/// which they converge.
macro_rules! components {
    ($($module:ident => $type:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every component, each after those it depends on.
        pub static ALL: &[&dyn Component] = &[$(&$module::$type),+];

        /// The options of every component: the `[components.NAME]` tables of a spec.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Options {
            $(
                #[doc = concat!("Options of ", stringify!($module), ".")]
                pub $module: $module::Options,
            )+
        }
    };
}

components! {
    base => Base,
    firewall => Firewall,
    wireguard => Wireguard,
    vpn => Vpn,
    etcd => Etcd,
    postgres => Postgres,
    pgbouncer => Pgbouncer,
    haproxy => Haproxy,
    guard => Guard,
}

/// Returns the component of that name.
pub fn find(name: &str) -> Option<&'static dyn Component> {
    ALL.iter().copied().find(|component| component.name() == name)
}
