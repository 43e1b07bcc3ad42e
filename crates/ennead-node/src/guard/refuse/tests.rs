//! The refusal on a network of its own.

use super::*;

/// A namespace with a network on which nobody answers; its address is 10.9.0.1.
const NAMESPACE: &str = "ip link add a0 type veth peer name b0 && ip link set b0 up && \
ip addr add 10.9.0.1/24 dev a0 && ip link set a0 up && ip link set lo up && \
ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev a0 && ip neigh add 10.9.0.3 lladdr 02:00:00:00:00:03 dev a0";

/// Status of `timeout` when it ended what it ran.
const TIMED_OUT: i32 = 124;

async fn connect(user: &str, address: &str, script: &str) -> (i32, String) {
    let line = format!(
        "{NAMESPACE} && printf '%s' \"$1\" | nft -f - && printf '%s' \"$1\" | nft -f - && \
         exec setpriv --reuid={user} --clear-groups timeout 2 bash -c '</dev/tcp/{address}/80'"
    );
    let there = Command::new("unshare").args(["-n", "sh", "-c", line.as_str(), "sh", script]);
    let output = LocalHost::new("this machine").run(&there.deadline(PROGRAM_MAX * 10)).await;
    let output = output.unwrap();
    (output.status, output.stderr_tail())
}

#[tokio::test]
async fn programs_are_refused_at_once_and_the_guard_is_not() {
    let script = script(Ipv4Addr::new(10, 9, 0, 2));
    let (status, said) = connect("65534", "10.9.0.2", &script).await;
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("Connection refused"), "{said}");
    let (status, said) = connect("0", "10.9.0.2", &script).await;
    assert_eq!(status, TIMED_OUT, "the guard's probe waits for a word of the node: {said}");
    let (status, said) = connect("65534", "10.9.0.3", &script).await;
    assert_eq!(status, TIMED_OUT, "another node is nobody's business: {said}");
}
