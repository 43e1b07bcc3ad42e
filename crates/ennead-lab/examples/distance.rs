//! Measures what a distance costs: how exact the delay is, and how much passes through it.
//!
//! Needs root, an image and `iperf3`. Arguments: milliseconds one way, then seconds.

#![expect(clippy::print_stdout, reason = "an example talks to the one who runs it")]

use std::error::Error;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost};
use ennead_lab::distance::Distance;
use ennead_lab::image::{IMAGE_CACHE, ensure_image, image_packages};
use ennead_lab::lifecycle::teardown;
use ennead_lab::state::Prefix;
use ennead_lab::world::{LabPlace, RealWorld, ServerSeed, World as _};

const LAB: &str = "example-distance";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let ms: f64 = arguments.next().unwrap_or_else(|| "30".to_owned()).parse()?;
    let seconds = arguments.next().unwrap_or_else(|| "5".to_owned());
    let state = Utf8PathBuf::from(format!("/var/tmp/ennead-{LAB}"));
    teardown(LAB, &state).await?;
    let measured = measure(&state, ms, &seconds).await;
    teardown(LAB, &state).await?;
    measured
}

async fn measure(state: &Utf8Path, ms: f64, seconds: &str) -> Result<(), Box<dyn Error>> {
    let packages = image_packages(&ennead_components::image_packages());
    let (tell, _told) = tokio::sync::mpsc::unbounded_channel();
    let image = ensure_image(Utf8Path::new(IMAGE_CACHE), &packages, &tell).await?;
    let public = Prefix::parse("198.19.229.0/24").ok_or("a prefix")?;
    let place = LabPlace { lab: LAB.to_owned(), state: state.to_owned(), image, public };
    let names = place.names();
    let world = RealWorld::open(place).await?;
    // The others are idle, as most servers are most of the time.
    for id in 1..=9 {
        let location = if id == 1 { "hil" } else { "ash" };
        world.create_server(&server(id, location)).await?;
        world.start(id).await?;
    }
    let (one, two) = (names.server(1), names.server(2));
    let host = LocalHost::new("example");
    let inside = |name: &str, script: &str| {
        let net = format!("--net=/run/netns/{name}");
        Command::new("nsenter")
            .args([net.as_str(), "sh", "-c", script])
            .deadline(Duration::from_mins(2))
    };
    host.run_ok(&inside(&one, "iperf3 -s -D -I /var/tmp/ennead-example-distance.pid")).await?;
    for far in [0.0, ms] {
        let distance = Distance::parse(&format!("hil:ash={far}ms"))?;
        world.set_distances(&[distance]).await?;
        let ping = inside(
            &two,
            "ping -n -q -i 0.005 -c 20 198.19.229.3 > /dev/null; \
            ping -n -i 0.005 -c 1000 198.19.229.3",
        );
        let text = host.run_ok(&ping).await?.stdout_text();
        let mut errors: Vec<f64> = text
            .lines()
            .filter_map(|line| line.split_once("time=")?.1.split(' ').next()?.parse().ok())
            .map(|time: f64| (time - 2.0 * far) / 2.0)
            .collect();
        errors.sort_by(f64::total_cmp);
        let part = |percent: usize| errors.get(errors.len() * percent / 100).copied();
        println!(
            "{far} ms one way: {} answers; later than asked, one way: p50 {:.3} ms, p99 {:.3} ms",
            errors.len(),
            part(50).unwrap_or_default(),
            part(99).unwrap_or_default()
        );
        for options in ["", "-P 4", "-u -b 400M -l 1400"] {
            let script = format!(
                "iperf3 -c 198.19.229.3 -t {seconds} -f m {options} | \
                                  grep -E 'receiver' | tail -1"
            );
            let told = host.run_ok(&inside(&two, &script)).await?.stdout_text();
            println!("  iperf3 {options}: {}", told.trim());
        }
    }
    host.run_ok(&inside(&one, "kill $(tr -d '\\0' < /var/tmp/ennead-example-distance.pid)"))
        .await?;
    Ok(())
}

fn server(id: u64, location: &str) -> ServerSeed {
    ServerSeed {
        id,
        name: format!("{location}-{id}"),
        image: "debian-13".to_owned(),
        location: location.to_owned(),
        network_zone: "us-east".to_owned(),
        snapshot: None,
        public_ip: Some([198, 19, 229, 2 + u8::try_from(id).unwrap_or(u8::MAX)].into()),
        public_mac: format!("96:00:00:00:00:{id:02x}"),
        ssh_keys: Vec::new(),
        root_password: None,
        user_data: None,
        memory_bytes: 4 << 30,
        cores: 2,
        disk_gb: 40,
    }
}
