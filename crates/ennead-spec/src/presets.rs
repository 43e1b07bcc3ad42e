//! Specs to begin with. Each is a file under `presets/`, with comments that explain its choices.

/// A spec to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, on one line.
    pub summary: &'static str,
    /// The whole file.
    pub text: &'static str,
}

/// Every preset; the first is the one that is used when none is named.
pub const PRESETS: [Preset; 2] = [
    Preset {
        name: "crm",
        summary: "nine servers in three tiers over two sites",
        text: include_str!("../presets/crm.toml"),
    },
    Preset {
        name: "seed",
        summary: "three small servers in one site, to grow from",
        text: include_str!("../presets/seed.toml"),
    },
];

/// Returns the preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;

    use super::*;
    use crate::parse_spec;

    #[test]
    fn presets_have_no_findings() {
        for preset in PRESETS {
            let parsed = parse_spec(preset.text, Catalogue::embedded());
            assert_eq!(parsed.findings, [], "{}", preset.name);
            assert!(parsed.spec.is_some(), "{}", preset.name);
        }
    }

    #[test]
    fn the_first_preset_is_the_nine_servers_with_five_voters() {
        let spec = parse_spec(PRESETS[0].text, Catalogue::embedded()).spec.unwrap();
        assert_eq!(spec.fleet.nodes.len(), 9);
        let voters: Vec<_> = spec.fleet.running("etcd").map(|node| node.name.as_str()).collect();
        let expected = [
            "crm-ctrl-ash-1",
            "crm-ctrl-ash-2",
            "crm-ctrl-hil-1",
            "crm-svc-ash-1",
            "crm-svc-hil-1",
        ];
        assert_eq!(voters, expected);
        assert_eq!(spec.fleet.running("postgres").count(), 3);
        assert_eq!(spec.fleet.running("base").count(), 9);
        assert_eq!(spec.fleet.running("wireguard").count(), 9);
    }

    #[test]
    fn one_site_needs_no_tunnel() {
        let spec = parse_spec(PRESETS[1].text, Catalogue::embedded()).spec.unwrap();
        assert_eq!(spec.fleet.nodes.len(), 3);
        assert_eq!(spec.fleet.running("wireguard").count(), 0);
    }

    #[test]
    fn examples_are_the_presets() {
        assert_eq!(PRESETS[0].text, include_str!("../../../examples/crm.toml"));
        assert_eq!(PRESETS[1].text, include_str!("../../../examples/seed.toml"));
    }

    #[test]
    fn another_number_of_nodes_sites_and_names_is_as_good() {
        let text = include_str!("../../../examples/three-sites.toml");
        let parsed = parse_spec(text, Catalogue::embedded());
        assert_eq!(parsed.findings, []);
        let fleet = parsed.spec.unwrap().fleet;
        assert_eq!((fleet.nodes.len(), fleet.sites.len()), (7, 3));
    }
}
