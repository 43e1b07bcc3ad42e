//! A Hetzner Cloud in a box whose servers are real Debian systems.
