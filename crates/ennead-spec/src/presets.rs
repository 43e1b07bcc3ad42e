//! Specs to begin with. Each is a file under `presets/`, with comments that explain its choices.

/// A spec to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// A further name for it, where it had another one.
    pub alias: Option<&'static str>,
    /// What it is, on one line.
    pub summary: &'static str,
    /// The whole file.
    pub text: &'static str,
}

/// Every preset; the first is the one that is used when none is named.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "default",
        alias: Some("crm"),
        summary: "nine servers over two sites: any one server, the smaller site, a partition",
        text: include_str!("../presets/crm.toml"),
    },
    Preset {
        name: "any-two",
        alias: None,
        summary: "the nine servers, for the loss of any two at once; commits wait for the other site",
        text: include_str!("../presets/any-two.toml"),
    },
    Preset {
        name: "any-site",
        alias: None,
        summary: "the nine servers and a witness in a third site, for the loss of any site",
        text: include_str!("../presets/any-site.toml"),
    },
    Preset {
        name: "small",
        alias: None,
        summary: "three small servers, one in each of three sites: any one server, any site",
        text: include_str!("../presets/small.toml"),
    },
    Preset {
        name: "seed",
        alias: None,
        summary: "three small servers in one site, to grow from",
        text: include_str!("../presets/seed.toml"),
    },
];

/// Returns the preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name || preset.alias == Some(name))
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
        let spec = parse_spec(preset("seed").unwrap().text, Catalogue::embedded()).spec.unwrap();
        assert_eq!(spec.fleet.nodes.len(), 3);
        assert_eq!(spec.fleet.running("wireguard").count(), 0);
    }

    #[test]
    fn examples_are_the_presets() {
        let examples = [
            ("default", include_str!("../../../examples/crm.toml")),
            ("any-two", include_str!("../../../examples/any-two.toml")),
            ("any-site", include_str!("../../../examples/any-site.toml")),
            ("small", include_str!("../../../examples/small.toml")),
            ("seed", include_str!("../../../examples/seed.toml")),
        ];
        let presets = PRESETS.map(|preset| (preset.name, preset.text));
        assert_eq!(presets, examples);
    }

    #[test]
    fn a_preset_answers_to_its_older_name() {
        assert_eq!(preset("crm"), preset("default"));
        assert_eq!(preset("nothing"), None);
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
