//! What clients send that is not quite HTTP, too much of it, or too slowly; over real sockets.

use std::time::Duration;

use ennead_host::clock::Stopwatch;
use ennead_lab::serve::{Patience, ServeOptions};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Lab, lab, lab_with};

/// How long anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

impl Lab {
    async fn connect(&self) -> TcpStream {
        let address = self.lab.endpoint.trim_start_matches("http://").trim_end_matches("/v1");
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends bytes and returns everything until the daemon closes.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The daemon may have closed before it read everything.
        drop(stream.write_all(bytes).await);
        heard(&mut stream).await
    }

    /// Sends a request line with a valid token and asks to close after the answer.
    async fn request(&self, line: &str, body: &[u8]) -> String {
        let token = self.lab.token.text();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.say(&[head.as_bytes(), body].concat()).await
    }

    async fn still_answers(&self) {
        self.get("/locations").await.ok();
    }
}

async fn heard(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    // A reset after the answer ends it as well as a close does.
    drop(read.expect("the daemon keeps the connection open"));
    String::from_utf8_lossy(&all).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_without_being_read() {
    let lab = lab().await;
    let token = lab.lab.token.text();
    // A hundred megabytes are announced and never sent: the answer comes anyway.
    let told = format!(
        "POST /v1/networks HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 104857600\r\n\r\n{}",
        "x".repeat(4096)
    );
    let announced = lab.say(told.as_bytes()).await;
    assert!(status(&announced) == 400 && announced.contains("json_error"), "{announced}");
    assert!(announced.contains("connection: close"), "{announced}");
    // Chunked, the size is not known before.
    let told = format!(
        "POST /v1/networks HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {token}\r\n\
         Transfer-Encoding: chunked\r\n\r\n200000\r\n{}",
        "x".repeat(0x0020_0000)
    );
    let chunked = lab.say(told.as_bytes()).await;
    assert!(status(&chunked) == 400 && chunked.contains("json_error"), "{chunked}");
    let body = vec![b' '; 1 << 20];
    let most = lab.request("POST /v1/networks", &body).await;
    assert_eq!(status(&most), 422, "a mebibyte of spaces is a body without fields: {most}");
    lab.still_answers().await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_cut_off() {
    let patience = Patience { silence: Duration::from_millis(300), ..Patience::default() };
    let lab = lab_with(ServeOptions { patience, ..ServeOptions::default() }).await;
    let token = lab.lab.token.text();
    let head = format!("POST /v1/networks HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {token}");
    let body = format!("{head}\r\nContent-Length: 10\r\n\r\n{{");
    assert_eq!(lab.say(b"").await, "");
    let header = lab.say(head.as_bytes()).await;
    assert!(header.is_empty() || status(&header) == 408, "{header}");
    let late = lab.say(body.as_bytes()).await;
    assert!(status(&late) == 504 && late.contains("connection: close"), "{late}");
    lab.still_answers().await;
}

#[tokio::test]
async fn connections_have_a_bound_and_the_others_wait_their_turn() {
    let silence = Duration::from_millis(500);
    let patience = Patience { connections: 4, silence, ..Patience::default() };
    let lab = lab_with(ServeOptions { patience, ..ServeOptions::default() }).await;
    let watch = Stopwatch::start();
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(lab.connect().await);
    }
    // Answered as soon as one of the silent ones is cut off.
    let answer = lab.request("GET /v1/locations", b"").await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(watch.elapsed() >= silence / 2, "it did not wait: {:?}", watch.elapsed());
}

#[tokio::test]
async fn two_hundred_requests_at_once_are_all_answered() {
    let lab = lab().await;
    let lab = &lab;
    let all = (0..200_u32).map(|number| async move {
        if number % 4 == 0 {
            let body = json!({ "name": format!("g{number}"), "type": "spread" });
            lab.post("/placement_groups", body).await.status
        } else {
            lab.get("/placement_groups?per_page=50").await.status
        }
    });
    let statuses = futures::future::join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 150, "{statuses:?}");
    let listed = lab.get("/placement_groups?per_page=50").await.ok();
    assert_eq!(listed["placement_groups"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn what_is_not_json_is_a_json_error_and_nothing_breaks() {
    let lab = lab().await;
    let deep = "[".repeat(100_000);
    let deep_field = format!("{{\"name\":{}", "{\"a\":".repeat(5000));
    let bodies: [&[u8]; 10] = [
        b"{",
        b"[]",
        b"null",
        b"\"name\"",
        b"{\"name\": \xff\xfe}",
        b"{\"name\": \"\xc3\x28\"}",
        b"{\"name\": 1e999999}",
        b"{\"name\": \"a\"} {",
        deep.as_bytes(),
        deep_field.as_bytes(),
    ];
    for body in bodies {
        let answer = lab.request("POST /v1/networks", body).await;
        assert_eq!(status(&answer), 400, "{}: {answer}", String::from_utf8_lossy(body));
        assert!(answer.contains("\"json_error\""), "{answer}");
    }
    // Valid JSON with absurd values is told field by field.
    let absurd = br#"{"name": 18446744073709551616, "ip_range": [], "labels": {"a": 1}}"#;
    let answer = lab.request("POST /v1/networks", absurd).await;
    assert!(status(&answer) == 422 && answer.contains("\"invalid_input\""), "{answer}");
    let nul = b"{\"name\": \"a\\u0000b\", \"ip_range\": \"10.0.0.0/8\"}";
    let answer = lab.request("POST /v1/networks", nul).await;
    assert!(matches!(status(&answer), 201 | 422), "{answer}");
    lab.still_answers().await;
}

#[tokio::test]
async fn the_content_type_is_not_looked_at() {
    let lab = lab().await;
    let token = lab.lab.token.text();
    for (number, kind) in ["text/plain", "multipart/form-data", "\u{fc}"].into_iter().enumerate() {
        let body = json!({ "name": format!("g{number}"), "type": "spread" }).to_string();
        let told = format!(
            "POST /v1/placement_groups HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n\
             {body}",
            body.len()
        );
        assert_eq!(status(&lab.say(told.as_bytes()).await), 201, "{kind}");
    }
}

#[tokio::test]
async fn old_and_odd_http_is_answered() {
    let lab = lab().await;
    let token = lab.lab.token.text();
    let old = format!("GET /v1/locations HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n");
    let old = lab.say(old.as_bytes()).await;
    assert!(status(&old) == 200 && old.contains("\"fsn1\""), "{old}");
    let head = lab.request("HEAD /v1/locations", b"").await;
    assert_eq!(status(&head), 405, "{head}");
    assert!(head.ends_with("\r\n\r\n"), "the answer to HEAD has no body: {head}");
    for line in ["PATCH /v1/servers", "TRACE /v1/servers", "ODD /v1/servers/1"] {
        assert_eq!(status(&lab.request(line, b"").await), 405, "{line}");
    }
    let whole = lab.request("GET http://elsewhere/v1/locations", b"").await;
    assert_eq!(status(&whole), 200, "{whole}");
    for line in ["OPTIONS *", "GET /", "GET /v1", "GET /v1x", "GET //v1/servers", "GET /V1/servers"]
    {
        assert_eq!(status(&lab.request(line, b"").await), 404, "{line}");
    }
    // Not HTTP at all, and HTTP/2 without asking: refused by closing or with a bare 400.
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\r\n\r\n",
    ] {
        let answer = lab.say(noise).await;
        assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
    }
    let many = "x-filler: 1\r\n".repeat(1000);
    let many = lab.say(format!("GET /v1/locations HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(matches!(status(&many), 0 | 400 | 431), "{many}");
    lab.still_answers().await;
}

#[tokio::test]
async fn paths_are_decoded_and_odd_ones_name_nothing() {
    let lab = lab().await;
    let server = lab.make("s", json!({})).await.to_string();
    let coded: Vec<_> = server.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let coded = coded.concat();
    let found = lab.request(&format!("GET /v1/servers/{coded}"), b"").await;
    assert_eq!(status(&found), 200, "{found}");
    for path in [
        "/servers/%",
        "/servers/%zz",
        "/servers/%00",
        "/servers/%ff",
        "/servers/%c3%28",
        "/servers/18446744073709551616",
        "/servers/+1",
        "/servers/1%2F..",
        "/servers/../servers",
        "/servers//",
        "/servers/",
        "/servers/1;x",
        "/%2e%2e/servers",
    ] {
        let answer = lab.request(&format!("GET /v1{path}"), b"").await;
        assert!(status(&answer) == 404 && answer.contains("not_found"), "{path}: {answer}");
    }
    let long = lab.request(&format!("GET /v1/servers/{}", "9".repeat(60_000)), b"").await;
    assert_eq!(status(&long), 404);
    lab.still_answers().await;
}

#[tokio::test]
async fn absurd_queries_are_answered() {
    let lab = lab().await;
    for (query, wanted) in [
        ("", 200),
        ("&&&=&==", 200),
        ("page", 200),
        ("page=", 200),
        ("%00=%00", 200),
        ("name=%ff%fe", 200),
        ("name=a&name=b&name=c", 200),
        ("page=%31", 200),
        ("page=1&page=x", 422),
        ("per_page=999999999999999999999999", 422),
        ("page=18446744073709551615", 200),
        ("label_selector=%28%28%28", 422),
        ("label_selector=a%20in%20%28", 422),
        ("label_selector=,", 422),
        ("label_selector=%3D%3Dx", 422),
        ("sort=", 200),
        ("sort=:asc", 422),
        ("sort=id:asc:asc", 422),
        ("sort=colour", 422),
        ("sort=id:desc&sort=id:asc", 200),
    ] {
        let answer = lab.request(&format!("GET /v1/servers?{query}"), b"").await;
        assert_eq!(status(&answer), wanted, "{query}: {answer}");
        assert!(wanted == 200 || answer.contains("\"invalid_input\""), "{query}: {answer}");
    }
    let long = format!("GET /v1/servers?{}", "name=x&".repeat(8000));
    assert_eq!(status(&lab.request(&long, b"").await), 200);
    lab.still_answers().await;
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let lab = lab().await;
    let token = lab.lab.token.text();
    let one =
        format!("GET /v1/locations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let last = one.replace("Host: x", "Host: x\r\nConnection: close");
    // Sent before the first answer came.
    let answers = lab.say(format!("{}{last}", one.repeat(20)).as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 21);
}
