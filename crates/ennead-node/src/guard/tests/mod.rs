//! The daemon and its parts against a real etcd. Without one these tests fail and say so: put
//! `etcd` on the `PATH`, or build the lab's image with `ennead lab image`.

mod server;
mod store;
mod whole;
