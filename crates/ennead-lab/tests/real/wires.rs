//! Filters, floating addresses, aliases, routes, distance and faults between real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crate::support::TestLab;
use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, LocalHost};
use ennead_lab::distance::Distance;
use ennead_lab::lifecycle::census;
use ennead_lab::state::Prefix;
use ennead_lab::world::harm::Side;
use ennead_lab::world::{
    Attachment, Direction, Harm, Harmful as _, NetworkRoute, NetworkSeed, PacketFilter, PacketRule,
    Protocol, PublicSide as _, RealWorld, ServerSeed, World as _,
};

const DEADLINE: Duration = Duration::from_secs(30);
const PING: &str = "ping -n -c 1 -W 1";
const SERVE: &str = "systemd-run -q --collect python3 -m http.server -d / 8080; \
    for i in $(seq 300); do curl -so /dev/null http://127.0.0.1:8080/etc/hostname && exit 0; \
    sleep 0.1; done; exit 1";

/// Makes and starts servers in these locations, all of one network.
async fn start(lab: &TestLab, world: &RealWorld, locations: &[&str]) -> Vec<ServerSeed> {
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

async fn here(script: &str) -> String {
    let command = Command::new("sh").args(["-c", script]);
    LocalHost::new("test").run_ok(&command).await.unwrap().stdout_text()
}

/// Everything that a router does with packets.
async fn routers(lab: &TestLab) -> String {
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
    TestLab::run("test-filter", 230, |lab| async move {
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
    TestLab::run("test-routes", 231, |lab| async move {
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

/// Milliseconds that an answer took.
async fn round_trip(lab: &TestLab, from: &ServerSeed, to: &str) -> f64 {
    let text = lab.ssh_ok(from, &format!("ping -n -c 3 -i 0.2 -W 2 {to}")).await;
    let times = text.lines().filter_map(|line| line.split_once("time=")?.1.split(' ').next());
    times.map(|time| time.parse::<f64>().unwrap()).fold(f64::MAX, f64::min)
}

#[tokio::test(flavor = "multi_thread")]
async fn distance_is_between_locations_only() {
    TestLab::run("test-distance", 232, |lab| async move {
        let world = lab.open().await;
        let seeds = start(&lab, &world, &["hil", "ash", "ash"]).await;
        let before = routers(&lab).await;
        let (near, far) = (lab.address(3).to_string(), lab.address(1).to_string());
        let distance = Distance::parse("hil:ash=30ms").unwrap();
        world.set_distances(std::slice::from_ref(&distance)).await.unwrap();
        let ms = round_trip(&lab, &seeds[1], &far).await;
        assert!((55.0..500.0).contains(&ms), "{ms} ms");
        let ms = round_trip(&lab, &seeds[1], &near).await;
        assert!(ms < 50.0, "{ms} ms inside a location");

        // A fault adds to it, also on private networks; it ends exactly.
        let slow = Harm::Delay { from: vec![2], to: vec![1, 3], ms: 40.0, jitter_ms: 1.0 };
        world.set_harm(&[slow]).await.unwrap();
        let ms = round_trip(&lab, &seeds[1], &far).await;
        assert!((95.0..500.0).contains(&ms), "{ms} ms");
        let ms = round_trip(&lab, &seeds[1], "10.0.0.13").await;
        assert!((37.0..500.0).contains(&ms), "{ms} ms");
        world.set_harm(&[]).await.unwrap();
        let ms = round_trip(&lab, &seeds[1], "10.0.0.13").await;
        assert!(ms < 35.0, "{ms} ms");

        // Without a daemon nothing is delayed and nothing is lost; the next one delays again.
        drop(world);
        let reached = wait_until(DEADLINE, Duration::from_millis(50), || async {
            let ms = round_trip(&lab, &seeds[1], &far).await;
            if ms < 30.0 { Ok(()) } else { Err(format!("{ms} ms")) }
        });
        reached.await.unwrap();
        let world = lab.open().await;
        assert_eq!(routers(&lab).await, before);
        world.set_distances(&[distance]).await.unwrap();
        assert!(round_trip(&lab, &seeds[1], &far).await >= 55.0);
        world.set_distances(&[]).await.unwrap();
        assert!(round_trip(&lab, &seeds[1], &far).await < 30.0);
        assert_eq!(routers(&lab).await, before);
    })
    .await;
}

/// Echo requests that a server has seen.
async fn echoes(lab: &TestLab, seed: &ServerSeed) -> u64 {
    let look = "awk '/^Icmp:/ { n = $10 } END { print n }' /proc/net/snmp";
    lab.ssh_ok(seed, look).await.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_do_what_they_say_and_end_exactly() {
    TestLab::run("test-faults", 233, |lab| async move {
        let world = lab.open().await;
        let seeds = start(&lab, &world, &["hil", "ash", "ash"]).await;
        let before = routers(&lab).await;
        let ping = |to: u64| format!("{PING} {}", lab.address(to));

        // One way: what two sends arrives, what one answers does not.
        let (one, others) = (vec![1], vec![2, 3]);
        let away = Harm::Partition { from: one.clone(), to: others.clone() };
        world.set_harm(std::slice::from_ref(&away)).await.unwrap();
        let seen = echoes(&lab, &seeds[0]).await;
        assert!(!lab.ssh(&seeds[1], &ping(1)).await.success());
        assert!(echoes(&lab, &seeds[0]).await > seen);
        assert!(!lab.ssh(&seeds[0], &format!("{PING} 10.0.0.12")).await.success());
        let back = Harm::Partition { from: others, to: one };
        world.set_harm(&[away, back]).await.unwrap();
        let seen = echoes(&lab, &seeds[0]).await;
        assert!(!lab.ssh(&seeds[1], &ping(1)).await.success());
        assert_eq!(echoes(&lab, &seeds[0]).await, seen);
        lab.ssh_ok(&seeds[1], &ping(3)).await;

        world.set_harm(&[Harm::Loss { from: vec![2], to: vec![3], percent: 100.0 }]).await.unwrap();
        assert!(!lab.ssh(&seeds[1], &ping(3)).await.success());
        lab.ssh_ok(&seeds[1], &ping(1)).await;

        world.set_harm(&[Harm::Cut { servers: vec![2], side: Side::Private }]).await.unwrap();
        assert!(!lab.ssh(&seeds[2], &format!("{PING} 10.0.0.12")).await.success());
        assert_eq!(lab.ssh_ok(&seeds[1], "cat /sys/class/net/enp7s0/carrier").await, "1\n");
        lab.ssh_ok(&seeds[2], &ping(2)).await;
        world.set_harm(&[Harm::Cut { servers: vec![2], side: Side::Public }]).await.unwrap();
        assert!(!lab.ssh(&seeds[2], &ping(2)).await.success());
        lab.ssh_ok(&seeds[2], &format!("{PING} 10.0.0.12")).await;
        world.set_harm(&[]).await.unwrap();
        lab.ssh_ok(&seeds[2], &format!("{} && {PING} 10.0.0.12", ping(2))).await;
        assert_eq!(routers(&lab).await, before);

        // A frozen server's addresses answer, its programs do not; it can be switched off.
        let freeze = [Harm::Freeze { servers: vec![2] }];
        world.set_harm(&freeze).await.unwrap();
        lab.ssh_ok(&seeds[2], &ping(2)).await;
        assert!(!lab.ssh(&seeds[1], "true").await.success());
        world.set_harm(&[]).await.unwrap();
        lab.ssh_ok(&seeds[1], "true").await;
        world.set_harm(&freeze).await.unwrap();
        world.power_off(2).await.unwrap();
        world.start(2).await.unwrap();
        lab.wait_for_ssh(2).await;

        let full = world.set_harm(&[Harm::FullDisk { servers: vec![1] }]).await.unwrap_err();
        assert!(full.why.contains("file system of its own"), "{full}");
        let slow = Harm::SlowDisk { servers: vec![1], bytes_per_second: 2_000_000 };
        let write = "dd if=/dev/zero of=/root/x bs=1M count=8 oflag=direct 2>&1 && rm /root/x";
        world.set_harm(&[slow]).await.unwrap();
        let told = lab
            .ssh_ok(
                &seeds[0],
                &format!("S=$(date +%s%N); {write}; echo $(( ($(date +%s%N) - S) / 1000000 ))"),
            )
            .await;
        let ms: u64 = told.lines().last().unwrap().parse().unwrap();
        assert!(ms >= 2500, "8 MiB at 2 MB/s took {ms} ms");
        // What a test that is cut off leaves frozen has to go, too.
        world.set_harm(&freeze).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_reach_the_outside_only_when_it_is_asked_for() {
    TestLab::run("test-egress", 234, |lab| async move {
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
