//! Filters, floating addresses, aliases, routes and the way out of real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::support::TestLab;
use ennead_host::{Command, Host as _, LocalHost};
use ennead_lab::lifecycle::census;
use ennead_lab::state::Prefix;
use ennead_lab::world::{
    Attachment, Direction, NetworkRoute, NetworkSeed, PacketFilter, PacketRule, Protocol,
    PublicSide as _, RealWorld, ServerSeed, World as _,
};

pub(crate) const PING: &str = "ping -n -c 1 -W 1";
const SERVE: &str = "systemd-run -q --collect python3 -m http.server -d / 8080; \
    for i in $(seq 300); do curl -so /dev/null http://127.0.0.1:8080/etc/hostname && exit 0; \
    sleep 0.1; done; exit 1";

/// Makes and starts servers in these locations, all of one network.
pub(crate) async fn start(lab: &TestLab, world: &RealWorld, locations: &[&str]) -> Vec<ServerSeed> {
    let (ip_range, network_zone) = ("10.0.0.0/16".to_owned(), Some("us-east".to_owned()));
    world.create_network(&NetworkSeed { id: 1, ip_range, network_zone }).await.unwrap();
    let mut seeds = Vec::new();
    for (id, location) in (1..).zip(locations) {
        let seed = lab.seed(id, location, "us-east").await;
        world.create_server(&seed).await.unwrap();
        let host = 10 + u8::try_from(id).unwrap();
        let (ip, mac) = ([10, 0, 0, host].into(), format!("86:00:00:00:01:{host:02x}"));
        world.attach(id, &Attachment { network: 1, ip, mac }).await.unwrap();
        world.start(id).await.unwrap();
        seeds.push(seed);
    }
    for seed in &seeds {
        lab.wait_for_ssh(seed.id).await;
    }
    seeds
}

pub(crate) async fn here(script: &str) -> String {
    let command = Command::new("sh").args(["-c", script]);
    LocalHost::new("test").run_ok(&command).await.unwrap().stdout_text()
}

/// Everything that a router does with packets.
pub(crate) async fn routers(lab: &TestLab) -> String {
    let names = lab.place.names();
    let mut all = String::new();
    for router in [names.internet(), names.network(1)] {
        let look = format!(
            "ip netns exec {router} nft list ruleset; ip -n {router} rule; ip -n {router} route"
        );
        all += &here(&look).await;
    }
    all
}

fn rule(direction: Direction, protocol: Protocol) -> PacketRule {
    PacketRule { direction, protocol, peers: vec![Prefix::parse("0.0.0.0/0").unwrap()] }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_for_public_interfaces_and_know_what_is_an_answer() {
    TestLab::run("test-filter", 220, |lab| async move {
        let world = lab.open().await;
        let seeds = start(&lab, &world, &["ash", "ash"]).await;
        let (one, two) = (&seeds[0], &seeds[1]);
        lab.ssh_ok(one, SERVE).await;
        let before = routers(&lab).await;
        let public = format!("curl -sm 2 http://{}:8080/etc/hostname", lab.address(1));
        let private = "curl -sm 2 http://10.0.0.11:8080/etc/hostname";
        let ssh = |id: u64| format!("timeout 2 bash -c '</dev/tcp/{}/22'", lab.address(id));
        assert_eq!(lab.ssh_ok(two, &public).await, "ash-1\n");

        let mut filter = PacketFilter { rules: vec![rule(Direction::In, Protocol::Tcp(22, 22))] };
        world.set_filter(1, Some(&filter)).await.unwrap();
        assert!(!lab.ssh(two, &public).await.success());
        assert!(!lab.ssh(two, &format!("{PING} {}", lab.address(1))).await.success());
        lab.ssh_ok(two, &ssh(1)).await;
        assert_eq!(lab.ssh_ok(two, private).await, "ash-1\n");
        // Whatever it asks is answered; so is the metadata service.
        lab.ssh_ok(one, &ssh(2)).await;
        let metadata = "curl -sSfm 5 http://169.254.169.254/hetzner/v1/metadata/hostname";
        assert_eq!(lab.ssh_ok(one, metadata).await, "ash-1");

        filter.rules.push(rule(Direction::In, Protocol::Tcp(8000, 8100)));
        filter.rules.push(rule(Direction::Out, Protocol::Udp(53, 53)));
        world.set_filter(1, Some(&filter)).await.unwrap();
        assert_eq!(lab.ssh_ok(two, &public).await, "ash-1\n");
        assert!(!lab.ssh(one, &ssh(2)).await.success());
        assert_eq!(lab.ssh_ok(one, metadata).await, "ash-1");

        // It stays over a power cut, and over the end of the daemon.
        filter.rules.truncate(1);
        world.set_filter(1, Some(&filter)).await.unwrap();
        world.power_off(1).await.unwrap();
        drop(world);
        let world = lab.open().await;
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(one, SERVE).await;
        assert!(!lab.ssh(two, &public).await.success());
        world.set_filter(1, None).await.unwrap();
        assert_eq!(lab.ssh_ok(two, &public).await, "ash-1\n");
        assert_eq!(routers(&lab).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floating_addresses_aliases_and_routes_lead_where_they_are_told() {
    TestLab::run("test-routes", 221, |lab| async move {
        let world = lab.open().await;
        let seeds = start(&lab, &world, &["ash", "ash"]).await;
        let (one, two) = (&seeds[0], &seeds[1]);
        let floating = lab.address(200);
        let own = format!("ip address add {floating}/32 dev eth0");
        for seed in [one, two] {
            lab.ssh_ok(seed, SERVE).await;
            lab.ssh_ok(seed, &own).await;
        }
        let before = routers(&lab).await;
        let who = format!("curl -sm 2 http://{floating}:8080/etc/hostname || true");
        assert_eq!(here(&who).await, "");
        world.route_floating(floating, Some(1)).await.unwrap();
        assert_eq!(here(&who).await, "ash-1\n");
        world.route_floating(floating, Some(2)).await.unwrap();
        assert_eq!(here(&who).await, "ash-2\n");
        // Who has it may send from it, who has it not may not.
        let from = |to: u64| format!("{PING} -I {floating} {}", lab.address(to));
        lab.ssh_ok(two, &from(0)).await;
        assert!(!lab.ssh(one, &from(0)).await.success());
        // It comes back with its server, and moves away from one that is off.
        world.power_off(2).await.unwrap();
        assert_eq!(here(&who).await, "");
        world.start(2).await.unwrap();
        lab.wait_for_ssh(2).await;
        lab.ssh_ok(two, &own).await;
        lab.ssh_ok(two, SERVE).await;
        assert_eq!(here(&who).await, "ash-2\n");

        let alias = [10, 0, 0, 50].into();
        lab.ssh_ok(one, "ip address add 10.0.0.50/32 dev enp7s0").await;
        let ping_alias = format!("{PING} 10.0.0.50");
        assert!(!lab.ssh(two, &ping_alias).await.success());
        world.set_aliases(1, 1, &[alias]).await.unwrap();
        lab.ssh_ok(two, &ping_alias).await;

        let destination = Prefix::parse("172.20.0.0/16").unwrap();
        let route = NetworkRoute { destination, gateway: [10, 0, 0, 11].into() };
        world.set_routes(1, std::slice::from_ref(&route)).await.unwrap();
        let far = "ip address add 172.20.0.1/32 dev lo";
        lab.ssh_ok(one, far).await;
        lab.ssh_ok(two, "ip route add 172.20.0.0/16 via 10.0.0.1 dev enp7s0").await;
        let ping_far = format!("{PING} 172.20.0.1");
        lab.ssh_ok(two, &ping_far).await;

        world.power_off(1).await.unwrap();
        assert!(!lab.ssh(two, &ping_far).await.success());
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(one, &format!("{far}; ip address add 10.0.0.50/32 dev enp7s0")).await;
        lab.ssh_ok(two, &format!("{ping_far} && {ping_alias}")).await;

        world.set_routes(1, &[]).await.unwrap();
        world.set_aliases(1, 1, &[]).await.unwrap();
        world.route_floating(floating, None).await.unwrap();
        assert!(!lab.ssh(two, &ping_far).await.success());
        assert!(!lab.ssh(two, &ping_alias).await.success());
        assert_eq!(here(&who).await, "");
        assert_eq!(routers(&lab).await, before);

        let other = lab.address(77);
        world.set_public_address(1, Some(other)).await.unwrap_err();
        world.power_off(1).await.unwrap();
        world.set_public_address(1, Some(other)).await.unwrap();
        world.start(1).await.unwrap();
        lab.ssh_ok(
            two,
            &format!("for i in $(seq 300); do {PING} {other} && exit; sleep 0.1; done; exit 1"),
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_reach_the_outside_only_when_it_is_asked_for() {
    TestLab::run("test-egress", 224, |lab| async move {
        let world = lab.open().await;
        let seeds = start(&lab, &world, &["ash"]).await;
        // Others may change their own tables meanwhile.
        let uplink = "$(ip -4 route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/;q')";
        let table = lab.place.names().cgroup();
        let look = format!(
            "nft list tables | grep -c {table}; cat /proc/sys/net/ipv4/conf/{uplink}/forwarding"
        );
        let (outside, before) = (routers(&lab).await, here(&look).await);
        // The outside: a namespace behind a link of its own.
        here(
            "ip netns add entest-outside && \
              ip link add entest-o type veth peer name out netns entest-outside && \
              ip address add 203.0.113.1/24 dev entest-o && ip link set entest-o up && \
              ip -n entest-outside address add 203.0.113.2/24 dev out && \
              ip -n entest-outside link set out up && \
              echo 1 > /proc/sys/net/ipv4/conf/entest-o/forwarding",
        )
        .await;
        let ping = format!("{PING} 203.0.113.2");
        let closed = lab.ssh(&seeds[0], &ping).await.success();
        let opened = world.set_egress(true).await;
        let open = lab.ssh(&seeds[0], &ping).await.success();
        let counted = census(&lab.place.lab, &lab.place.state).await;
        let unknown = lab.ssh(&seeds[0], &format!("{PING} {}", lab.address(99))).await.success();
        let shut = world.set_egress(false).await;
        let shut_again = lab.ssh(&seeds[0], &ping).await.success();
        here("ip netns delete entest-outside; ip link delete entest-o 2>/dev/null || true").await;
        opened.unwrap();
        shut.unwrap();
        assert_eq!((closed, open, unknown, shut_again), (false, true, false, false));
        assert_eq!(counted.unwrap().tables, 1);
        assert_eq!(routers(&lab).await, outside);
        assert_eq!(here(&look).await, before);
        // Open at its end: teardown closes it, and the lab's census finds nothing.
        world.set_egress(true).await.unwrap();
    })
    .await;
}
