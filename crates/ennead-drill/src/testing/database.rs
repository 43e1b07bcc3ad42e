//! A database for tests that speaks enough of PostgreSQL's protocol, over TLS, for the probe; and
//! that dies, hangs, refuses, warns and forgets on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How the database behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Answers.
    Well,
    /// Closes every connection.
    Dead,
    /// Says nothing more on any connection that asks, ever; new connections may do better later.
    Hung,
    /// Refuses writes as a read-only server does.
    ReadOnly,
    /// Answers writes with a warning.
    Warning,
}

#[derive(Default)]
struct Table {
    runs: BTreeMap<String, BTreeSet<u64>>,
    timeline: u32,
}

/// The database and its listeners. Ends when dropped.
pub(crate) struct Database {
    pub(crate) ca_pem: String,
    pub(crate) port: u16,
    mood: watch::Sender<Mood>,
    table: Arc<Mutex<Table>>,
    _listeners: JoinSet<()>,
}

impl Database {
    /// Listens at one port on all of these addresses.
    pub(crate) async fn start(server_name: &str, addresses: &[Ipv4Addr]) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![server_name.to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let private = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(tls));
        let (mood, mood_seen) = watch::channel(Mood::Well);
        let table = Arc::new(Mutex::new(Table { timeline: 1, ..Table::default() }));
        let (listeners, port) = listen(addresses).await;
        let mut tasks = JoinSet::new();
        for listener in listeners {
            let (tls, table, mood) = (tls.clone(), Arc::clone(&table), mood_seen.clone());
            tasks.spawn(async move {
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    let (tls, table, mood) = (tls.clone(), Arc::clone(&table), mood.clone());
                    connections.spawn(async move {
                        let mut death = mood.clone();
                        tokio::select! {
                            _ = death.wait_for(|mood| *mood == Mood::Dead) => {}
                            _ = serve(stream, tls, table, mood) => {}
                        }
                    });
                }
            });
        }
        let ca_pem = certificate.pem();
        Self { ca_pem, port, mood, table, _listeners: tasks }
    }

    pub(crate) fn feel(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Another server takes over.
    pub(crate) fn promote(&self) {
        self.table.lock().unwrap().timeline += 1;
        self.feel(Mood::Well);
    }

    /// Removes the newest row but a few.
    pub(crate) fn forget_one(&self) -> u64 {
        self.forget_one_of("")
    }

    /// The same of the last run whose name begins so.
    pub(crate) fn forget_one_of(&self, begin: &str) -> u64 {
        let mut table = self.table.lock().unwrap();
        let mut runs = table.runs.iter_mut().rev();
        let (_, ids) = runs.find(|(run, _)| run.starts_with(begin)).unwrap();
        let id = *ids.iter().rev().nth(3).unwrap();
        ids.remove(&id);
        id
    }
}

async fn listen(addresses: &[Ipv4Addr]) -> (Vec<TcpListener>, u16) {
    'port: for _ in 0..20 {
        let first = TcpListener::bind((addresses[0], 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut listeners = vec![first];
        for address in &addresses[1..] {
            match TcpListener::bind(SocketAddr::from((*address, port))).await {
                Ok(listener) => listeners.push(listener),
                Err(_) => continue 'port,
            }
        }
        return (listeners, port);
    }
    panic!("no port is free on all of {addresses:?}");
}

async fn serve(
    mut stream: TcpStream,
    tls: TlsAcceptor,
    table: Arc<Mutex<Table>>,
    mood: watch::Receiver<Mood>,
) -> std::io::Result<()> {
    let mut request = [0; 8];
    stream.read_exact(&mut request).await?;
    stream.write_all(b"S").await?;
    let mut stream = tls.accept(stream).await?;
    let length = stream.read_u32().await?;
    let mut startup = vec![0; length as usize - 4];
    stream.read_exact(&mut startup).await?;
    let mut hello = message(b'R', &0_u32.to_be_bytes());
    hello.extend(message(b'Z', b"I"));
    stream.write_all(&hello).await?;
    stream.flush().await?;
    while let Some(sql) = next_query(&mut stream).await? {
        let mood = *mood.borrow();
        if mood == Mood::Hung {
            std::future::pending::<()>().await;
        }
        stream.write_all(&answer(&sql, mood, &table)).await?;
        stream.flush().await?;
    }
    Ok(())
}

async fn next_query(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> std::io::Result<Option<String>> {
    let kind = stream.read_u8().await?;
    let length = stream.read_u32().await?;
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    body.pop();
    Ok((kind == b'Q').then(|| String::from_utf8(body).unwrap()))
}

fn answer(sql: &str, mood: Mood, table: &Mutex<Table>) -> Vec<u8> {
    let mut table = table.lock().unwrap();
    let number_after = |words: &str| -> u64 {
        let rest = sql.split(words).nth(1).unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let timeline = table.timeline;
    let run = sql.split('\'').nth(1).unwrap_or_default().to_owned();
    let ids = table.runs.entry(run).or_default();
    let (rows, tag) = if sql.starts_with("INSERT") {
        if mood == Mood::ReadOnly {
            return finished(error("ERROR", "25006", "cannot execute INSERT"));
        }
        ids.insert(number_after("', "));
        (vec![format!("{:08X}", timeline)], "INSERT 0 1")
    } else if sql.starts_with("SELECT id") {
        let after = number_after("id > ");
        let limit = usize::try_from(number_after("LIMIT ")).unwrap();
        let page = ids.range(after + 1..).take(limit);
        (page.map(ToString::to_string).collect(), "SELECT")
    } else if sql.starts_with("SELECT coalesce") {
        (vec![ids.last().copied().unwrap_or(0).to_string()], "SELECT 1")
    } else {
        (Vec::new(), "CREATE TABLE")
    };
    let mut text = Vec::new();
    if mood == Mood::Warning && sql.starts_with("INSERT") {
        text = error("WARNING", "01000", "canceling wait for synchronous replication");
        text[0] = b'N';
    }
    text.extend(rows_of(&rows));
    text.extend(message(b'C', format!("{tag}\0").as_bytes()));
    finished(text)
}

fn finished(mut text: Vec<u8>) -> Vec<u8> {
    text.extend(message(b'Z', b"I"));
    text
}

fn rows_of(rows: &[String]) -> Vec<u8> {
    let mut description = vec![0, 1];
    description.extend(b"one\0");
    description.extend([0; 6]);
    description.extend(25_u32.to_be_bytes());
    description.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
    let mut text = message(b'T', &description);
    for row in rows {
        let mut body = vec![0, 1];
        body.extend(u32::try_from(row.len()).unwrap().to_be_bytes());
        body.extend(row.as_bytes());
        text.extend(message(b'D', &body));
    }
    text
}

fn error(severity: &str, code: &str, words: &str) -> Vec<u8> {
    message(b'E', format!("S{severity}\0V{severity}\0C{code}\0M{words}\0\0").as_bytes())
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut text = vec![kind];
    text.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    text.extend(body);
    text
}
