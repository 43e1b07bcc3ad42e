//! etcd's v3 JSON gateway over TLS: readings and transactions that tell "it did not happen" from
//! "nobody knows".

mod client;
mod preference;
mod wire;

pub(crate) use client::{Etcd, EtcdError, Renewal, TlsFiles};
pub(crate) use wire::{Compare, Keys, Kv, Part, Txn, TxnAnswer};
