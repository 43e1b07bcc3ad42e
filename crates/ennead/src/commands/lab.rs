//! `ennead lab`.
