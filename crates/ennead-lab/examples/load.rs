//! Asks a lab in memory for a page of its hundred servers again and again, and says how often a
//! second it answers: `cargo run --release -p ennead-lab --example load [SECONDS] [CLIENTS]`.
//!
//! The lab runs on one thread, the clients on another, so that the figure is that of one core. With
//! a third argument, something changes a hundred times a second meanwhile.

#![expect(clippy::print_stdout, reason = "an example talks to the one who runs it")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ennead_host::clock::{Stopwatch, pause_for};
use ennead_lab::lab_in_memory_with;
use ennead_lab::serve::ServeOptions;
use ennead_lab::world::memory::MemoryWorld;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Servers in the lab; a page holds half of them.
const SERVERS: usize = 100;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let clients = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let changes = arguments.next().is_some();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let lab = std::thread::spawn(move || one_thread()?.block_on(serve(tell, stopped)));
    let Ok((address, token)) = told.recv() else {
        return lab.join().unwrap_or_else(|_| Err("the lab broke".into()));
    };
    let time = Duration::from_secs(seconds);
    one_thread()?.block_on(load(&address, &token, time, clients, changes))?;
    drop(stop);
    lab.join().unwrap_or_else(|_| Err("the lab broke".into()))
}

fn one_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn serve(
    tell: std::sync::mpsc::Sender<(String, String)>,
    stopped: oneshot::Receiver<()>,
) -> Outcome<()> {
    let options = ServeOptions { requests_per_hour: u32::MAX, ..ServeOptions::default() };
    let lab = lab_in_memory_with(options, Arc::new(MemoryWorld::new())).await?;
    let address = lab.endpoint.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    tell.send((address, lab.token.text().to_owned()))?;
    stopped.await.unwrap_or_default();
    lab.end().await;
    Ok(())
}

async fn load(
    address: &str,
    token: &str,
    time: Duration,
    clients: usize,
    changes: bool,
) -> Outcome<()> {
    let mut first = Client::connect(address, token).await?;
    for number in 0..SERVERS {
        let body = format!(
            "{{\"name\":\"s{number}\",\"server_type\":\"ccx13\",\"image\":\"debian-13\",\
             \"location\":\"hil\",\"labels\":{{\"role\":\"web\"}}}}"
        );
        first.ask("POST", "/servers", &body).await?;
    }
    let bytes = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let mut client = Client::connect(address, token).await?;
        let bytes = Arc::clone(&bytes);
        tasks.push(tokio::spawn(async move {
            let mut waited = Vec::new();
            while watch.elapsed() < time {
                let asked = Stopwatch::start();
                let size = client.ask("GET", "/servers?per_page=50", "").await?;
                waited.push(asked.elapsed());
                bytes.fetch_add(size as u64, Ordering::Relaxed);
            }
            Outcome::Ok(waited)
        }));
    }
    first.ask("POST", "/placement_groups", "{\"name\":\"g\",\"type\":\"spread\"}").await?;
    let group = first.id().ok_or("the group has no id")?;
    let mut number = 0;
    while changes && watch.elapsed() < time {
        number += 1;
        let body = format!("{{\"name\":\"g{number}\"}}");
        first.ask("PUT", &format!("/placement_groups/{group}"), &body).await?;
        pause_for(Duration::from_millis(10)).await;
    }
    let mut waited = Vec::new();
    for task in tasks {
        waited.extend(task.await??);
    }
    let seconds = watch.elapsed().as_secs_f64();
    waited.sort_unstable();
    let (answers, bytes) = (waited.len() as u64, bytes.load(Ordering::Relaxed));
    let p99 = waited.get(waited.len() * 99 / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let (rate, rate_bytes) = (answers as f64 / seconds, bytes as f64 / seconds / 1e6);
    println!("{answers} answers of {} bytes", bytes / answers.max(1));
    println!("{rate:.0} answers a second, {rate_bytes:.0} MB a second");
    println!("p99 {:.2} ms with {clients} clients", p99.as_secs_f64() * 1000.0);
    Ok(())
}

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str, token: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let head = format!("HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {token}\r\n");
        Ok(Self { stream, head, buffer: vec![0; 1 << 20] })
    }

    /// Returns the first id in the last answer.
    fn id(&self) -> Option<u64> {
        let text = String::from_utf8_lossy(&self.buffer);
        let (_, rest) = text.split_once("\"id\":")?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// Asks and reads the answer; returns the size of its body. Fails when it was refused.
    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Outcome<usize> {
        let length = body.len();
        let told =
            format!("{method} /v1{path} {}Content-Length: {length}\r\n\r\n{body}", self.head);
        self.stream.write_all(told.as_bytes()).await?;
        let mut filled = 0;
        loop {
            let rest = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(rest).await?;
            if read == 0 {
                return Err("the connection was closed".into());
            }
            filled += read;
            let seen = self.buffer.get(..filled).unwrap_or_default();
            if !b"HTTP/1.1 2".starts_with(seen) && !seen.starts_with(b"HTTP/1.1 2") {
                return Err(String::from_utf8_lossy(seen).into());
            }
            if let Some((head, size)) = parse(seen) {
                while filled < head + size {
                    let rest = self.buffer.get_mut(filled..).unwrap_or_default();
                    let read = self.stream.read(rest).await?;
                    if read == 0 {
                        return Err("the answer is cut off".into());
                    }
                    filled += read;
                }
                return Ok(size);
            }
        }
    }
}

/// Returns the size of the header and of the body of a good answer.
fn parse(seen: &[u8]) -> Option<(usize, usize)> {
    let end = seen.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(seen.get(..end)?).ok()?;
    let size = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some((end + 4, size.parse().ok()?))
}
