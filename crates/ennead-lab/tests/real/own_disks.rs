//! Servers with a disk of their own: its size, a full and a slow one, and that it is nowhere left.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::support::TestLab;
use ennead_host::{Command, Host as _, LocalHost, files};
use ennead_lab::lifecycle::census;
use ennead_lab::world::{
    Disks as _, Harm, Harmful as _, Measured as _, RealWorld, ServerSeed, ServerSize, World as _,
};

async fn own_disks(lab: &TestLab) -> RealWorld {
    let world = lab.open().await;
    world.set_own_disks(true);
    world
}

async fn boot(lab: &TestLab, world: &RealWorld, seed: &ServerSeed) {
    world.create_server(seed).await.unwrap();
    world.start(seed.id).await.unwrap();
    lab.wait_for_ssh(seed.id).await;
}

/// Whole GiB of a server's root; what the file system itself takes is missing from it.
async fn size_gb(lab: &TestLab, seed: &ServerSeed) -> u64 {
    let told = lab.ssh_ok(seed, "df -B1 --output=size / | tail -1").await;
    told.trim().parse::<u64>().unwrap() >> 30
}

async fn mounts_and_loops(lab: &TestLab) -> (usize, usize) {
    let census = census(&lab.place.lab, &lab.place.state).await.unwrap();
    // A device whose file has lost its folder is nobody's.
    for name in files::list("/sys/block".into()).unwrap() {
        let file = format!("/sys/block/{name}/loop/backing_file");
        let file = files::read_text(file.as_str().into()).ok().flatten().unwrap_or_default();
        assert!(!file.starts_with("/disk.img"), "{name}: {file}");
    }
    (census.mounts, census.loops)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_has_its_type_s_size_and_lives_as_long_as_its_server() {
    TestLab::run("test-own-disk", 246, |lab| async move {
        let world = own_disks(&lab).await;
        let one = ServerSeed { disk_gb: 40, ..lab.seed(1, "ash", "us-east").await };
        boot(&lab, &world, &one).await;
        assert_eq!(mounts_and_loops(&lab).await, (3, 1));
        let size = size_gb(&lab, &one).await;
        assert!((38..40).contains(&size), "{size} GB");
        let write = "echo kept > /root/file && echo pods > /var/lib/kubelet/file && rm /etc/motd";
        lab.ssh_ok(&one, write).await;
        let before = world.usage(1).await.unwrap().unwrap();
        lab.ssh_ok(&one, "dd if=/dev/zero of=/root/x bs=1M count=8 oflag=direct").await;
        let after = world.usage(1).await.unwrap().unwrap();
        let written = after.disk_write_bytes - before.disk_write_bytes;
        assert!((8 << 20..12 << 20).contains(&written), "{written} bytes");

        // Another daemon, which knows nothing of the option, finds it; a cut loses nothing.
        drop(world);
        let world = lab.open().await;
        assert_eq!(world.running().await.unwrap(), [1]);
        let running = world.create_image(40, 1).await.unwrap();
        assert!((1_000..1 << 30).contains(&running), "{running} bytes");
        world.power_off(1).await.unwrap();
        assert_eq!(mounts_and_loops(&lab).await, (0, 0));
        world.create_image(41, 1).await.unwrap();
        assert_eq!(mounts_and_loops(&lab).await, (0, 0));

        // What a daemon that was killed in a copy leaves is put away by the next one.
        drop(world);
        let folder = lab.place.state.join("servers/1");
        let (file, point) = (folder.join("disk.img"), folder.join("disk"));
        let mount = Command::new("mount").args(["-o", "loop", file.as_str(), point.as_str()]);
        LocalHost::new("test").run_ok(&mount).await.unwrap();
        assert_eq!(mounts_and_loops(&lab).await, (1, 1));
        let world = lab.open().await;
        assert_eq!(mounts_and_loops(&lab).await, (0, 0));

        let size = |disk_gb| ServerSize { cores: 8, memory_bytes: 4 << 30, disk_gb };
        assert!(world.resize(1, size(20)).await.unwrap_err().why.contains("cannot shrink"));
        world.resize(1, size(80)).await.unwrap();
        world.resize(1, size(80)).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        assert_eq!(lab.ssh_ok(&one, "cat /root/file /var/lib/kubelet/file").await, "kept\npods\n");
        let size = size_gb(&lab, &one).await;
        assert!((77..80).contains(&size), "{size} GB");

        // From a snapshot, onto a shared disk and onto one of its own.
        let two = ServerSeed { snapshot: Some(40), ..lab.seed(2, "ash", "us-east").await };
        let three = ServerSeed { snapshot: Some(41), ..lab.seed(3, "ash", "us-east").await };
        boot(&lab, &world, &two).await;
        world.set_own_disks(true);
        boot(&lab, &world, &three).await;
        for seed in [&two, &three] {
            let read = "test ! -e /etc/motd && cat /root/file /var/lib/kubelet/file";
            assert_eq!(lab.ssh_ok(seed, read).await, "kept\npods\n");
        }
        world.power_off(1).await.unwrap();
        let again = ServerSeed { disk_gb: 80, ..one.clone() };
        world.rebuild(&again).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(&one, "test ! -e /root/file && test -e /etc/motd").await;
        let size = size_gb(&lab, &one).await;
        assert!((77..80).contains(&size), "{size} GB");

        for id in 1..=3 {
            world.delete_server(id).await.unwrap();
        }
        assert_eq!(mounts_and_loops(&lab).await, (0, 0));
        assert!(files::list(&lab.place.state.join("servers")).unwrap().is_empty());
    })
    .await;
}

/// Writes a block of its own; nothing that is there already is used again.
const WRITE: &str = "f=$(mktemp /root/new.XXXXXX) && head -c 4096 /dev/urandom > $f && sync $f";

async fn is_full(lab: &TestLab, seed: &ServerSeed) {
    let output = lab.ssh(seed, WRITE).await;
    assert!(!output.success());
    assert!(output.stderr_tail().contains("No space left on device"), "{output:?}");
    assert_eq!(lab.ssh_ok(seed, "df --output=avail / | tail -1").await.trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_full_for_one_server_only_and_ends_exactly() {
    TestLab::run("test-full-disk", 247, |lab| async move {
        let world = lab.open().await;
        let (one, two) = (lab.seed(1, "ash", "us-east").await, lab.seed(2, "ash", "us-east").await);
        world.create_server(&lab.seed(3, "ash", "us-east").await).await.unwrap();
        world.set_own_disks(true);
        boot(&lab, &world, &one).await;
        boot(&lab, &world, &two).await;
        let shared = world.set_harm(&[Harm::FullDisk { servers: vec![1, 3] }]).await.unwrap_err();
        assert!(shared.why.contains("server 3") && shared.why.contains("--own-disks"), "{shared}");
        lab.ssh_ok(&one, WRITE).await;

        let full = [Harm::FullDisk { servers: vec![1] }];
        world.set_harm(&full).await.unwrap();
        world.set_harm(&full).await.unwrap();
        is_full(&lab, &one).await;
        lab.ssh_ok(&two, WRITE).await;
        let file = lab.place.state.join("servers/1/disk.img");
        let taken = std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()) * 512;
        assert!(taken < 1 << 30, "{taken} bytes of this machine");
        world.set_harm(&[]).await.unwrap();
        lab.ssh_ok(&one, WRITE).await;

        // It is full after a power cycle too, and whole again without the daemon that filled it.
        world.set_harm(&full).await.unwrap();
        world.power_off(1).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        is_full(&lab, &one).await;
        drop(world);
        let world = own_disks(&lab).await;
        lab.ssh_ok(&one, WRITE).await;
        world.set_harm(&full).await.unwrap();
        world.power_off(1).await.unwrap();
        world.set_harm(&[]).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(&one, WRITE).await;
        // Full at the lab's end.
        world.set_harm(&full).await.unwrap();
    })
    .await;
}

/// Milliseconds that a script took.
async fn took(lab: &TestLab, seed: &ServerSeed, script: &str) -> u64 {
    let script =
        format!("S=$(date +%s%N); {script} >&2 && echo $(( ($(date +%s%N) - S) / 1000000 ))");
    lab.ssh_ok(seed, &script).await.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_of_its_own_is_slow_for_delayed_writes_too() {
    TestLab::run("test-slow-disk", 248, |lab| async move {
        let world = own_disks(&lab).await;
        let (one, two) = (lab.seed(1, "ash", "us-east").await, lab.seed(2, "ash", "us-east").await);
        boot(&lab, &world, &one).await;
        boot(&lab, &world, &two).await;
        let slow = Harm::SlowDisk { servers: vec![1], bytes_per_second: 2_000_000 };
        world.set_harm(std::slice::from_ref(&slow)).await.unwrap();
        let direct = "dd if=/dev/zero of=/root/x bs=1M count=8 oflag=direct";
        // The kernel writes it by itself, then the file is looked for.
        let delayed = "dd if=/dev/zero of=/root/x bs=1M count=8 && sync -f /root";
        for script in [direct, delayed] {
            let ms = took(&lab, &one, script).await;
            assert!(ms >= 3500, "8 MiB at 2 MB/s took {ms} ms: {script}");
        }
        lab.ssh_ok(&two, &format!("timeout 3 sh -c '{direct}'")).await;
        world.set_harm(&[]).await.unwrap();
        for script in [direct, delayed] {
            lab.ssh_ok(&one, &format!("timeout 3 sh -c '{script}'")).await;
        }

        // What waits for it does not hold up the end, and the next user of the device is not slowed.
        let crawl = Harm::SlowDisk { servers: vec![1], bytes_per_second: 100_000 };
        world.set_harm(&[crawl]).await.unwrap();
        lab.ssh_ok(&one, "dd if=/dev/zero of=/root/y bs=1M count=64").await;
        world.power_off(1).await.unwrap();
        assert_eq!(limits_of_loops(), Vec::<String>::new());
        world.start(1).await.unwrap();
        // At the lab's end it is slow.
    })
    .await;
    assert_eq!(limits_of_loops(), Vec::<String>::new());
}

/// Limits of loop devices that are in force for the whole machine; only with version 1.
fn limits_of_loops() -> Vec<String> {
    let path = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device";
    let text = files::read_text(path.into()).unwrap().unwrap_or_default();
    text.lines().filter(|line| line.starts_with("7:")).map(str::to_owned).collect()
}
