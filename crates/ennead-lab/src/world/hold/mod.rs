//! Holds packets back for a time: the kernel keeps them, a thread says when each one may go on.
//!
//! A router's rules mark a packet with the number of its delay; a table of its own hands marked
//! packets to the kernel's packet queue of that number. The thread hears of a packet's arrival (not
//! its content: nothing is copied, and a packet of 64 KiB that the kernel has put together stays in
//! one piece) and lets it go when its time has come. One thread for each router that delays
//! anything. Without the thread the kernel lets all packets pass at once.
//!
//! Why not a TUN device: it copies every packet twice, needs routes and marks of its own beside
//! the router's, and a packet would pass the router's checks a second time.

mod keeper;
mod messages;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};
use tokio::sync::Mutex;

use super::namespace;
use super::ruleset::Ruleset;
use super::why::Why;
use super::wires::Hold;
use keeper::Keeper;

/// Delays that one router can tell apart.
const QUEUES: u16 = 32;

/// Packets that the kernel keeps for one delay; more than 1 Gbit/s for 100 ms in full packets.
const LENGTH: u32 = 16_384;

/// Bytes of messages that wait for the thread.
const BUFFER: usize = 32 << 20;

/// The table that hands packets to the queues.
const TABLE: &str = "hold";

/// After the chain that marks.
const FORWARD: &str = "type filter hook forward priority -9; policy accept;";

/// All threads, by their router's namespace.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    keepers: Mutex<BTreeMap<String, Keeper>>,
}

impl Holds {
    /// Sets a router's delays: the nth one is for packets with the mark n + 1.
    pub(crate) async fn set(&self, router: &str, holds: &[Hold]) -> Result<(), Why> {
        if holds.len() > usize::from(QUEUES) {
            let count = holds.len();
            return Err(Why(format!("{count} different delays; a router tells {QUEUES} apart")));
        }
        let mut keepers = self.keepers.lock().await;
        if let Some(keeper) = keepers.get(router) {
            keeper.set(holds);
            return Ok(());
        }
        clear(router).await?;
        let socket = namespace::inside(router, open_queues).await?;
        let keeper = Keeper::start(router, socket, holds).await?;
        // From here on packets come.
        queue_rules(&chain_names()).apply(router).await?;
        namespace::inside(router, fill_chains).await?;
        keepers.insert(router.to_owned(), keeper);
        Ok(())
    }

    /// Lets every packet of a router go in its time, then ends. Marks must be gone before.
    pub(crate) async fn end(&self, router: &str) -> Result<(), Why> {
        let keeper = self.keepers.lock().await.remove(router);
        if let Some(keeper) = keeper {
            keeper.end().await;
        }
        clear(router).await
    }
}

/// Tries in a namespace of its own, which is made and removed, whether this machine can hold packets
/// back.
pub(crate) async fn try_queues(name: &str) -> Result<(), Why> {
    namespace::script(&[format!("netns add {name}")]).await?;
    let tried = async {
        let _socket = namespace::inside(name, open_queues).await?;
        queue_rules(&chain_names()).apply(name).await?;
        namespace::inside(name, fill_chains).await
    };
    let tried = tried.await;
    namespace::remove(name).await?;
    tried
}

async fn clear(router: &str) -> Result<(), Why> {
    Ruleset { table: TABLE, bases: Vec::new(), chains: Vec::new() }.apply(router).await
}

fn chain_names() -> Vec<String> {
    (1..=QUEUES).map(|queue| format!("q{queue}")).collect()
}

/// The table with empty chains; nft has no word for what is in them on a kernel without `nft_queue`.
fn queue_rules(chains: &[String]) -> Ruleset {
    let jumps = chains.iter().enumerate().map(|(n, chain)| format!("{} : jump {chain}", n + 1));
    let rule = format!("meta mark vmap {{ {} }}", jumps.collect::<Vec<_>>().join(", "));
    Ruleset {
        table: TABLE,
        bases: vec![("forward", FORWARD, vec![rule])],
        chains: chains.iter().map(|chain| (chain.clone(), Vec::new())).collect(),
    }
}

/// Opens the queues of the thread's own namespace.
fn open_queues() -> Result<Arc<OwnedFd>, Why> {
    let socket = open()?;
    rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER)
        .map_err(|error| Why(format!("enlarge the buffer of the packet queues: {error}")))?;
    for queue in 1..=QUEUES {
        for message in messages::open_queue(queue, LENGTH) {
            ask(&socket, &message)
                .map_err(|why| Why(format!("open the kernel's packet queue {queue}: {why}")))?;
        }
    }
    Ok(Arc::new(socket))
}

/// Fills the chains of the thread's own namespace.
fn fill_chains() -> Result<(), Why> {
    let rules: Vec<(String, u16)> = chain_names().into_iter().zip(1..=QUEUES).collect();
    ask(&open()?, &messages::queue_targets(TABLE, &rules)).map_err(|why| {
        Why(format!("hand packets to the queues (xt_NFQUEUE over nft_compat): {why}"))
    })
}

fn open() -> Result<OwnedFd, Why> {
    rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(netlink::NETFILTER),
    )
    .map_err(|error| Why(format!("ask the kernel's packet filter: {error}")))
}

/// Sends a message of which the last part asks for an answer, and reads that.
fn ask(socket: &OwnedFd, message: &[u8]) -> Result<(), Why> {
    let failed = |error: rustix::io::Errno| Why(error.to_string());
    rustix::net::send(socket, message, SendFlags::empty()).map_err(failed)?;
    let mut buffer = [0_u8; 8192];
    let (_, length) =
        rustix::net::recv(socket, &mut buffer[..], RecvFlags::empty()).map_err(failed)?;
    match messages::parse_answer(buffer.get(..length).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(code) => Err(Why(rustix::io::Errno::from_raw_os_error(code).to_string())),
        None => Err(Why("an answer that is none".to_owned())),
    }
}
