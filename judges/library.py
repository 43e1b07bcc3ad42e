#!/usr/bin/env python3
"""A walk through every resource with the official Python library, unchanged.

Needs HCLOUD_ENDPOINT and HCLOUD_TOKEN. Prints a line for each step: "ok - ..." or "not ok - ...".
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from hcloud import APIException, Client
from hcloud.firewalls import FirewallResource, FirewallResourceLabelSelector, FirewallRule
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.networks import NetworkRoute, NetworkSubnet
from hcloud.server_types import ServerType
from hcloud.servers import ServerCreatePublicNetwork
from hcloud.zones import ZoneRecord, ZoneRRSet

client = Client(
    token=os.environ["HCLOUD_TOKEN"],
    api_endpoint=os.environ["HCLOUD_ENDPOINT"],
    poll_interval=0.05,
)
HIL = Location(name="hil")
SMALL = ServerType(name="ccx13")
DEBIAN = Image(name="debian-13")


def step(name, work):
    """Does the work; it must succeed. Returns what it gave."""
    try:
        result = work()
    except Exception as error:  # pylint: disable=broad-except
        print(f"not ok - {name}: {error!r}".replace("\n", " | "), flush=True)
        return None
    print(f"ok - {name}", flush=True)
    return result


def holds(name, test):
    """The test must be true."""

    def work():
        assert test()

    step(name, work)


def refused(name, code, work):
    """The work must fail with this code; with any code when it is None, as none is documented."""
    try:
        work()
    except APIException as error:
        if code in (None, error.code) and error.correlation_id:
            print(f"ok - {name}", flush=True)
        else:
            print(f"not ok - {name}: {error.code}, not {code}: {error}", flush=True)
    except Exception as error:  # pylint: disable=broad-except
        print(f"not ok - {name}: {error!r}", flush=True)
    else:
        print(f"not ok - {name}: it succeeded", flush=True)


def done(action):
    """Waits for an action, or for all of several."""
    for one in action if isinstance(action, list) else [action]:
        one.wait_until_finished(max_retries=600)


def created(response):
    """Waits for everything that was begun with a creation."""
    for name in ("action", "next_actions", "actions"):
        found = getattr(response, name, None)
        if found:
            done(found)
    return response


def keys():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        text = path.with_suffix(".pub").read_text()
    key = step("ssh_keys.create", lambda: client.ssh_keys.create("lib-key", text, labels={"a": "b"}))
    refused("ssh_keys.create, taken", "uniqueness_error", lambda: client.ssh_keys.create("lib-key2", text))
    refused("ssh_keys.create, no key", "invalid_input", lambda: client.ssh_keys.create("lib-key3", "no key"))
    step("ssh_keys.update", lambda: client.ssh_keys.update(key, name="lib-key4", labels={}))
    holds("ssh_keys.get_by_name", lambda: client.ssh_keys.get_by_name("lib-key4").id == key.id)
    holds("ssh_keys.get_by_fingerprint", lambda: client.ssh_keys.get_by_fingerprint(key.fingerprint))
    return key


def catalogue():
    holds("locations.get_all", lambda: {"hil", "ash", "fsn1"} <= {one.name for one in client.locations.get_all()})
    holds("server_types.get_by_name", lambda: client.server_types.get_by_name("ccx13").memory == 8)
    holds("images.get_all", lambda: client.images.get_all(type="system"))
    holds("images.get_by_name_and_architecture", lambda: client.images.get_by_name_and_architecture("debian-13", "x86"))
    refused("servers.get_by_id, unknown", "not_found", lambda: client.servers.get_by_id(999999))


def networks():
    made = step("networks.create", lambda: client.networks.create("lib-net", "10.80.0.0/16"))
    subnet = NetworkSubnet(type="cloud", ip_range="10.80.1.0/24", network_zone="us-west")
    step("networks.add_subnet", lambda: done(client.networks.add_subnet(made, subnet)))
    refused("networks.create, taken", "uniqueness_error", lambda: client.networks.create("lib-net", "10.81.0.0/16"))
    refused("networks.create, public range", "invalid_input", lambda: client.networks.create("lib-net2", "8.8.0.0/16"))
    step("networks.change_protection", lambda: done(client.networks.change_protection(made, delete=True)))
    refused("networks.delete, protected", "protected", lambda: client.networks.delete(made))
    step("networks.change_protection off", lambda: done(client.networks.change_protection(made, delete=False)))
    step("networks.update", lambda: client.networks.update(made, labels={"x": "y"}))
    return made


def firewall():
    rule = FirewallRule(direction="in", protocol="tcp", port="80-85", source_ips=["0.0.0.0/0", "::/0"])
    made = step("firewalls.create", lambda: client.firewalls.create("lib-fw", rules=[rule]).firewall)
    step("firewalls.set_rules", lambda: done(client.firewalls.set_rules(made, [rule, rule])))
    bad = FirewallRule(direction="in", protocol="tcp", port="80", source_ips=["10.0.0.1/8"])
    refused("firewalls.set_rules, host bits", "invalid_input", lambda: client.firewalls.set_rules(made, [bad]))
    no_port = FirewallRule(direction="in", protocol="tcp", source_ips=["10.0.0.0/8"])
    refused("firewalls.set_rules, no port", "invalid_input", lambda: client.firewalls.set_rules(made, [no_port]))
    return made


def servers(key, network, wall):
    group = step("placement_groups.create", lambda: client.placement_groups.create("lib-group", "spread").placement_group)
    make = lambda: created(
        client.servers.create(
            "lib-1", SMALL, DEBIAN, location=HIL, ssh_keys=[key], networks=[network], firewalls=[wall],
            placement_group=group, labels={"role": "lib"}, user_data="#cloud-config\n{}\n",
        )
    )
    one = step("servers.create", make).server
    bare = lambda name, **more: client.servers.create(name, SMALL, DEBIAN, location=HIL, **more)
    refused("servers.create, taken", "uniqueness_error", lambda: bare("lib-1"))
    refused("servers.create, name", "invalid_input", lambda: bare("not a name"))
    nothing = ServerCreatePublicNetwork(enable_ipv4=False, enable_ipv6=False)
    refused("servers.create, no address", "invalid_input", lambda: bare("lib-9", public_net=nothing))
    holds("servers.get_all by label", lambda: [s.id for s in client.servers.get_all(label_selector="role in (lib)")] == [one.id])
    holds("servers.get_by_name", lambda: client.servers.get_by_name("lib-1").status == "running")
    two = step("servers.create without a key", lambda: created(bare("lib-2")))
    holds("servers.create gives a password", lambda: two.root_password)
    two = two.server
    step("servers.update", lambda: client.servers.update(two, name="lib-two", labels={"a": "b"}))
    step("servers.attach_to_network", lambda: done(client.servers.attach_to_network(two, network, ip="10.80.1.50", alias_ips=["10.80.1.51"])))
    refused("servers.attach_to_network, again", "server_already_attached", lambda: client.servers.attach_to_network(two, network))
    step("servers.change_alias_ips", lambda: done(client.servers.change_alias_ips(two, network, ["10.80.1.52"])))
    holds("alias IPs are replaced", lambda: client.servers.get_by_id(two.id).private_net[0].alias_ips == ["10.80.1.52"])
    route = NetworkRoute(destination="10.99.0.0/16", gateway="10.80.1.50")
    step("networks.add_route", lambda: done(client.networks.add_route(network, route)))
    holds("networks.get_by_id", lambda: len(client.networks.get_by_id(network.id).servers) == 2)
    step("networks.delete_route", lambda: done(client.networks.delete_route(network, route)))
    step("networks.change_ip_range", lambda: done(client.networks.change_ip_range(network, "10.80.0.0/12")))
    step("servers.detach_from_network", lambda: done(client.servers.detach_from_network(two, network)))
    step("servers.change_dns_ptr", lambda: done(client.servers.change_dns_ptr(two, two.public_net.ipv4.ip, "two.example.com")))
    step("servers.change_protection", lambda: done(client.servers.change_protection(two, delete=True, rebuild=True)))
    refused("servers.delete, protected", "protected", lambda: client.servers.delete(two))
    refused("servers.rebuild, protected", "protected", lambda: client.servers.rebuild(two, DEBIAN))
    step("servers.change_protection off", lambda: done(client.servers.change_protection(two, delete=False, rebuild=False)))
    step("servers.enable_backup", lambda: done(client.servers.enable_backup(two)))
    step("servers.disable_backup", lambda: done(client.servers.disable_backup(two)))
    holds("servers.reset_password", lambda: client.servers.reset_password(two).root_password)
    image = step("servers.create_image", lambda: created(client.servers.create_image(two, "lib", labels={"s": "1"}))).image
    step("images.update", lambda: client.images.update(image, description="walked"))
    holds("images.get_by_id", lambda: client.images.get_by_id(image.id).status == "available")
    step("servers.rebuild", lambda: done(client.servers.rebuild(two, image).action))
    refused("servers.change_type, running", "server_not_stopped", lambda: client.servers.change_type(two, ServerType(name="ccx23"), True))
    step("servers.power_off", lambda: done(client.servers.power_off(two)))
    step("servers.change_type", lambda: done(client.servers.change_type(two, ServerType(name="ccx23"), True)))
    step("servers.reboot", lambda: done(client.servers.reboot(one)))
    step("servers.reset", lambda: done(client.servers.reset(one)))
    step("servers.shutdown", lambda: done(client.servers.shutdown(one)))
    step("servers.power_on", lambda: done(client.servers.power_on(one)))
    refused("servers.request_console", "unsupported_error", lambda: client.servers.request_console(one))
    now = "2026-01-01T00:00:00+00:00"
    step("servers.get_metrics", lambda: client.servers.get_metrics(one, "cpu", now, "2026-01-01T00:05:00+00:00"))
    step("images.delete", lambda: client.images.delete(image))
    refused("images.delete, system", None, lambda: client.images.delete(client.images.get_by_name_and_architecture("debian-13", "x86")))
    return one, two, group


def wall_of(server, wall):
    resource = [FirewallResource(type="server", server=server)]
    refused("firewalls.apply_to_resources, again", "firewall_already_applied", lambda: client.firewalls.apply_to_resources(wall, resource))
    refused("firewalls.delete, in use", "resource_in_use", lambda: client.firewalls.delete(wall))
    step("firewalls.remove_from_resources", lambda: done(client.firewalls.remove_from_resources(wall, resource)))
    label = [FirewallResource(type="label_selector", label_selector=FirewallResourceLabelSelector("role=lib"))]
    step("firewalls.apply_to_resources, label", lambda: done(client.firewalls.apply_to_resources(wall, label)))
    step("firewalls.remove_from_resources, label", lambda: done(client.firewalls.remove_from_resources(wall, label)))
    step("firewalls.delete", lambda: client.firewalls.delete(wall))


def volumes(server):
    made = step("volumes.create", lambda: created(client.volumes.create(10, "lib-vol", location=HIL, format="ext4")).volume)
    refused("volumes.create, too small", "invalid_input", lambda: client.volumes.create(1, "lib-vol2", location=HIL))
    step("volumes.attach", lambda: done(client.volumes.attach(made, server, automount=True)))
    refused("volumes.delete, attached", None, lambda: client.volumes.delete(made))
    step("volumes.resize", lambda: done(client.volumes.resize(made, 20)))
    refused("volumes.resize, smaller", "invalid_input", lambda: client.volumes.resize(made, 10))
    step("volumes.detach", lambda: done(client.volumes.detach(made)))
    step("volumes.change_protection", lambda: done(client.volumes.change_protection(made, delete=True)))
    refused("volumes.delete, protected", "protected", lambda: client.volumes.delete(made))
    step("volumes.change_protection off", lambda: done(client.volumes.change_protection(made, delete=False)))
    step("volumes.delete", lambda: client.volumes.delete(made))


def floating(server):
    made = step("floating_ips.create", lambda: created(client.floating_ips.create("ipv4", name="lib-fip", home_location=HIL)).floating_ip)
    refused("floating_ips.create, nowhere", "invalid_input", lambda: client.floating_ips.create("ipv4", name="lib-fip2"))
    step("floating_ips.assign", lambda: done(client.floating_ips.assign(made, server)))
    refused("floating_ips.delete, assigned", "must_be_unassigned", lambda: client.floating_ips.delete(made))
    step("floating_ips.change_dns_ptr", lambda: done(client.floating_ips.change_dns_ptr(made, made.ip, "fip.example.com")))
    step("floating_ips.unassign", lambda: done(client.floating_ips.unassign(made)))
    step("floating_ips.change_protection", lambda: done(client.floating_ips.change_protection(made, delete=True)))
    refused("floating_ips.delete, protected", "protected", lambda: client.floating_ips.delete(made))
    step("floating_ips.change_protection off", lambda: done(client.floating_ips.change_protection(made, delete=False)))
    step("floating_ips.delete", lambda: client.floating_ips.delete(made))


def primary(server):
    make = lambda: client.primary_ips.create(type="ipv4", name="lib-pip", location=HIL, assignee_type="server", auto_delete=False)
    made = step("primary_ips.create", lambda: created(make())).primary_ip
    refused("primary_ips.create, taken", "uniqueness_error", make)
    old = client.servers.get_by_id(server.id).public_net.primary_ipv4
    refused("primary_ips.unassign, running", "server_not_stopped", lambda: client.primary_ips.unassign(old))
    done(client.servers.power_off(server))
    step("primary_ips.unassign", lambda: done(client.primary_ips.unassign(old)))
    step("primary_ips.assign", lambda: done(client.primary_ips.assign(made, server.id, "server")))
    holds("the server has the address", lambda: client.servers.get_by_id(server.id).public_net.ipv4.ip == made.ip)
    step("primary_ips.change_dns_ptr", lambda: done(client.primary_ips.change_dns_ptr(made, made.ip, "pip.example.com")))
    refused("primary_ips.delete, assigned", "must_be_unassigned", lambda: client.primary_ips.delete(made))
    step("primary_ips.unassign again", lambda: done(client.primary_ips.unassign(made)))
    step("primary_ips.update", lambda: client.primary_ips.update(made, name="lib-pip2"))
    step("primary_ips.delete", lambda: client.primary_ips.delete(made))
    step("primary_ips.delete, the old one", lambda: client.primary_ips.delete(old))


def zones():
    made = step("zones.create", lambda: created(client.zones.create(name="walk-example.com", mode="primary", ttl=600))).zone
    refused("zones.create, taken", "uniqueness_error", lambda: client.zones.create(name="walk-example.com", mode="primary"))
    refused("zones.create, subdomain", "invalid_input", lambda: client.zones.create(name="www.walk-example.org", mode="primary"))
    records = [ZoneRecord(value="198.51.100.1"), ZoneRecord(value="198.51.100.2")]
    rrset = step("zones.create_rrset", lambda: created(client.zones.create_rrset(made, name="www", type="A", records=records))).rrset
    refused("zones.create_rrset, taken", "uniqueness_error", lambda: client.zones.create_rrset(made, name="www", type="A", records=records))
    bad = [ZoneRecord(value="not an address")]
    refused("zones.create_rrset, bad value", "invalid_input", lambda: client.zones.create_rrset(made, name="bad", type="A", records=bad))
    step("zones.set_rrset_records", lambda: done(client.zones.set_rrset_records(rrset, records[:1])))
    step("zones.add_rrset_records", lambda: done(client.zones.add_rrset_records(rrset, records[1:])))
    step("zones.remove_rrset_records", lambda: done(client.zones.remove_rrset_records(rrset, records[1:])))
    step("zones.change_rrset_ttl", lambda: done(client.zones.change_rrset_ttl(rrset, 60)))
    step("zones.change_rrset_protection", lambda: done(client.zones.change_rrset_protection(rrset, change=True)))
    refused("zones.set_rrset_records, protected", "protected", lambda: client.zones.set_rrset_records(rrset, records))
    step("zones.change_rrset_protection off", lambda: done(client.zones.change_rrset_protection(rrset, change=False)))
    holds("zones.export_zonefile", lambda: "www" in client.zones.export_zonefile(made).zonefile)
    holds("zones.get_rrset_all", lambda: {"SOA", "NS", "A"} <= {one.type for one in client.zones.get_rrset_all(made)})
    step("zones.delete_rrset", lambda: done(client.zones.delete_rrset(rrset).action))
    step("zones.change_ttl", lambda: done(client.zones.change_ttl(made, 3600)))
    step("zones.change_protection", lambda: done(client.zones.change_protection(made, delete=True)))
    refused("zones.delete, protected", "protected", lambda: client.zones.delete(made))
    step("zones.change_protection off", lambda: done(client.zones.change_protection(made, delete=False)))
    step("zones.delete", lambda: done(client.zones.delete(made).action))


def main():
    started = time.monotonic()
    key = keys()
    catalogue()
    network = networks()
    wall = firewall()
    one, two, group = servers(key, network, wall)
    wall_of(one, wall)
    volumes(one)
    floating(one)
    primary(one)
    zones()
    step("actions.get_list of a server", lambda: client.servers.actions.get_all())
    for server in (one, two):
        step("servers.delete", lambda server=server: done(client.servers.delete(server)))
    step("placement_groups.delete", lambda: client.placement_groups.delete(group))
    step("networks.delete", lambda: client.networks.delete(network))
    step("ssh_keys.delete", lambda: client.ssh_keys.delete(key))
    holds("nothing is left", lambda: not client.servers.get_all() and not client.primary_ips.get_all())
    print(f"# {time.monotonic() - started:.1f} s")


main()
