//! The file is what the daemon reads.

use ennead_model::reference::{RefResolver, ResolveError, resolve_text};

use super::*;

struct Numbers;

impl RefResolver for Numbers {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        let number = reference.kind == RefKind::ServerId;
        Ok(if number { "42".to_owned() } else { "https://cloud.example/v1".to_owned() })
    }
}

#[test]
fn the_daemon_understands_the_file() {
    let timing = Timing { misses: 6, ..Timing::default() };
    let database = |name| Database {
        name,
        server: Ref::new(RefKind::ServerId, name),
        site: "east",
        address: [10, 0, 0, 1].into(),
    };
    let config = Config {
        node: "n1",
        scope: "shop",
        echo_port: 7433,
        rest_port: 8008,
        address: [10, 0, 0, 1].into(),
        databases: vec![database("n1"), database("n2")],
        vantages: vec![("n1", "east"), ("n3", "west")],
        balancers: vec!["n1", "n3"],
        socket: Some("/run/haproxy/admin.sock"),
        endpoints: vec!["https://10.0.0.1:2379".to_owned()],
        ca: CA_PATH,
        client: CLIENT,
        lease_s: 3,
        cloud: Ref::new(RefKind::CloudEndpoint, "nodes"),
        token: TOKEN_PATH,
        timing: &timing,
    };
    let text = resolve_text(&render(&config), &Numbers).unwrap();
    let read: ennead_guard::config::Config = toml::from_str(&text).unwrap();
    assert_eq!(read.timing, timing);
    assert_eq!(read.databases.len(), 2);
    assert_eq!(read.databases.values().next().unwrap().server.0, 42);
    assert_eq!(read.vantages.len(), 2);
    assert_eq!(read.cloud.endpoint, "https://cloud.example/v1");
    assert!(read.balancers.len() == 2 && read.balancer_socket.is_some() && read.refuses);
}
