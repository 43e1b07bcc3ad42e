//! Tests with real servers: they need root and what `ennead doctor` asks for.

mod disks;
mod faults;
mod image;
mod names;
mod own_disks;
mod password;
mod reboot;
mod storage_api;
mod support;
mod user_data;
mod volumes;
mod wires;
mod world;
