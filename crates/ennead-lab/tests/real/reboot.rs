//! A server that reboots by itself comes back; one that powers itself off does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_lab::world::{ServerSeed, World as _, WorldEvent};

use crate::support::TestLab;

/// Longer than any step of the lab.
const DEADLINE: Duration = Duration::from_mins(1);

/// What changes with every start of a server: its init began at another time.
async fn life(lab: &TestLab, seed: &ServerSeed) -> Option<String> {
    let output = lab.ssh(seed, "cut -d ' ' -f 22 /proc/1/stat && cat /root/file").await;
    output.success().then(|| output.stdout_text())
}

async fn next_life(lab: &TestLab, seed: &ServerSeed, before: &str) -> String {
    wait_until(DEADLINE, Duration::from_millis(50), || async {
        let now = life(lab, seed).await.ok_or_else(|| "no answer".to_owned())?;
        if now == before { Err("it has not rebooted yet".to_owned()) } else { Ok(now) }
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_reboots_by_itself_comes_back() {
    TestLab::run("test-reboot", 253, |lab| async move {
        let world = lab.open().await;
        let seed = lab.seed(1, "ash", "us-east").await;
        world.create_server(&seed).await.unwrap();
        world.start(1).await.unwrap();
        lab.wait_for_ssh(1).await;
        lab.ssh_ok(&seed, "echo kept > /root/file").await;
        let first = life(&lab, &seed).await.unwrap();
        // The connection may end before the answer.
        lab.ssh(&seed, "systemctl reboot").await;
        let second = next_life(&lab, &seed, &first).await;
        assert!(second.ends_with("kept\n"), "{second}");

        // Again, and also when another daemon has taken the server over.
        drop(world);
        let world = lab.open().await;
        assert_eq!(world.running().await.unwrap(), [1]);
        lab.ssh(&seed, "systemctl reboot").await;
        next_life(&lab, &seed, &second).await;

        // A daemon that was not there when the server rebooted starts it when it comes.
        let third = life(&lab, &seed).await.unwrap();
        drop(world);
        let init = lab.place.state.join("servers/1/exit");
        lab.ssh(&seed, "systemctl reboot").await;
        wait_until(DEADLINE, Duration::from_millis(20), || async {
            let text = ennead_host::files::read_text(&init).unwrap().unwrap_or_default();
            if text == "133\n" { Ok(()) } else { Err(text) }
        })
        .await
        .unwrap();
        let world = lab.open().await;
        assert_eq!(world.running().await.unwrap(), [1]);
        next_life(&lab, &seed, &third).await;

        // Off is off, and the first thing that anybody is told of.
        lab.ssh(&seed, "systemctl poweroff").await;
        let event = tokio::time::timeout(DEADLINE, world.next_event()).await.unwrap();
        assert_eq!(event, WorldEvent::Stopped(1));
        assert_eq!(world.running().await.unwrap(), [0_u64; 0]);
    })
    .await;
}
