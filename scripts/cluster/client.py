"""One request of a ZooKeeper client (kazoo), for cluster.sh, demo.sh and play.sh.

    client.py SERVERS create PATH [TEXT]    client.py SERVERS get PATH      client.py SERVERS delete PATH
    client.py SERVERS set PATH TEXT         client.py SERVERS ls PATH       client.py SERVERS sync PATH

SERVERS is a list such as 127.0.0.1:2181,127.0.0.1:2182; kazoo takes one of them.
Exit: 0 done, 1 the server refused it or nobody answered, 2 wrong usage.
"""

import logging
import os
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

SESSION_SECONDS = 10
PATIENCE_SECONDS = int(os.environ.get("ZK_CLUSTER_WAIT", "15"))
# What the refusals mean that a person meets.
REASONS = {"NoNodeError": "there is no such node, or no parent for it", "NodeExistsError": "there is such a node already",
           "NotEmptyError": "it has children", "NoAuthError": "its access list does not let you",
           "BadArgumentsError": "the server takes no such path, or never deletes this node",
           "NoChildrenForEphemeralsError": "its parent is ephemeral, and such a node has no children",
           "SessionExpiredError": "the session ended before the answer came, so nobody knows whether it was done",
           "ConnectionLoss": "the connection was lost before the answer came, so nobody knows whether it was done"}
# How many words follow the path, at least and at most.
COMMANDS = {"create": (0, 1), "set": (1, 1), "get": (0, 0), "ls": (0, 0), "delete": (0, 0), "sync": (0, 0)}


def ask(client, command, path, text):
    """Does it and returns what to print."""
    if command == "create":
        return "created " + client.create(path, os.fsencode(text))
    if command == "set":
        return f"version {client.set(path, os.fsencode(text)).version}"
    if command == "get":
        return client.get(path)[0].decode(errors="backslashreplace")
    if command == "ls":
        return "\n".join(sorted(client.get_children(path)))
    if command == "delete":
        client.delete(path)
        return "deleted " + path
    client.sync(path)
    return "this server knows all that was committed before now"


def main():
    """Reads the command line, connects, asks, and leaves."""
    words = sys.argv[1:]
    if len(words) < 3 or words[1] not in COMMANDS:
        usage("it wants SERVERS COMMAND PATH; see the head of this file")
    servers, command, path, rest = words[0], words[1], words[2], words[3:]
    least, most = COMMANDS[command]
    if not least <= len(rest) <= most:
        usage(f"{command} takes a path" + (" and a text" if most else ""))
    if not path.startswith("/"):
        usage(f"a path begins with a slash, and {path} does not")
    if {".", ".."} & set(path.split("/")):
        usage(f"a path has no parts . and .., and {path} has one")
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        usage("a path is UTF-8")
    sys.stdout.reconfigure(errors="backslashreplace")  # what this terminal cannot show
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what matters is said below
    try:
        client = KazooClient(hosts=servers, timeout=SESSION_SECONDS)
    except ValueError:
        usage(f"{servers} is no list of HOST:PORT")
    try:
        client.start(timeout=PATIENCE_SECONDS)
        print(ask(client, command, path, rest[0] if rest else ""))
    except KazooTimeoutError:
        fail(f"no server at {servers} took a client within {PATIENCE_SECONDS} s")
    except KazooException as error:
        name = type(error).__name__
        fail(f"{command} {path} failed: {REASONS.get(name, name)}")
    finally:
        client.stop()
        client.close()


def fail(words):
    """The request has not been done."""
    print(f"client: {words}", file=sys.stderr)
    sys.exit(1)


def usage(words):
    """The command line makes no sense."""
    print(f"client: {words}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
