//! Real servers in a real lab. Needs root and what `ennead doctor` asks for.

use std::time::Duration;

use crate::support::TestLab;
use ennead_host::clock::{Stopwatch, wait_until};
use ennead_host::files;
use ennead_lab::lifecycle::census;
use ennead_lab::world::{Attachment, NetworkSeed, World as _, WorldEvent};
use futures::future::join_all;

/// Longer than any step of the lab; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(30);

const PING: &str = "ping -n -c 1 -W 1";

fn network(id: u64, zone: &str) -> NetworkSeed {
    let network_zone = Some(zone.to_owned());
    NetworkSeed { id, ip_range: "10.0.0.0/16".to_owned(), network_zone }
}

fn attachment(network: u64, host: u8) -> Attachment {
    let mac = format!("86:00:00:00:{network:02x}:{host:02x}");
    Attachment { network, ip: [10, 0, 0, host].into(), mac }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_meet_inside_their_network_only_and_outlive_the_daemon() {
    TestLab::run("test-meet", 240, |lab| async move {
        let world = lab.open().await;
        let empty = census(&lab.place.lab, &lab.place.state).await.unwrap();
        assert_eq!((empty.processes, empty.links), (0, 1));
        // Two zones, two networks with the same range; servers 2 and 3 have neighbouring addresses.
        world.create_network(&network(1, "us-west")).await.unwrap();
        world.create_network(&network(2, "us-east")).await.unwrap();
        let hil = lab.seed(1, "hil", "us-west").await;
        let hil_too = lab.seed(2, "hil", "us-west").await;
        let ash = lab.seed(3, "ash", "us-east").await;
        for (seed, id, host) in [(&hil, 1, 11), (&hil_too, 1, 12), (&ash, 2, 13)] {
            world.create_server(seed).await.unwrap();
            world.attach(seed.id, &attachment(id, host)).await.unwrap();
            world.start(seed.id).await.unwrap();
        }
        for seed in [&hil, &hil_too, &ash] {
            lab.wait_for_ssh(seed.id).await;
        }

        lab.ssh_ok(&hil, &format!("{PING} 10.0.0.12 && {PING} 10.0.0.1")).await;
        lab.ssh_ok(&hil, &format!("{PING} {}", lab.address(3))).await;
        assert!(!lab.ssh(&hil, &format!("{PING} 10.0.0.13")).await.success());
        assert!(!lab.ssh(&ash, &format!("{PING} 10.0.0.11")).await.success());
        // Another one's address is of no use, on no interface.
        let steal =
            "ip address add 10.0.0.99/32 dev enp7s0 && ping -n -c 1 -W 1 -I 10.0.0.99 10.0.0.12";
        assert!(!lab.ssh(&hil, steal).await.success());
        let links = lab.ssh_ok(&hil, "cat /sys/class/net/eth0/mtu /sys/class/net/enp7s0/mtu").await;
        assert_eq!(links, "1500\n1450\n");
        assert_eq!(lab.ssh_ok(&hil, "hostname").await, "hil-1\n");

        // A second network while it runs, and away again.
        world.attach(3, &attachment(1, 14)).await.unwrap();
        lab.ssh_ok(&ash, &format!("{PING} -I enp8s0 10.0.0.11")).await;
        world.detach(3, 1).await.unwrap();
        assert!(!lab.ssh(&ash, &format!("{PING} 10.0.0.11")).await.success());

        // The daemon goes, the servers stay, the next daemon knows them.
        drop(world);
        lab.ssh_ok(&hil, "true").await;
        let world = lab.open().await;
        assert_eq!(world.running().await.unwrap(), [1, 2, 3]);
        world.shutdown(2).await.unwrap();
        let event = tokio::time::timeout(DEADLINE, world.next_event()).await.unwrap();
        assert_eq!(event, WorldEvent::Stopped(2));
        assert_eq!(world.running().await.unwrap(), [1, 3]);

        // What was written before is there after the next start.
        world.start(2).await.unwrap();
        lab.wait_for_ssh(2).await;
        lab.ssh_ok(
            &hil_too,
            "journalctl --list-boots | grep -c . | grep -qx 2 || test -d /root/.ssh",
        )
        .await;
        world.delete_server(2).await.unwrap();
        world.delete_server(2).await.unwrap();
        assert_eq!(world.running().await.unwrap(), [1, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_is_silent_at_once_and_is_no_event() {
    TestLab::run("test-cut", 241, |lab| async move {
        let world = lab.open().await;
        world.create_network(&network(1, "us-east")).await.unwrap();
        let (one, two) = (lab.seed(1, "ash", "us-east").await, lab.seed(2, "ash", "us-east").await);
        for seed in [&one, &two] {
            world.create_server(seed).await.unwrap();
            world
                .attach(seed.id, &attachment(1, 10 + u8::try_from(seed.id).unwrap()))
                .await
                .unwrap();
            world.start(seed.id).await.unwrap();
        }
        lab.wait_for_ssh(1).await;
        lab.wait_for_ssh(2).await;
        lab.ssh_ok(&two, "touch /root/kept && sync && nft add table inet leftover").await;

        let watch = Stopwatch::start();
        world.power_off(2).await.unwrap();
        let seconds = watch.elapsed().as_secs_f64();
        assert!(seconds < 2.0, "a power cut took {seconds} s");
        eprintln!("power cut: {seconds:.3} s");
        assert!(!lab.ssh(&one, &format!("{PING} 10.0.0.12")).await.success());
        let public = tokio::net::TcpStream::connect((lab.address(2), 22));
        assert!(!matches!(tokio::time::timeout(Duration::from_secs(1), public).await, Ok(Ok(_))));
        world.power_off(2).await.unwrap();

        world.start(2).await.unwrap();
        lab.wait_for_ssh(2).await;
        lab.ssh_ok(&two, "test -e /root/kept && ! nft list table inet leftover").await;
        let quiet = tokio::time::timeout(Duration::from_millis(100), world.next_event()).await;
        assert!(quiet.is_err(), "{quiet:?}");

        // A start that was lost with its daemon: the container is gone, its run is still noted.
        drop(world);
        let before = census(&lab.place.lab, &lab.place.state).await.unwrap();
        let run = files::read_text(&lab.place.state.join("servers/2/run")).unwrap().unwrap();
        let process: i32 = run.lines().nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::SIGKILL)
            .unwrap();
        let world = lab.open().await;
        let adopted = wait_until(DEADLINE, Duration::from_millis(10), || async {
            match world.running().await.unwrap() {
                running if running == [1] => Ok(()),
                running => Err(format!("{running:?}")),
            }
        });
        adopted.await.unwrap();
        let after = census(&lab.place.lab, &lab.place.state).await.unwrap();
        assert_eq!(after.namespaces, before.namespaces - 1);
        assert_eq!(after.mounts, before.mounts - 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nine_servers_are_ready_in_seconds() {
    TestLab::run("test-nine", 242, |lab| async move {
        let world = lab.open().await;
        let mut seeds = Vec::new();
        for id in 1..=9 {
            seeds.push(lab.seed(id, "ash", "us-east").await);
        }
        let watch = Stopwatch::start();
        world.create_network(&network(1, "us-east")).await.unwrap();
        join_all(seeds.iter().map(async |seed| {
            world.create_server(seed).await.unwrap();
            let attachment = attachment(1, 10 + u8::try_from(seed.id).unwrap());
            world.attach(seed.id, &attachment).await.unwrap();
            world.start(seed.id).await.unwrap();
            lab.wait_for_ssh(seed.id).await;
        }))
        .await;
        let seconds = watch.elapsed().as_secs_f64();
        eprintln!("nine servers: {seconds:.2} s");
        // About 4 s on a quiet machine with two processors; tests share theirs.
        assert!(seconds < 60.0, "nine servers took {seconds} s");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_learn_who_they_are_from_the_metadata_service() {
    TestLab::run("test-metadata", 243, |lab| async move {
        let world = lab.open().await;
        world.create_network(&network(1, "us-east")).await.unwrap();
        let mut one = lab.seed(1, "ash", "us-east").await;
        let mut two = lab.seed(2, "ash", "us-east").await;
        two.user_data = None;
        one.user_data = one.user_data.map(|text| text + "# the end");
        for seed in [&one, &two] {
            world.create_server(seed).await.unwrap();
            world.start(seed.id).await.unwrap();
        }
        world.attach(1, &attachment(1, 11)).await.unwrap();
        lab.wait_for_ssh(1).await;

        let base = "http://169.254.169.254/hetzner/v1";
        let ask = |path: &str| format!("curl -sS --max-time 5 -w ' %{{http_code}}' {base}/{path}");
        for (path, wanted) in [
            ("metadata/hostname", "ash-1 200"),
            ("metadata/instance-id", "1 200"),
            ("metadata/public-ipv4", "198.19.243.3 200"),
            ("metadata/region", "us-east 200"),
            ("metadata/availability-zone", "ash-dc1 200"),
            ("metadata/no-such-thing", " 404"),
        ] {
            assert_eq!(lab.ssh_ok(&one, &ask(path)).await, wanted, "{path}");
        }
        let networks = lab.ssh_ok(&one, &ask("metadata/private-networks")).await;
        assert!(networks.contains("- ip: 10.0.0.11\n"), "{networks}");
        assert!(networks.contains("  mac_address: 86:00:00:00:01:0b\n"), "{networks}");
        let summary = lab.ssh_ok(&one, &ask("metadata")).await;
        assert!(summary.contains("instance-id: 1\n"), "{summary}");
        assert!(lab.ssh_ok(&one, &ask("userdata")).await.ends_with("# the end 200"));
    })
    .await;
}
