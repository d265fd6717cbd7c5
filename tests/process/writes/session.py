#!/usr/bin/env python3
"""A session whose server is another program afterwards.

    session.py begin SERVER FILE       opens a session with an ephemeral node, and leaves it open; FILE remembers it
    session.py resume SERVER FILE      goes on with it, finds the node, and ends both
    session.py read-only SERVER FILE   reads at a server that is read-only, and is refused what it must not do
"""

import os
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import NotReadOnlyCallError
from kazoo.protocol.states import KazooState

NODE = "/session-of-two"


def connect(server, **options):
    client = KazooClient(hosts=server, timeout=600, **options)  # a busy machine looks at all that is there in between
    client.start(240)
    return client


def begin(server, path):
    client = connect(server)
    client.create(NODE, b"here", ephemeral=True)
    session_id, password = client.client_id
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{session_id} {password.hex()}")
    sys.stdout.flush()
    os._exit(0)  # without a word to the server


def resume(server, path):
    with open(path, encoding="ascii") as file:
        session_id, password = file.read().split()
    client = connect(server, client_id=(int(session_id), bytes.fromhex(password)))
    assert client.client_id[0] == int(session_id), "the session is another one"
    owner = client.get(NODE)[1].ephemeralOwner
    assert owner == int(session_id), f"the node's owner is {owner:#x}"
    client.stop()
    client.close()
    client = connect(server)
    assert client.exists(NODE) is None, "the node has outlived its session"
    client.stop()
    client.close()


def read_only(server, _path):
    client = connect(server, read_only=True)
    assert client.state == KazooState.CONNECTED
    assert "zookeeper" in client.get_children("/")
    try:
        client.create("/refused")
    except NotReadOnlyCallError:
        pass
    else:
        raise AssertionError("it wrote")
    assert client.exists("/refused") is None
    client.stop()
    client.close()
    refused = KazooClient(hosts=server, timeout=2)
    try:
        refused.start(3)
    except refused.handler.timeout_exception:
        pass
    else:
        raise AssertionError("a client that wants to write got a session")
    refused.stop()
    refused.close()


if __name__ == "__main__":
    {"begin": begin, "resume": resume, "read-only": read_only}[sys.argv[1]](sys.argv[2], sys.argv[3])
