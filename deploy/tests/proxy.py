#!/usr/bin/env python3
"""Runs the proxy with deploy/haproxy.cfg in front of three nodes that only note what reaches them, and shows what it does
with addresses, bodies, failing nodes and repeated requests.

    unshare --mount --net proxy.py HAPROXY

It runs in a network and with names of its own, so that the nodes have their names and the proxy its ports.
"""

import asyncio
import fcntl
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path

NODES = {"node1": "127.0.1.1", "node2": "127.0.1.2", "node3": "127.0.1.3"}
PORT = 8080
CONFIGURATION = Path(__file__).resolve().parent.parent / "haproxy.cfg"
HALF = b"x" * 100_000
CLIENT = "127.0.0.9"
STEP_SECONDS = 20
# From the kernel's <linux/sockios.h> and <linux/if.h>.
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


class Node:
    """A node that is ready or not, and notes every request that is not about that."""

    def __init__(self, address):
        self.address = address
        self.is_ready = True
        self.drops = False
        self.requests = []
        self.bytes_received = 0
        self.may_send_rest = asyncio.Event()
        self.server = None
        self.connections = set()

    async def start(self):
        self.server = await asyncio.start_server(self.serve, self.address, PORT)

    def stop(self):
        self.server.close()
        for writer in self.connections:
            writer.close()

    async def serve(self, reader, writer):
        self.connections.add(writer)
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        method, path, _ = lines[0].split(" ")
        fields = [tuple(line.split(": ", 1)) for line in lines[1:] if line]
        if path == "/readyz":
            status = "200 OK" if self.is_ready else "503 Service Unavailable"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return True
        self.requests.append((method, path, [(name.lower(), value) for name, value in fields]))
        if path == "/refused":
            # As the server refuses: at once, without looking at the body.
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
            await writer.drain()
            return False
        await self.take_body(reader, fields)
        if self.drops:
            return False
        if path == "/in-two-pieces":
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {2 * len(HALF)}\r\n\r\n".encode() + HALF)
            await writer.drain()
            await self.may_send_rest.wait()
            writer.write(HALF)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        return True

    async def take_body(self, reader, fields):
        lengths = [int(value) for name, value in fields if name.lower() == "content-length"]
        rest = lengths[0] if lengths else 0
        while rest > 0:
            piece = await reader.read(min(rest, 65536))
            if not piece:
                raise ConnectionError
            rest -= len(piece)
            self.bytes_received += len(piece)


def tls():
    """How clients speak TLS. The proxy's certificate is its own here."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # What clients offer that know both; these here speak only one.
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def connect():
    """A connection of a client to the proxy."""
    return await asyncio.open_connection(
        "127.0.0.1", 443, ssl=tls(), server_hostname="localhost", local_addr=(CLIENT, 0)
    )


async def send(method, path, *fields, body=b""):
    """The status of the answer to one request."""
    return int((await exchange(method, path, *fields, body=body)).split(b" ", 2)[1])


async def exchange(method, path, *fields, body=b""):
    """The whole answer to one request."""
    reader, writer = await connect()
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields]
    if body:
        head.append(f"Content-Length: {len(body)}")
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


async def until(condition):
    while not condition():
        await asyncio.sleep(0.02)


def all_requests(nodes):
    return [request for node in nodes for request in node.requests]


async def the_clients_address_is_the_proxys_word_alone(nodes):
    forged = ["X-Forwarded-For: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Forwarded-Proto: http"]
    hidden = ["Connection: close, X-Forwarded-For, X-Forwarded-Proto"]
    for fields in ([], forged, forged + hidden):
        assert await send("GET", "/who", *fields) == 200
    for _, _, fields in all_requests(nodes):
        said = {name: [value for other, value in fields if other == name] for name, _ in fields}
        assert said["x-forwarded-for"] == [CLIENT], said
        assert said["x-forwarded-proto"] == ["https"], said
        assert "forwarded" not in said, said


async def a_body_reaches_the_node_before_it_is_whole(nodes):
    reader, writer = await connect()
    size = 1_000_000_000
    writer.write(f"PATCH /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
    writer.write(b"x" * 100_000)
    await writer.drain()
    await until(lambda: sum(node.bytes_received for node in nodes) == 100_000)
    writer.close()


async def a_reply_reaches_the_client_before_it_is_whole(nodes):
    reader, writer = await connect()
    writer.write(b"GET /in-two-pieces HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len(HALF))
    for node in nodes:
        node.may_send_rest.set()
    assert len(await reader.read()) == len(HALF)
    writer.close()


async def a_refusal_reaches_a_client_that_still_sends(nodes):
    for _ in range(20):
        answer = await asyncio.to_thread(answer_to_a_long_body, "/refused", 100 * len(HALF))
        assert answer.startswith(b"HTTP/1.1 401 "), answer


def answer_to_a_long_body(path, size):
    """What has come by the time that no more can be sent. asyncio would throw that away when sending fails."""
    with socket.create_connection(("127.0.0.1", 443), STEP_SECONDS, (CLIENT, 0)) as connection:
        with tls().wrap_socket(connection, server_hostname="localhost") as client:
            with suppress(ConnectionError, ssl.SSLError):
                client.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
                for _ in range(size // len(HALF)):
                    client.sendall(HALF)
            return client.recv(65536)


async def a_node_that_is_gone_costs_no_request(nodes):
    nodes[0].stop()
    for number in range(30):
        assert await send("POST", f"/{number}", body=b"body") == 200
    assert sorted(path for _, path, _ in all_requests(nodes)) == sorted(f"/{number}" for number in range(30))
    assert not nodes[0].requests


async def a_change_that_a_node_may_have_seen_is_not_sent_again(nodes):
    for node in nodes:
        node.drops = True
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert await send(method, "/change", body=b"body") == 502
    assert [method for method, _, _ in sorted(all_requests(nodes))] == ["DELETE", "PATCH", "POST", "PUT"]


async def a_node_that_is_not_ready_gets_nothing(nodes):
    nodes[1].is_ready = False
    while True:
        before = len(nodes[1].requests)
        for _ in range(9):
            assert await send("GET", "/") == 200
        if len(nodes[1].requests) == before:
            break
    nodes[1].is_ready = True
    before = len(nodes[1].requests)
    while len(nodes[1].requests) == before:
        assert await send("GET", "/") == 200


async def nobody_without_asks_whether_a_node_is_ready(nodes):
    for path in ("/readyz", "/readyz/", "/readyz?a", "/READYZ"):
        assert await send("GET", path) == 404, path
    assert await send("GET", "/healthz") == 200
    assert [path for _, path, _ in all_requests(nodes)] == ["/healthz"]


async def without_a_ready_node_the_client_is_told_when_to_return(nodes):
    for node in nodes:
        node.is_ready = False
    while True:
        head, body = (await exchange("GET", "/")).split(b"\r\n\r\n", 1)
        if b" 503 " in head.split(b"\r\n", 1)[0]:
            break
    assert b"\r\nretry-after: 5" in head.lower() and b"application/problem+json" in head, head
    assert json.loads(body)["status"] == 503


SHOWN = [
    the_clients_address_is_the_proxys_word_alone,
    a_body_reaches_the_node_before_it_is_whole,
    a_reply_reaches_the_client_before_it_is_whole,
    a_refusal_reaches_a_client_that_still_sends,
    a_node_that_is_gone_costs_no_request,
    a_change_that_a_node_may_have_seen_is_not_sent_again,
    a_node_that_is_not_ready_gets_nothing,
    without_a_ready_node_the_client_is_told_when_to_return,
    nobody_without_asks_whether_a_node_is_ready,
]


def certificate(folder):
    """A folder with one certificate and its key, signed by itself."""
    folder.mkdir()
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 1"
    files = ["-keyout", str(folder / "site.pem"), "-out", str(folder / "chain")]
    subprocess.run(command.split() + files, check=True, capture_output=True)
    with open(folder / "site.pem", "a") as key:
        key.write((folder / "chain").read_text())
    (folder / "chain").unlink()
    return str(folder)


async def is_listening():
    try:
        _, writer = await connect()
    except (ConnectionError, ssl.SSLError):
        return False
    writer.close()
    return True


@asynccontextmanager
async def running(haproxy):
    """Three nodes, and the proxy with a certificate of its own."""
    nodes = [Node(address) for address in NODES.values()]
    for node in nodes:
        await node.start()
    with tempfile.TemporaryDirectory() as home, open(Path(home) / "log", "w+") as log:
        environment = os.environ | {"TLS_FOLDER": certificate(Path(home) / "tls")}
        proxy = subprocess.Popen([haproxy, "-db", "-f", str(CONFIGURATION)], env=environment, stdout=log, stderr=log)
        try:
            while not await is_listening():
                if proxy.poll() is not None:
                    raise RuntimeError("the proxy did not start")
                await asyncio.sleep(0.05)
            yield nodes
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-4000:])
            raise
        finally:
            proxy.kill()
            proxy.wait()
            for node in nodes:
                node.stop()


def name_nodes():
    """Gives the nodes their names, in this mount namespace alone."""
    with tempfile.NamedTemporaryFile("w", prefix="hosts-") as hosts:
        hosts.write("127.0.0.1 localhost\n")
        hosts.writelines(f"{address} {name}\n" for name, address in NODES.items())
        hosts.flush()
        os.chmod(hosts.name, 0o644)
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)


def raise_loopback():
    """A new network namespace has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request.ljust(40, b"\0"))


async def main(haproxy):
    name_nodes()
    raise_loopback()
    for show in SHOWN:
        async with running(haproxy) as nodes:
            await asyncio.wait_for(show(nodes), STEP_SECONDS)
        print(f"proxy: {show.__name__.replace('_', ' ')}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
