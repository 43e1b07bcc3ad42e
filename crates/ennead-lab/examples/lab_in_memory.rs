//! Serves a lab whose servers are only remembered, for trying clients of the cloud without root.
//!
//! `HCLOUD_ENDPOINT` and `HCLOUD_TOKEN` are what the official programs read.

#![expect(clippy::print_stdout, reason = "an example talks to the one who runs it")]

use ennead_lab::lab_in_memory;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lab = lab_in_memory().await?;
    println!("HCLOUD_ENDPOINT={}", lab.endpoint);
    println!("HCLOUD_TOKEN={}", lab.token.text());
    tokio::signal::ctrl_c().await?;
    lab.end().await;
    Ok(())
}
