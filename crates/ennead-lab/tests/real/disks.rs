//! Disks of real servers: rebuild, snapshots, sizes, passwords.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use camino::Utf8PathBuf;

use crate::support::TestLab;
use ennead_host::files;
use ennead_lab::world::{Disks as _, Measured as _, Password, ServerSeed, ServerSize, World as _};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_empties_the_disk_and_applies_user_data_again() {
    TestLab::run("test-rebuild", 232, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(&seed, "touch /root/old /var/lib/containerd/old && rm /etc/motd").await;
        assert!(world.rebuild(&seed).await.is_err(), "it runs");
        world.power_off(1).await.unwrap();
        let user_data = seed.user_data.clone().unwrap()
            + "write_files:\n  - {path: /root/new, content: fresh}\n";
        let again = ServerSeed { user_data: Some(user_data), ..seed.clone() };
        world.rebuild(&again).await.unwrap();
        world.rebuild(&again).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        let look = "test ! -e /root/old && test ! -e /var/lib/containerd/old && cat /root/new";
        assert_eq!(lab.ssh_ok(&seed, look).await, "fresh");
        lab.ssh_ok(&seed, "test -e /etc/motd").await;
        world.delete_server(1).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_becomes_another_server_and_is_not_needed_any_more() {
    TestLab::run("test-snapshot", 233, |lab| async move {
        let world = lab.open().await;
        let one = lab.seed(1, "ash", "us-east").await;
        world.create_server(&one).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        let write = "echo one > /root/file && echo pods > /var/lib/kubelet/file && rm /etc/motd \
                     && rm -r /etc/update-motd.d && mkdir /etc/update-motd.d";
        lab.ssh_ok(&one, write).await;
        let bytes = world.create_image(40, 1).await.unwrap();
        assert!((1_000..1 << 30).contains(&bytes), "{bytes} bytes");
        assert_eq!(world.create_image(40, 1).await.unwrap(), bytes);
        lab.ssh_ok(&one, "echo later > /root/file").await;

        // With keys of its own; the files of the first one as they were.
        let two = ServerSeed { snapshot: Some(40), ..lab.seed(2, "ash", "us-east").await };
        let three = ServerSeed {
            snapshot: Some(40),
            user_data: None,
            ..lab.seed(3, "ash", "us-east").await
        };
        for seed in [&two, &three] {
            world.create_server(seed).await.unwrap();
        }
        world.delete_image(40).await.unwrap();
        world.delete_image(40).await.unwrap();
        assert!(!files::exists(&lab.place.state.join("images/40")).unwrap());
        for seed in [&two, &three] {
            world.start(seed.id).await.unwrap();
        }
        lab.wait_for_ssh(2).await;
        let read = "cat /root/file /var/lib/kubelet/file && test ! -e /etc/motd && hostname";
        assert_eq!(lab.ssh_ok(&two, read).await, "one\npods\nash-2\n");
        assert_eq!(lab.ssh_ok(&two, "ls /etc/update-motd.d | wc -l").await, "0\n");
        // Nobody gave the third one a host key: it has made one that is not the first one's.
        lab.wait_for_ssh(3).await;
        let key = |id: u64| {
            let root = lab.place.state.join(format!("servers/{id}/root"));
            files::read_text(&root.join("etc/ssh/ssh_host_ed25519_key.pub")).unwrap().unwrap()
        };
        assert_ne!(key(3), key(1));

        // A server of which the image is gone cannot be made.
        let four = ServerSeed { snapshot: Some(40), ..lab.seed(4, "ash", "us-east").await };
        assert!(world.create_server(&four).await.is_err());
        world.delete_server(4).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_given_another_size_and_another_password() {
    TestLab::run("test-resize", 234, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        let password = Password("correct-horse".to_owned());
        assert!(world.set_password(1, &password).await.is_err(), "it is off");
        world.start(1).await.unwrap();
        world.set_password(1, &password).await.unwrap();
        lab.wait_for_ssh(1).await;
        // What the C library makes of the password with the stored salt is what is stored.
        let check =
            "perl -e '@f = getpwnam(\"root\"); exit(crypt(\"correct-horse\", $f[1]) ne $f[1])'";
        lab.ssh_ok(&seed, check).await;
        assert!(!lab.ssh(&seed, &check.replace("horse", "mouse")).await.success());

        let size = ServerSize { cores: 8, memory_bytes: 3 << 30, disk_gb: 240 };
        assert!(world.resize(1, size).await.is_err(), "it runs");
        world.power_off(1).await.unwrap();
        world.resize(1, size).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        let limit =
            "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>&-";
        let limit = lab.ssh(&seed, limit).await.stdout_text();
        assert_eq!(limit.trim(), (3_u64 << 30).to_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_uses_is_counted_and_begins_anew_with_each_start() {
    TestLab::run("test-usage", 235, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        assert_eq!(world.usage(1).await.unwrap(), None);
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        let before = world.usage(1).await.unwrap().unwrap();
        let work = "dd if=/dev/zero of=/root/file bs=1M count=16 oflag=direct status=none; \
                    dd if=/root/file of=/dev/null bs=1M iflag=direct status=none; \
                    head -c 4000000 /dev/urandom | base64 -w 0";
        let sent = lab.ssh_ok(&seed, work).await.len() as u64;
        let after = world.usage(1).await.unwrap().unwrap();
        assert!(after.cpu_nanos > before.cpu_nanos + 1_000_000, "{before:?} {after:?}");
        assert!(after.disk_write_bytes >= before.disk_write_bytes + (16 << 20), "{after:?}");
        assert!(after.disk_read_bytes >= before.disk_read_bytes + (16 << 20), "{after:?}");
        assert!(after.disk_write_ops > before.disk_write_ops, "{after:?}");
        assert!(after.bytes_out >= before.bytes_out + sent, "{after:?}");
        assert!(after.packets_in > before.packets_in, "{after:?}");
        assert!(after.bytes_in > before.bytes_in && after.bytes_in < after.bytes_out, "{after:?}");
        world.power_off(1).await.unwrap();
        world.start(1).await.unwrap();
        let again = world.usage(1).await.unwrap().unwrap();
        assert!(again.bytes_out < after.bytes_out, "{again:?}");
    })
    .await;
}

/// What the control groups of a server say about its processors: version 1's quota or version 2's.
fn processor_quota(lab: &TestLab, server: u64) -> String {
    let group = lab.place.names().server_cgroup(server);
    let files = ["cpu/GROUP/cpu.cfs_quota_us", "unified/GROUP/cpu.max", "GROUP/cpu.max"];
    let mut paths = files
        .iter()
        .map(|path| Utf8PathBuf::from("/sys/fs/cgroup").join(path.replace("GROUP", &group)));
    let text = paths.find_map(|path| files::read_text(&path).unwrap()).unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_has_the_processors_of_its_type_and_no_more() {
    TestLab::run("test-cores", 251, |lab| async move {
        let here = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
        let world = lab.open().await;
        let seed = ServerSeed { cores: 1, ..lab.seed(1, "ash", "us-east").await };
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        assert_eq!(processor_quota(&lab, 1), "100000");

        // Another type counts from the next start on.
        let mut size = ServerSize { cores: here, memory_bytes: 4 << 30, disk_gb: 160 };
        world.power_off(1).await.unwrap();
        world.resize(1, size).await.unwrap();
        world.start(1).await.unwrap();
        assert_eq!(processor_quota(&lab, 1), (here * 100_000).to_string());

        // More than this machine has are no limit.
        size.cores = here + 1;
        world.power_off(1).await.unwrap();
        world.resize(1, size).await.unwrap();
        world.start(1).await.unwrap();
        let quota = processor_quota(&lab, 1);
        assert!(quota == "-1" || quota == "max", "{quota}");
    })
    .await;
}
