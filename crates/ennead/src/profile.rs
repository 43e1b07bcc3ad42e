//! A person's WireGuard profile, as file and as QR code. Pure.

use std::net::{IpAddr, Ipv4Addr};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use secrecy::{ExposeSecret as _, SecretString};

/// Seconds between keepalive packets: shorter than any usual router forgets a UDP flow.
const KEEPALIVE_S: u16 = 25;

/// Where a person connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) site: String,
    pub(crate) public_key: String,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
}

/// Everything that a profile says.
pub(crate) struct Profile<'a> {
    /// Who it is for, where and until when, on one line.
    pub(crate) title: String,
    pub(crate) private_key: &'a SecretString,
    pub(crate) address: Ipv4Addr,
    pub(crate) mtu: u16,
    /// What is reached through the tunnel, for example `10.1.0.0/24, 10.2.0.0/24`.
    pub(crate) allowed: String,
    pub(crate) gateway: Gateway,
    /// In place of the gateway when it does not answer.
    pub(crate) others: Vec<Gateway>,
}

impl Profile<'_> {
    /// Returns the profile as a file for `wg-quick` and every WireGuard app.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("# {}\n{}", self.title, self.essence());
        for other in &self.others {
            let section = self.peer(other);
            text.push_str("\n# In place of the section above, when it does not answer:\n");
            text.extend(
                section.lines().map(|line| format!("# {}\n", line.trim_start_matches("# "))),
            );
        }
        text
    }

    fn essence(&self) -> String {
        format!(
            "[Interface]\nPrivateKey = {}\nAddress = {}/32\nMTU = {}\n\n{}",
            self.private_key.expose_secret(),
            self.address,
            self.mtu,
            self.peer(&self.gateway)
        )
    }

    fn peer(&self, gateway: &Gateway) -> String {
        format!(
            "# {} in {}\n[Peer]\nPublicKey = {}\nEndpoint = {}:{}\nAllowedIPs = {}\n\
             PersistentKeepalive = {KEEPALIVE_S}\n",
            gateway.name,
            gateway.site,
            gateway.public_key,
            gateway.address,
            gateway.port,
            self.allowed
        )
    }

    /// Returns the profile without its alternatives as a QR code for a terminal; `None` when it is
    /// too long for one.
    pub(crate) fn qr_code(&self) -> Option<String> {
        let code = QrCode::new(self.essence()).ok()?;
        // A filled cell is light on a dark terminal, so the code's dark modules stay empty.
        let render = code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build();
        Some(render)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(site: &str, last: u8) -> Gateway {
        Gateway {
            name: format!("{site}-1"),
            site: site.to_owned(),
            public_key: "PUBLIC".to_owned(),
            address: Ipv4Addr::new(192, 0, 2, last).into(),
            port: 51821,
        }
    }

    fn profile(private_key: &SecretString) -> Profile<'_> {
        Profile {
            title: "anna on demo, until 2027-02-21".to_owned(),
            private_key,
            address: Ipv4Addr::new(10, 255, 255, 2),
            mtu: 1420,
            allowed: "10.1.0.0/24, 10.2.0.0/24".to_owned(),
            gateway: gateway("east", 1),
            others: vec![gateway("west", 2)],
        }
    }

    #[test]
    fn a_profile_has_one_section_in_force_and_the_others_as_remarks() {
        let key = SecretString::from("PRIVATE");
        let text = profile(&key).text();
        let expected = "\
# anna on demo, until 2027-02-21
[Interface]
PrivateKey = PRIVATE
Address = 10.255.255.2/32
MTU = 1420

# east-1 in east
[Peer]
PublicKey = PUBLIC
Endpoint = 192.0.2.1:51821
AllowedIPs = 10.1.0.0/24, 10.2.0.0/24
PersistentKeepalive = 25

# In place of the section above, when it does not answer:
# west-1 in west
# [Peer]
# PublicKey = PUBLIC
# Endpoint = 192.0.2.2:51821
# AllowedIPs = 10.1.0.0/24, 10.2.0.0/24
# PersistentKeepalive = 25
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_code_is_square_and_fits_a_terminal() {
        let key = SecretString::from("k".repeat(44));
        let code = profile(&key).qr_code().unwrap();
        let widths: Vec<usize> = code.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        assert!(widths[0] <= 80 && widths.len() <= 40, "{} x {}", widths[0], widths.len());
    }
}
