//! The name server of the lab, asked with real queries over loopback.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use ennead_lab::names::{NameServer, Sockets};
use ennead_lab::world::{RecordSet, ZoneSeed};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use serde_json::json;

use crate::client::lab;
use crate::zones::{act, make_zone};

/// Longer than any answer takes; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(10);

/// A name server that ends with the test's runtime.
struct Served {
    names: NameServer,
    address: SocketAddr,
}

fn serve(names: NameServer) -> Served {
    let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = sockets.address().unwrap();
    tokio::spawn(names.serve(sockets).unwrap());
    Served { names, address }
}

fn set(name: &str, kind: &str, values: &[&str]) -> RecordSet {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    RecordSet { name: name.into(), kind: kind.into(), ttl: 300, values }
}

/// Returns a zone with a SOA and these sets.
fn zone(name: &str, sets: Vec<RecordSet>) -> ZoneSeed {
    let soa = "hydrogen.ns.hetzner.com. dns.hetzner.com. 7 86400 10800 3600000 60";
    let mut records = vec![set("@", "SOA", &[soa]), set("@", "NS", &["hydrogen.ns.hetzner.com."])];
    records.extend(sets);
    ZoneSeed { name: name.into(), records }
}

fn example() -> Served {
    let names = NameServer::default();
    let many: Vec<_> = (0..200).map(|n| format!("203.0.113.{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    names
        .publish(&zone(
            "example.com",
            vec![
                set("@", "A", &["203.0.113.1"]),
                set("@", "MX", &["10 mail"]),
                set("www", "A", &["203.0.113.2", "203.0.113.3"]),
                set("www", "AAAA", &["2001:db8::2"]),
                set("alias", "CNAME", &["second"]),
                set("second", "CNAME", &["www"]),
                set("away", "CNAME", &["www.other.net."]),
                set("ring", "CNAME", &["gnir"]),
                set("gnir", "CNAME", &["ring"]),
                set("broken", "CNAME", &["nothing"]),
                set("deep.down", "TXT", &["\"a\" \"b c\""]),
                set("*.apps", "A", &["203.0.113.4"]),
                set("fixed.apps", "AAAA", &["2001:db8::4"]),
                set("many", "A", &many),
                set("child", "NS", &["ns.child", "ns.elsewhere.net."]),
                set("ns.child", "A", &["203.0.113.5"]),
                set("admin", "RP", &["root.example.com. txt"]),
                set("svc", "HTTPS", &["1 . alpn=h2"]),
            ],
        ))
        .unwrap();
    serve(names)
}

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

impl Served {
    fn udp(&self, packet: &[u8]) -> Vec<u8> {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.send_to(packet, self.address).unwrap();
        let mut answer = vec![0; 65_536];
        let (length, from) = socket.recv_from(&mut answer).unwrap();
        assert_eq!(from, self.address);
        answer.truncate(length);
        answer
    }

    fn send(&self, message: &Message) -> Message {
        let answer = Message::from_vec(&self.udp(&message.to_vec().unwrap())).unwrap();
        assert_eq!((answer.id, answer.message_type), (message.id, MessageType::Response));
        assert_eq!(answer.queries, message.queries);
        answer
    }

    fn ask(&self, name: &str, kind: RecordType) -> Message {
        self.send(&question(name, kind))
    }

    fn over_tcp(&self, messages: &[Message]) -> Vec<Message> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let answer = |message: &Message| {
            let packet = message.to_vec().unwrap();
            stream.write_all(&u16::try_from(packet.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&packet).unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut answer).unwrap();
            Message::from_vec(&answer).unwrap()
        };
        messages.iter().map(answer).collect()
    }
}

/// Returns the answers as `owner value`.
fn answers(message: &Message) -> Vec<String> {
    let line = |record: &hickory_proto::rr::Record| format!("{} {}", record.name, record.data);
    message.answers.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_answered_with_authority() {
    let served = example();
    let answer = served.ask("www.example.com.", RecordType::A);
    assert_eq!(answers(&answer), ["www.example.com. 203.0.113.2", "www.example.com. 203.0.113.3"]);
    assert!(answer.authoritative && !answer.recursion_available && !answer.truncation);
    assert_eq!(answer.answers[0].ttl, 300);
    for (name, kind, wanted) in [
        ("www.example.com.", RecordType::AAAA, "www.example.com. 2001:db8::2"),
        ("example.com.", RecordType::MX, "example.com. 10 mail.example.com."),
        ("example.com.", RecordType::NS, "example.com. hydrogen.ns.hetzner.com."),
        ("deep.down.example.com.", RecordType::TXT, "deep.down.example.com. ab c"),
        ("svc.example.com.", RecordType::HTTPS, "svc.example.com. 1 . alpn=h2"),
    ] {
        let seen = answers(&served.ask(name, kind));
        assert!(seen.len() == 1 && seen[0].starts_with(wanted), "{seen:?}");
    }
    let rp = served.ask("admin.example.com.", RecordType::from(17));
    assert_eq!(rp.answers.len(), 1);
    // The client's spelling comes back: it may be checking for it.
    let spelled = served.ask("WwW.eXample.com.", RecordType::AAAA);
    assert_eq!(spelled.answers[0].name.to_ascii(), "WwW.eXample.com.");
    let any = served.ask("www.example.com.", RecordType::ANY);
    assert_eq!(any.answers.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_denied_with_the_soa() {
    let served = example();
    for (name, kind, code) in [
        ("none.example.com.", RecordType::A, ResponseCode::NXDomain),
        ("a.www.example.com.", RecordType::A, ResponseCode::NXDomain),
        ("www.example.com.", RecordType::TXT, ResponseCode::NoError),
        // There is something below it.
        ("down.example.com.", RecordType::A, ResponseCode::NoError),
        // The name itself is there, so the wildcard does not stand for it.
        ("fixed.apps.example.com.", RecordType::A, ResponseCode::NoError),
        ("x.apps.example.com.", RecordType::TXT, ResponseCode::NoError),
    ] {
        let answer = served.ask(name, kind);
        assert_eq!((answer.response_code, answer.answers.len()), (code, 0), "{name} {kind}");
        assert!(answer.authoritative);
        let soa = &answer.authorities[0];
        // The smaller of its TTL and its last number.
        assert_eq!((soa.record_type(), soa.ttl), (RecordType::SOA, 60), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_followed_inside_the_zone() {
    let served = example();
    let answer = served.ask("alias.example.com.", RecordType::AAAA);
    let wanted = [
        "alias.example.com. second.example.com.",
        "second.example.com. www.example.com.",
        "www.example.com. 2001:db8::2",
    ];
    assert_eq!(answers(&answer), wanted);
    assert_eq!(answers(&served.ask("alias.example.com.", RecordType::CNAME)).len(), 1);
    let away = served.ask("away.example.com.", RecordType::A);
    assert_eq!(answers(&away), ["away.example.com. www.other.net."]);
    let broken = served.ask("broken.example.com.", RecordType::A);
    assert_eq!((broken.response_code, broken.answers.len()), (ResponseCode::NXDomain, 1));
    let ring = served.ask("ring.example.com.", RecordType::A);
    assert_eq!(ring.response_code, ResponseCode::NoError);
    assert!(ring.answers.len() < 20, "{}", ring.answers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_stands_for_names_that_are_not_there() {
    let served = example();
    for name in ["x.apps.example.com.", "a.b.apps.example.com."] {
        assert_eq!(answers(&served.ask(name, RecordType::A)), [format!("{name} 203.0.113.4")]);
    }
    assert_eq!(served.ask("apps.example.com.", RecordType::A).answers.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_given_away_is_referred() {
    let served = example();
    for name in ["child.example.com.", "www.child.example.com.", "ns.child.example.com."] {
        let answer = served.ask(name, RecordType::A);
        assert_eq!((answer.answers.len(), answer.authorities.len()), (0, 2), "{name}");
        assert!(!answer.authoritative);
        assert_eq!(answer.additionals[0].data.to_string(), "203.0.113.5");
    }
    let above = served.ask("child.example.com.", RecordType::DS);
    assert_eq!(above.authorities[0].record_type(), RecordType::SOA);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_names_and_transfers_are_refused() {
    let served = example();
    for (name, kind) in [
        ("example.net.", RecordType::A),
        ("com.", RecordType::NS),
        ("badexample.com.", RecordType::A),
        (".", RecordType::NS),
        ("example.com.", RecordType::AXFR),
    ] {
        let answer = served.ask(name, kind);
        assert_eq!(answer.response_code, ResponseCode::Refused, "{name} {kind}");
        assert!(!answer.authoritative && answer.answers.is_empty());
    }
    let mut chaos = question("version.bind.", RecordType::TXT);
    chaos.queries[0].set_query_class(DNSClass::CH);
    assert_eq!(served.send(&chaos).response_code, ResponseCode::Refused);
    let mut update = question("example.com.", RecordType::SOA);
    update.metadata.op_code = OpCode::Notify;
    assert_eq!(served.send(&update).response_code, ResponseCode::NotImp);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_cut_over_udp_and_whole_over_tcp() {
    let served = example();
    let plain = question("many.example.com.", RecordType::A);
    let cut = served.send(&plain);
    assert!(cut.truncation && cut.answers.is_empty() && cut.edns.is_none());
    let whole = served.over_tcp(&[plain, question("www.example.com.", RecordType::A)]);
    assert!(!whole[0].truncation);
    assert_eq!((whole[0].answers.len(), whole[1].answers.len()), (200, 2));

    // 20 records do not fit into 512 bytes, but into what the client offers.
    let served = serve(NameServer::default());
    let some: Vec<_> = (0..40).map(|n| format!("203.0.113.{n}")).collect();
    let some: Vec<_> = some.iter().map(String::as_str).collect();
    served.names.publish(&zone("example.com", vec![set("some", "A", &some)])).unwrap();
    let mut offering = question("some.example.com.", RecordType::A);
    assert!(served.send(&offering).truncation);
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    offering.set_edns(edns);
    let answer = served.send(&offering);
    assert_eq!((answer.truncation, answer.answers.len()), (false, 40));
    assert_eq!(answer.edns.unwrap().max_payload(), 1232);
    let mut edns = Edns::new();
    edns.set_version(1);
    offering.edns = Some(edns);
    // The upper bits of the code are in the EDNS record.
    let code = u16::from(served.send(&offering).response_code);
    assert_eq!(code, u16::from(ResponseCode::BADVERS));
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_as_such_or_not_at_all() {
    let served = example();
    let mut torn = question("www.example.com.", RecordType::A).to_vec().unwrap();
    torn.truncate(20);
    let answer = Message::from_vec(&served.udp(&torn)).unwrap();
    assert_eq!((answer.id, answer.response_code), (4711, ResponseCode::FormErr));
    let none = Message::new(1, MessageType::Query, OpCode::Query);
    assert_eq!(served.send(&none).response_code, ResponseCode::FormErr);
    // Neither scraps nor answers are answered; what follows them is.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut response = question("www.example.com.", RecordType::A);
    response.metadata.message_type = MessageType::Response;
    let last = question("www.example.com.", RecordType::AAAA);
    for packet in [vec![], vec![0; 5], response.to_vec().unwrap(), last.to_vec().unwrap()] {
        socket.send_to(&packet, served.address).unwrap();
    }
    let mut answer = [0; 512];
    let (length, _) = socket.recv_from(&mut answer).unwrap();
    let answer = Message::from_vec(&answer[..length]).unwrap();
    assert_eq!(answer.queries[0].query_type(), RecordType::AAAA);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_zone_changes_nothing_and_a_withdrawn_one_is_foreign() {
    let served = example();
    let wrong = zone("example.com", vec![set("www", "A", &["nonsense"])]);
    assert!(served.names.publish(&wrong).unwrap_err().contains("nonsense"));
    let without = ZoneSeed { name: "example.com".into(), records: vec![] };
    assert!(served.names.publish(&without).unwrap_err().contains("SOA"));
    assert_eq!(served.ask("www.example.com.", RecordType::A).answers.len(), 2);
    served.names.withdraw("example.com");
    served.names.withdraw("example.com");
    let answer = served.ask("www.example.com.", RecordType::A);
    assert_eq!(answer.response_code, ResponseCode::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_is_told_is_what_the_world_answers() {
    let lab = lab().await;
    make_zone(&lab, "example.com", json!({})).await;
    let served = serve(lab.lab.world.names().clone());
    assert_eq!(served.ask("www.example.com.", RecordType::A).response_code, ResponseCode::NXDomain);
    let body = json!({ "records": [{ "value": "203.0.113.9" }] });
    act(&lab, "/zones/example.com/rrsets/www/A/actions/add_records", body).await;
    let answer = served.ask("www.example.com.", RecordType::A);
    assert_eq!(answers(&answer), ["www.example.com. 203.0.113.9"]);
    assert_eq!(answer.answers[0].ttl, 3600);
    let deleted = lab.delete("/zones/example.com").await.ok();
    lab.ended(&deleted["action"]).await;
    assert_eq!(served.ask("www.example.com.", RecordType::A).response_code, ResponseCode::Refused);
}
