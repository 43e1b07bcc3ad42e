//! The name server of a real lab, asked from this machine and from a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_lab::world::{PublicSide as _, RealWorld, RecordSet, World as _, ZoneSeed};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::net::UdpSocket;

use crate::support::TestLab;

/// Longer than any answer takes; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(10);

fn zone(address: &str) -> ZoneSeed {
    let soa = "hydrogen.ns.hetzner.com. dns.hetzner.com. 7 86400 10800 3600000 60";
    let set = |name: &str, kind: &str, value: &str| RecordSet {
        name: name.into(),
        kind: kind.into(),
        ttl: 300,
        values: vec![value.into()],
    };
    let records = vec![
        set("@", "SOA", soa),
        set("@", "NS", "hydrogen.ns.hetzner.com."),
        set("www", "A", address),
    ];
    ZoneSeed { name: "example.com".into(), records }
}

fn question() -> Vec<u8> {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii("www.example.com.").unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

/// Asks from this machine.
async fn ask(lab: &TestLab) -> Message {
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    socket.send_to(&question(), lab.place.name_server()).await.unwrap();
    let mut answer = [0; 1500];
    let received = tokio::time::timeout(DEADLINE, socket.recv_from(&mut answer)).await;
    let (length, from) = received.unwrap().unwrap();
    assert_eq!(from, lab.place.name_server());
    Message::from_vec(&answer[..length]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_resolves_a_name_of_a_zone() {
    TestLab::run("test-names", 238, |lab| async move {
        let world = lab.open().await;
        assert_eq!(lab.place.name_server(), "198.19.238.2:53".parse().unwrap());
        assert_eq!(ask(&lab).await.response_code, ResponseCode::Refused);
        world.publish_zone(&zone("198.19.238.77")).await.unwrap();
        assert_eq!(ask(&lab).await.answers[0].data.to_string(), "198.19.238.77");

        let seed = lab.seed(1, "hil", "us-west").await;
        world.create_server(&seed).await.unwrap();
        world.start(seed.id).await.unwrap();
        lab.wait_for_ssh(seed.id).await;
        // cloud-init brings this interpreter. The answer ends with the address.
        let script = |kind: &str, send: &str| {
            format!(
                "python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.{kind}); \
                 s.settimeout(10); s.connect((\"{}\", 53)); q = bytes({:?}); \
                 s.sendall({send}); print(\".\".join(str(b) for b in s.recv(1500)[-4:]))'",
                lab.place.name_server().ip(),
                question()
            )
        };
        let udp = lab.ssh_ok(&seed, &script("SOCK_DGRAM", "q")).await;
        assert_eq!(udp, "198.19.238.77\n");
        let tcp = script("SOCK_STREAM", "len(q).to_bytes(2, \"big\") + q");
        assert_eq!(lab.ssh_ok(&seed, &tcp).await, "198.19.238.77\n");

        // The next daemon takes the address over; zones come from whoever knows them.
        drop(world);
        let world = wait_until(DEADLINE, Duration::from_millis(5), || async {
            RealWorld::open(lab.place.clone()).await.map_err(|error| error.to_string())
        });
        let world = world.await.unwrap();
        assert_eq!(ask(&lab).await.response_code, ResponseCode::Refused);
        world.publish_zone(&zone("198.19.238.78")).await.unwrap();
        assert_eq!(ask(&lab).await.answers[0].data.to_string(), "198.19.238.78");
        world.withdraw_zone("example.com").await.unwrap();
        assert_eq!(ask(&lab).await.response_code, ResponseCode::Refused);
    })
    .await;
}
