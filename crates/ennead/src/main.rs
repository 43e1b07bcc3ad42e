//! Describes, checks, provisions, deploys, operates and proves a platform on Hetzner Cloud.

fn main() {}
