//! What the operator wants: the text of a spec becomes a [`Spec`], and never stops at the first
//! mistake; presets to begin with; and the [`vault`] with everything secret that belongs to it.
//!
//! [`parse_spec`] is pure. Files are reached through [`store`] alone.

mod budget;
mod carries;
pub mod claims;
mod cloud;
pub mod edit;
mod entries;
mod fleet;
#[cfg(any(test, feature = "test-support"))]
pub mod generate;
mod load;
mod operator;
mod options;
mod parse;
pub mod people;
mod presets;
mod promise;
mod render;
mod services;
mod spec;
pub mod store;
mod text;
pub mod vault;
mod volumes;

pub use parse::{FORMAT_VERSION, Parsed, parse_spec};
pub use presets::{PRESETS, Preset, preset};
pub use promise::{Promise, find_promise};
pub use render::render_spec;
pub use spec::{CloudSpec, LAB_ENDPOINT, OperatorSpec, Spec, TokenSource};
pub use text::{Places, Position};
