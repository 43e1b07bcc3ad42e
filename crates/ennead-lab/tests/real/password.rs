//! The password that the API returns for a server without keys is root's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ennead_host::{Command, Host as _, LocalHost, Output, files};
use ennead_lab::world::ServerSeed;
use serde_json::json;

use crate::storage_api::Api;
use crate::support::TestLab;

/// What the C library makes of a password with the stored salt is what is stored.
fn is_root_s(password: &str) -> String {
    format!("perl -e '@f = getpwnam(\"root\"); exit(crypt(\"{password}\", $f[1]) ne $f[1])'")
}

/// Runs `true` on a server over SSH with a password and nothing else.
async fn log_in(lab: &TestLab, seed: &ServerSeed, password: &str) -> Output {
    let (file, program) = (lab.keys.join("password"), lab.keys.join("askpass"));
    files::write_private(&file, format!("{password}\n").into_bytes()).unwrap();
    files::write(&program, format!("#!/bin/sh\ncat {file}\n")).unwrap();
    let chmod = Command::new("chmod").args(["700", program.as_str()]);
    LocalHost::new("test").run_ok(&chmod).await.unwrap();
    let command = Command::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ])
        .args(["-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password"])
        .args(["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=5"])
        .arg(format!("root@{}", lab.address(seed.id)))
        .arg("true")
        .env("SSH_ASKPASS", program.as_str())
        .env("SSH_ASKPASS_REQUIRE", "force");
    LocalHost::new("test").run(&command).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_keys_has_the_password_that_was_returned() {
    TestLab::run("test-password", 252, |lab| async move {
        let api = Api::open(&lab).await;
        let seed = lab.seed(1, "ash", "us-east").await;
        // The test's own way in; of the cloud's keys there is none.
        let keys = format!("ssh_authorized_keys: ['{}']\n", seed.ssh_keys[0]);
        let user_data = seed.user_data.clone().unwrap().replace("ssh_pwauth: false\n", "") + &keys;
        let body = json!({ "name": seed.name, "server_type": "ccx13", "image": "debian-13",
            "location": "ash", "user_data": user_data });
        let created = api.post("/servers", body).await;
        let password = created["root_password"].as_str().unwrap();
        let address = lab.address(seed.id).to_string();
        assert_eq!(created["server"]["public_net"]["ipv4"]["ip"], address.as_str());
        lab.wait_for_ssh(seed.id).await;
        lab.ssh_ok(&seed, &is_root_s(password)).await;
        assert!(!lab.ssh(&seed, &is_root_s("another")).await.success());

        // It is written down nowhere.
        let server = lab.place.state.join(format!("servers/{}", created["server"]["id"]));
        for name in ["server.json", "console.log"] {
            let text = files::read_text(&server.join(name)).unwrap().unwrap();
            assert!(!text.contains(password), "{name}");
        }

        // Debian's SSH server lets root in with a key only, and so does the cloud's image: the
        // password is for the console until the server's owner wants it otherwise.
        let rule = lab.ssh_ok(&seed, "sshd -T | grep -i '^permitrootlogin'").await;
        assert_eq!(rule.trim(), "permitrootlogin without-password");
        let refused = log_in(&lab, &seed, password).await;
        assert!(refused.stderr_tail().contains("Permission denied"), "{refused:?}");
        let allow = "echo PermitRootLogin yes > /etc/ssh/sshd_config.d/10-test.conf && \
                     systemctl reload ssh";
        lab.ssh_ok(&seed, allow).await;
        let refused = log_in(&lab, &seed, "another").await;
        assert!(refused.stderr_tail().contains("Permission denied"), "{refused:?}");
        let let_in = log_in(&lab, &seed, password).await;
        assert!(let_in.success(), "{let_in:?}");
    })
    .await;
}
