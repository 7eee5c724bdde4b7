#!/usr/bin/env python3
"""Shows that the files in deploy/ agree with each other and with the server's settings.

    agreement.py RENDERED SERVER HAPROXY_VERSION

RENDERED is the compose file as `docker compose config --format json` shows it, SERVER the program epic-server.
"""

import ipaddress
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DEPLOY = Path(__file__).resolve().parent.parent
NODES = ["node1", "node2", "node3"]
MEMBERS = ["mongo1", "mongo2", "mongo3"]
# What each node has of its own.
OWN = {"volumes", "networks"}
PROGRAM_VARIABLES = {"EPIC_CONFIG"}


def settings():
    """The server's settings, by their variables."""
    table = (DEPLOY.parent / "bootstrap/src/config/setting.rs").read_text()
    names = re.findall(r'\b(?:plain|secret)\(\s*"([a-z0-9_]+)"', table)
    assert len(names) > 30, "the table of settings was not understood"
    return {f"EPIC_{name.upper()}" for name in names}


def every_variable_is_a_setting(services):
    known = settings() | PROGRAM_VARIABLES
    named = {name for service in services.values() for name in service.get("environment") or {}}
    for file in ("Containerfile", "epic-server.service", "README.md", "haproxy.cfg"):
        named |= set(re.findall(r"\bEPIC_[A-Z0-9_]+", (DEPLOY / file).read_text()))
    unknown = {name for name in named if name.startswith("EPIC_") and name not in known | {"EPIC_NAME"}}
    assert not unknown, f"no such settings: {sorted(unknown)}"


def the_server_takes_its_settings(services, server):
    for name in [*NODES, "keys"]:
        environment = {key: value for key, value in services[name]["environment"].items() if value is not None}
        environment |= {"PATH": os.environ["PATH"], "EPIC_DATA_DIR": "/var/lib/epic-server"}
        check = subprocess.run(
            [Path(server).resolve(), "config", "check"], env=environment, cwd="/", capture_output=True, text=True, check=False
        )
        assert check.returncode == 0, f"{name}: {check.stderr}"
        unexpected = [line for line in check.stderr.splitlines() if "TLS" not in line]
        assert not unexpected, f"{name}: {unexpected}"


def nodes_differ_in_their_data_folder_alone(services):
    for name in NODES:
        volumes = {volume["target"]: volume for volume in services[name]["volumes"]}
        assert volumes["/var/lib/epic-server"]["source"] == f"{name}-data"
        keys = volumes["/var/lib/epic-server/keys"]
        assert keys["source"] == "keys" and keys["read_only"], f"{name} must not change the keys"
        others = {key: value for key, value in services[name].items() if key not in OWN}
        first = {key: value for key, value in services["node1"].items() if key not in OWN}
        assert others == first, f"{name} is not like node1"


def the_proxy_knows_the_nodes_and_they_know_the_proxy(rendered):
    services, front = rendered["services"], rendered["networks"]["front"]
    address = {name: services[name]["networks"]["front"]["ipv4_address"] for name in ["proxy", *NODES]}
    pool = front["ipam"]["config"][0]
    for name, text in address.items():
        assert ipaddress.ip_address(text) in ipaddress.ip_network(pool["subnet"]), name
        assert ipaddress.ip_address(text) not in ipaddress.ip_network(pool["ip_range"]), f"others could get {text}"
    assert len(set(address.values())) == len(address)
    servers = re.findall(r"^\tserver (\S+) (\S+)", (DEPLOY / "haproxy.cfg").read_text(), re.MULTILINE)
    assert servers == [(name, f"{name}:8080") for name in NODES]
    named = dict(line.split("=") for line in services["proxy"]["extra_hosts"])
    assert named == {name: address[name] for name in NODES}
    for name in NODES:
        environment = services[name]["environment"]
        assert environment["EPIC_TRUSTED_PROXIES"] == address["proxy"]
        assert environment["EPIC_LISTEN"].endswith(":8080")
    published = [name for name, service in services.items() if service.get("ports")]
    assert published == ["proxy"], f"{published} can be reached from without"


def the_stores_are_where_the_nodes_look(services):
    environment = services["node1"]["environment"]
    store = urlsplit(environment["EPIC_STORE"])
    hosts = store.netloc.rsplit("@", 1)[1].split(",")
    assert hosts == [f"{name}:27017" for name in MEMBERS] and all(name in services for name in MEMBERS)
    script = (DEPLOY / "mongo/initiate.js").read_text()
    assert json.dumps(MEMBERS) in script and f'DATABASE = "{store.path[1:]}"' in script
    assert f"--replSet {parse_qs(store.query)['replicaSet'][0]} " in (DEPLOY / "mongo/member").read_text()

    blobs = urlsplit(environment["EPIC_BLOBS"])
    query = parse_qs(blobs.query)
    endpoint = urlsplit(query["endpoint"][0])
    garage = tomllib.loads((DEPLOY / "garage.toml").read_text())["s3_api"]
    contents = services["contents"]["environment"]
    assert endpoint.hostname == "contents" and garage["api_bind_addr"].endswith(f":{endpoint.port}")
    assert query["region"] == [garage["s3_region"]] and blobs.hostname == contents["GARAGE_DEFAULT_BUCKET"]
    assert environment["AWS_ACCESS_KEY_ID"] == contents["GARAGE_DEFAULT_ACCESS_KEY"]
    assert environment["AWS_SECRET_ACCESS_KEY"] == contents["GARAGE_DEFAULT_SECRET_KEY"]


def what_is_mounted_is_there(services):
    for name, service in services.items():
        for volume in service.get("volumes") or []:
            if volume["type"] == "bind":
                assert Path(volume["source"]).is_file() or volume["source"] == str(DEPLOY / "tls"), f"{name} mounts {volume['source']}"


def images_have_versions(services, haproxy_version):
    for name, service in services.items():
        assert re.search(r":(v?\d[\w.-]*|local)$", service["image"]), f"{name}: {service['image']}"
    assert services["proxy"]["image"] == f"haproxy:{haproxy_version}", "the proxy that is checked is not the one that runs"


def nobody_is_more_than_they_must_be(services):
    for name, service in services.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def main(rendered_path, server, haproxy_version):
    rendered = json.loads(Path(rendered_path).read_text())
    services = rendered["services"]
    every_variable_is_a_setting(services)
    nodes_differ_in_their_data_folder_alone(services)
    the_proxy_knows_the_nodes_and_they_know_the_proxy(rendered)
    the_stores_are_where_the_nodes_look(services)
    what_is_mounted_is_there(services)
    images_have_versions(services, haproxy_version)
    nobody_is_more_than_they_must_be(services)
    the_server_takes_its_settings(services, server)
    print("deploy: the files agree with each other and with the server's settings")


if __name__ == "__main__":
    main(*sys.argv[1:])
