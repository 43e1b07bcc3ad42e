//! Tests with real servers: they need root and what `ennead doctor` asks for.

mod image;
mod names;
mod support;
mod user_data;
mod world;
