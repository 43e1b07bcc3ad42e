//! The requests that are made.

use ennead_lab::api::Method;

/// Path and body. `{s}`: a server, `{f}`: a firewall, `{l}`: a floating IP, `{p}`: a primary IP,
/// `{n}`: a network, `{c}`: a small number, `{i}`: another server.
pub(crate) const REQUESTS: &[(Method, &str, &str)] = &[
    (
        Method::Post,
        "/servers",
        r#"{"name":"s{c}","server_type":"ccx13","image":"debian-13","location":"hil",
            "labels":{"role":"r{c}"},"start_after_create":false}"#,
    ),
    (
        Method::Post,
        "/servers",
        r#"{"name":"s{c}","server_type":"cpx11","image":"debian-13","location":"ash",
            "firewalls":[{"firewall":{f}}]}"#,
    ),
    (
        Method::Post,
        "/servers",
        r#"{"name":"s{c}","server_type":"ccx13","image":"debian-13","location":"hil",
            "networks":[{n}],"public_net":{"enable_ipv4":false,"enable_ipv6":false},
            "start_after_create":false}"#,
    ),
    (
        Method::Post,
        "/servers",
        r#"{"name":"s{c}","server_type":"ccx13","image":"debian-13","location":"hil",
            "public_net":{"ipv4":{p}},"start_after_create":false}"#,
    ),
    (Method::Put, "/servers/{s}", r#"{"labels":{"role":"r{c}"}}"#),
    (Method::Post, "/servers/{s}/actions/poweroff", "{}"),
    (Method::Post, "/servers/{s}/actions/poweron", "{}"),
    (Method::Delete, "/servers/{s}", "{}"),
    (
        Method::Post,
        "/firewalls",
        r#"{"name":"f{c}","apply_to":[
        {"type":"server","server":{"id":{s}}}]}"#,
    ),
    (
        Method::Post,
        "/firewalls",
        r#"{"name":"f{c}","rules":[{"direction":"in","protocol":"icmp",
        "source_ips":["10.{c}.0.0/16"]}],"apply_to":[{"type":"label_selector",
        "label_selector":{"selector":"role=r{c}"}}]}"#,
    ),
    (
        Method::Post,
        "/firewalls/{f}/actions/set_rules",
        r#"{"rules":[{"direction":"out",
        "protocol":"tcp","port":"{c}1","destination_ips":["10.{c}.0.0/16"]}]}"#,
    ),
    (
        Method::Post,
        "/firewalls/{f}/actions/apply_to_resources",
        r#"{"apply_to":[
        {"type":"server","server":{"id":{s}}},{"type":"server","server":{"id":{i}}}]}"#,
    ),
    (
        Method::Post,
        "/firewalls/{f}/actions/apply_to_resources",
        r#"{"apply_to":[
        {"type":"label_selector","label_selector":{"selector":"role!=r{c}"}}]}"#,
    ),
    (
        Method::Post,
        "/firewalls/{f}/actions/remove_from_resources",
        r#"{"remove_from":[
        {"type":"server","server":{"id":{s}}}]}"#,
    ),
    (
        Method::Post,
        "/firewalls/{f}/actions/remove_from_resources",
        r#"{"remove_from":[
        {"type":"label_selector","label_selector":{"selector":"role=r{c}"}}]}"#,
    ),
    (Method::Delete, "/firewalls/{f}", "{}"),
    (Method::Post, "/floating_ips", r#"{"type":"ipv4","home_location":"hil","name":"l{c}"}"#),
    (Method::Post, "/floating_ips", r#"{"type":"ipv4","server":{s}}"#),
    (Method::Post, "/floating_ips/{l}/actions/assign", r#"{"server":{s}}"#),
    (Method::Post, "/floating_ips/{l}/actions/unassign", "{}"),
    (Method::Post, "/floating_ips/{l}/actions/change_protection", r#"{"delete":true}"#),
    (Method::Delete, "/floating_ips/{l}", "{}"),
    (Method::Post, "/primary_ips", r#"{"type":"ipv4","location":"hil","name":"p{c}"}"#),
    (
        Method::Post,
        "/primary_ips",
        r#"{"type":"ipv6","location":"ash","name":"p{c}",
        "auto_delete":true}"#,
    ),
    (
        Method::Post,
        "/primary_ips/{p}/actions/assign",
        r#"{"assignee_type":"server","assignee_id":{s}}"#,
    ),
    (Method::Post, "/primary_ips/{p}/actions/unassign", "{}"),
    (Method::Put, "/primary_ips/{p}", r#"{"auto_delete":false}"#),
    (Method::Delete, "/primary_ips/{p}", "{}"),
    (
        Method::Post,
        "/networks",
        r#"{"name":"n{c}","ip_range":"10.{c}.0.0/16","subnets":[
        {"type":"cloud","network_zone":"us-west","ip_range":"10.{c}.0.0/24"}]}"#,
    ),
    (
        Method::Post,
        "/networks/{n}/actions/add_route",
        r#"{"destination":"10.1{c}.0.0/16","gateway":"10.{c}.0.2"}"#,
    ),
    (
        Method::Post,
        "/networks/{n}/actions/delete_route",
        r#"{"destination":"10.1{c}.0.0/16","gateway":"10.{c}.0.2"}"#,
    ),
    (Method::Post, "/networks/{n}/actions/change_ip_range", r#"{"ip_range":"10.{c}.0.0/15"}"#),
    (Method::Delete, "/networks/{n}", "{}"),
    (
        Method::Post,
        "/servers/{s}/actions/attach_to_network",
        r#"{"network":{n},"alias_ips":["10.{c}.0.9"]}"#,
    ),
    (
        Method::Post,
        "/servers/{s}/actions/change_alias_ips",
        r#"{"network":{n},"alias_ips":["10.{c}.0.9","10.{c}.0.8"]}"#,
    ),
    (Method::Post, "/servers/{s}/actions/detach_from_network", r#"{"network":{n}}"#),
];

/// What is there from the beginning, so that most requests find something to do.
pub(crate) const FURNITURE: &[(&str, &str)] = &[
    (
        "/networks",
        r#"{"name":"n","ip_range":"10.0.0.0/16","subnets":[
            {"type":"cloud","network_zone":"us-west","ip_range":"10.0.0.0/24"}]}"#,
    ),
    (
        "/servers",
        r#"{"name":"bare","server_type":"ccx13","image":"debian-13","location":"hil",
            "networks":[1],"public_net":{"enable_ipv4":false},"start_after_create":false}"#,
    ),
    ("/servers", r#"{"name":"full","server_type":"ccx13","image":"debian-13","location":"hil"}"#),
    ("/primary_ips", r#"{"type":"ipv4","location":"hil","name":"p"}"#),
    ("/floating_ips", r#"{"type":"ipv4","home_location":"hil","name":"l"}"#),
    ("/firewalls", r#"{"name":"f"}"#),
];
