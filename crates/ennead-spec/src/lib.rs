//! What the operator wants: TOML to Spec, presets, secrets, certificates.
