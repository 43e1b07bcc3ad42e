//! Volumes of real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crate::support::TestLab;
use ennead_host::files;
use ennead_lab::lifecycle::census;
use ennead_lab::world::{Disks as _, VolumeSeed, VolumeUse, World as _, WorldEvent};

const LINK: &str = "/dev/disk/by-id/scsi-0HC_Volume_7";

/// Longer than any step of the lab.
const DEADLINE: Duration = Duration::from_secs(30);

fn ext4(id: u64) -> VolumeSeed {
    VolumeSeed { id, size_gb: 10, format: Some("ext4".to_owned()) }
}

fn at(server: u64, automount: bool) -> VolumeUse {
    VolumeUse { volume: 7, server, automount }
}

async fn loops(lab: &TestLab) -> usize {
    census(&lab.place.lab, &lab.place.state).await.unwrap().loops
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_keeps_its_files_over_power_cycles_and_moves() {
    TestLab::run("test-volume", 230, |lab| async move {
        let world = lab.open().await;
        let (one, two) = (lab.seed(1, "ash", "us-east").await, lab.seed(2, "ash", "us-east").await);
        for seed in [&one, &two] {
            world.create_server(seed).await.unwrap();
        }
        world.start(1).await.unwrap();
        world.create_volume(&ext4(7)).await.unwrap();
        world.create_volume(&ext4(7)).await.unwrap();
        world.attach_volume(&at(1, true)).await.unwrap();
        world.attach_volume(&at(1, true)).await.unwrap();
        assert_eq!(loops(&lab).await, 1);
        lab.wait_for_ssh(1).await;
        let size = lab.ssh_ok(&one, &format!("blockdev --getsize64 {LINK}")).await;
        assert_eq!(size.trim(), (10_u64 << 30).to_string());
        lab.ssh_ok(&one, "mountpoint /mnt/HC_Volume_7 && echo kept > /mnt/HC_Volume_7/file").await;

        // A cut frees the device, the next start brings it back, and so does another daemon.
        world.power_off(1).await.unwrap();
        assert_eq!(loops(&lab).await, 0);
        drop(world);
        let world = lab.open().await;
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        assert_eq!(lab.ssh_ok(&one, "cat /mnt/HC_Volume_7/file").await, "kept\n");

        // A server that shuts down by itself lets go of it too.
        world.shutdown(1).await.unwrap();
        let event = tokio::time::timeout(DEADLINE, world.next_event()).await.unwrap();
        assert_eq!(event, WorldEvent::Stopped(1));
        assert_eq!(loops(&lab).await, 0);
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;

        // Larger while it is in use; its file system follows when the server says so.
        world.resize_volume(7, 12).await.unwrap();
        let size = lab.ssh_ok(&one, &format!("blockdev --getsize64 {LINK}")).await;
        assert_eq!(size.trim(), (12_u64 << 30).to_string());
        // Unmounted, because a machine may not let anybody do it to a mounted one.
        let grow = format!(
            "cd / && umount /mnt/HC_Volume_7 && e2fsck -fp {LINK} && resize2fs {LINK} \
             && mount {LINK} /mnt/HC_Volume_7"
        );
        lab.ssh_ok(&one, &grow).await;
        let gigabytes = lab.ssh_ok(&one, "df --output=size -BG /mnt/HC_Volume_7 | tail -1").await;
        assert_eq!(gigabytes.trim(), "12G");
        assert!(world.resize_volume(7, 11).await.is_err(), "it shrank");

        // It cannot be at two servers, and does not leave a trace at the first.
        world.start(2).await.unwrap();
        assert!(world.attach_volume(&at(2, false)).await.is_err(), "it is at the other server");
        world.detach_volume(7).await.unwrap();
        world.detach_volume(7).await.unwrap();
        assert_eq!(loops(&lab).await, 0);
        lab.ssh_ok(&one, &format!("test ! -e {LINK} && test ! -e /mnt/HC_Volume_7")).await;
        world.attach_volume(&at(2, false)).await.unwrap();
        lab.wait_for_ssh(2).await;
        let read = format!("test ! -e /mnt/HC_Volume_7 && mount {LINK} /mnt && cat /mnt/file");
        assert_eq!(lab.ssh_ok(&two, &read).await, "kept\n");

        // With a file open it is taken away all the same once that file is closed.
        lab.ssh_ok(&two, "cd /mnt && umount -l /mnt && cd /").await;
        world.detach_volume(7).await.unwrap();
        world.delete_volume(7).await.unwrap();
        world.delete_volume(7).await.unwrap();
        assert_eq!(loops(&lab).await, 0);
        // A volume that is attached when the lab ends: the lab's end finds its device.
        world.create_volume(&ext4(7)).await.unwrap();
        world.attach_volume(&at(2, true)).await.unwrap();
        assert_eq!(loops(&lab).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_without_a_file_system_is_not_mounted_and_one_in_use_is_not_moved() {
    TestLab::run("test-volume-raw", 231, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        world.create_volume(&VolumeSeed { format: None, ..ext4(7) }).await.unwrap();
        world.attach_volume(&at(1, true)).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(&seed, &format!("test -b {LINK} && ! mountpoint -q /mnt/HC_Volume_7")).await;
        lab.ssh_ok(&seed, &format!("mkfs.ext4 -q {LINK} && mount {LINK} /mnt")).await;
        lab.ssh_ok(&seed, "systemd-run -q --unit=holder sh -c 'exec 3>/mnt/open; sleep 999'").await;
        lab.ssh_ok(&seed, "until test -e /mnt/open; do sleep 0.05; done").await;
        let error = world.detach_volume(7).await.unwrap_err();
        assert!(error.why.contains("still in use"), "{error}");
        lab.ssh_ok(&seed, "systemctl stop holder").await;
        world.detach_volume(7).await.unwrap();
        assert_eq!(loops(&lab).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_cannot_be_formatted_says_why_and_leaves_nothing() {
    TestLab::run("test-volume-format", 237, |lab| async move {
        let world = lab.open().await;
        let odd = VolumeSeed { format: Some("no-such-format".to_owned()), ..ext4(7) };
        let error = world.create_volume(&odd).await.unwrap_err();
        assert_eq!(error.object, "volume 7");
        assert!(error.why.contains("format it as no-such-format"), "{error}");
        assert!(error.why.contains("mkfs.no-such-format"), "{error}");
        assert!(world.attach_volume(&at(1, false)).await.is_err(), "there is no such volume");
        world.delete_volume(7).await.unwrap();
        assert_eq!(files::list(&lab.place.state.join("volumes")).unwrap(), [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_with_xfs_is_mounted_and_keeps_its_files() {
    TestLab::run("test-volume-xfs", 250, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        world
            .create_volume(&VolumeSeed { format: Some("xfs".to_owned()), ..ext4(7) })
            .await
            .unwrap();
        world.attach_volume(&at(1, true)).await.unwrap();
        lab.wait_for_ssh(1).await;
        let kind = "findmnt -n -o FSTYPE /mnt/HC_Volume_7";
        assert_eq!(lab.ssh_ok(&seed, kind).await.trim(), "xfs");
        lab.ssh_ok(&seed, "echo kept > /mnt/HC_Volume_7/file").await;
        world.detach_volume(7).await.unwrap();
        lab.ssh_ok(&seed, "test ! -e /mnt/HC_Volume_7").await;
        world.attach_volume(&at(1, true)).await.unwrap();
        assert_eq!(lab.ssh_ok(&seed, "cat /mnt/HC_Volume_7/file").await, "kept\n");
        world.power_off(1).await.unwrap();
        assert_eq!(loops(&lab).await, 0);
    })
    .await;
}
