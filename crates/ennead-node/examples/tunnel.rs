//! Runs one userspace tunnel, as `ennead node tunnel IFACE` does: for measurements and tests.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let interface = std::env::args().nth(1).ok_or("usage: tunnel INTERFACE")?;
    Ok(ennead_node::tunnel(&interface)?)
}
