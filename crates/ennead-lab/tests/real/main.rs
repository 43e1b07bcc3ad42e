//! Tests with real servers: they need root and what `ennead doctor` asks for.

mod faults;
mod image;
mod support;
mod user_data;
mod wires;
mod world;
