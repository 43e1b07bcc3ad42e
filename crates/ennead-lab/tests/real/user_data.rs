//! The lab's own reading of user data against the real cloud-init (decision 0002).

use crate::support::TestLab;
use ennead_lab::world::{ServerSeed, World as _};

/// Everything that the lab understands beyond what every server gets.
const FURTHER: &str = "ssh_authorized_keys:
- ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKe6d0wa38OSMS/y+dBOnGMu1NXGF/GhahQlxpXt/Kxv second
write_files:
- {path: /etc/example/one, content: \"one\\n\", permissions: '0640', owner: 'root:root'}
- path: /var/lib/example/two
  encoding: b64
  content: dHdvCg==
";

/// What must be the same: names, modes, owners and contents. The order of authorized keys means
/// nothing, and cloud-init's changes with every run.
const LOOK: &str = "cd / && for path in etc/hostname etc/hosts etc/ssh/ssh_host_* \
    etc/ssh/sshd_config etc/ssh/sshd_config.d/* root/.ssh root/.ssh/authorized_keys \
    etc/example etc/example/one var/lib/example/two; do \
    stat -c '%n %a %U:%G' $path; test -d $path || sort $path | sha256sum; done; \
    hostname; sshd -T | sort | sha256sum";

#[tokio::test(flavor = "multi_thread")]
async fn the_lab_writes_what_the_real_cloud_init_writes() {
    TestLab::run("test-userdata", 244, |lab| async move {
        let world = lab.open().await;
        let mut ours = lab.seed(1, "ash", "us-east").await;
        ours.user_data = ours.user_data.map(|text| text + FURTHER);
        let mut theirs = ServerSeed { id: 2, public_ip: Some(lab.address(2)), ..ours.clone() };
        // A key that the lab does not know and that changes no file.
        theirs.user_data = theirs.user_data.map(|text| text + "final_message: done\n");
        for seed in [&ours, &theirs] {
            world.create_server(seed).await.unwrap();
            world.start(seed.id).await.unwrap();
            lab.wait_for_ssh(seed.id).await;
        }

        lab.wait_for_cloud_init(&theirs).await;
        let status = lab.ssh(&ours, "cloud-init status").await.stdout_text();
        assert!(status.contains("status: disabled"), "{status}");

        let (ours, theirs) = (lab.ssh_ok(&ours, LOOK).await, lab.ssh_ok(&theirs, LOOK).await);
        assert!(ours.contains("etc/ssh/ssh_host_ed25519_key 600 root:root"), "{ours}");
        assert_eq!(ours, theirs);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lab_does_not_know_is_done_by_the_real_cloud_init() {
    TestLab::run("test-cloudinit", 245, |lab| async move {
        let world = lab.open().await;
        let mut seed = lab.seed(1, "ash", "us-east").await;
        let further = "runcmd: [[touch, /root/ran]]\nusers: [{name: ada, shell: /bin/sh}]\n";
        seed.user_data = seed.user_data.map(|text| text + further);
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.wait_for_cloud_init(&seed).await;
        lab.ssh_ok(&seed, "test -e /root/ran && id ada").await;

        // Once: the next start is an ordinary one.
        lab.ssh_ok(&seed, "rm /root/ran").await;
        world.power_off(1).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.wait_for_cloud_init(&seed).await;
        lab.ssh_ok(&seed, "test ! -e /root/ran").await;
    })
    .await;
}
