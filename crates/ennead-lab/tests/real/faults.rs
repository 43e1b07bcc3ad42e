//! Distance and faults between real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crate::support::TestLab;
use crate::wires::{PING, routers, start};
use ennead_host::clock::wait_until;
use ennead_lab::distance::Distance;
use ennead_lab::world::harm::Side;
use ennead_lab::world::{Harm, Harmful as _, ServerSeed, World as _};

/// Longer than any step of the lab; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// Milliseconds that an answer took.
async fn round_trip(lab: &TestLab, from: &ServerSeed, to: &str) -> f64 {
    let text = lab.ssh_ok(from, &format!("ping -n -c 3 -i 0.2 -W 2 {to}")).await;
    let times = text.lines().filter_map(|line| line.split_once("time=")?.1.split(' ').next());
    times.map(|time| time.parse::<f64>().unwrap()).fold(f64::MAX, f64::min)
}

#[tokio::test(flavor = "multi_thread")]
async fn distance_is_between_locations_only() {
    TestLab::run("test-distance", 222, |lab| async move {
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
        world.set_harm(std::slice::from_ref(&slow)).await.unwrap();
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
    TestLab::run("test-faults", 223, |lab| async move {
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
        world.set_harm(std::slice::from_ref(&slow)).await.unwrap();
        let told = lab
            .ssh_ok(
                &seeds[0],
                &format!("S=$(date +%s%N); {write}; echo $(( ($(date +%s%N) - S) / 1000000 ))"),
            )
            .await;
        let ms: u64 = told.lines().last().unwrap().parse().unwrap();
        assert!(ms >= 2500, "8 MiB at 2 MB/s took {ms} ms");
        // Faults end with their daemon; what is frozen at a lab's end goes all the same.
        world.set_harm(&[slow, freeze[0].clone()]).await.unwrap();
        drop(world);
        let world = lab.open().await;
        lab.ssh_ok(&seeds[1], "true").await;
        lab.ssh_ok(&seeds[0], &format!("timeout 2 sh -c '{write}'")).await;
        world.set_harm(&freeze).await.unwrap();
    })
    .await;
}
