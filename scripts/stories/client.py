#!/usr/bin/env python3
"""One step of a client in a story: a write or a read through one peer, by kazoo.

    client.py PORT write PATH VALUE [SECONDS]    makes the node or sets its data
    client.py PORT times PATH COUNT              sets it so many times
    client.py PORT read PATH VALUE SECONDS       waits so long until its data are VALUE ("nothing": there is no such
                                                 node); prints what they are

A session that was opened is closed, so that a step has the same number of transactions each time.
Exit: 0 it was answered, 3 it was not answered within SECONDS (default 20), 1 anything else."""

import logging
import os
import sys
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

NOT_ANSWERED = 3


def put(client, path, value, seconds):
    data = value.encode()
    if client.exists(path):
        client.set_async(path, data).get(timeout=seconds)
    else:
        client.create_async(path, data).get(timeout=seconds)


def many(client, path, count):
    answers = [client.set_async(path, str(i).encode()) for i in range(count)]
    for answer in answers:
        answer.get(timeout=60)


def read(client, path, value, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            found = client.get(path)[0].decode()
        except NoNodeError:
            found = "nothing"
        if found == value or time.monotonic() > end:
            print(found)
            return
        time.sleep(0.1)


def main():
    port, what, path = sys.argv[1:4]
    rest = sys.argv[4:]
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    client = KazooClient(hosts=f"127.0.0.1:{port}", timeout=30)
    code = 0
    try:
        client.start(timeout=float(rest[1]) if what == "write" and len(rest) > 1 else 20)
        if what == "write":
            put(client, path, rest[0], float(rest[1]) if len(rest) > 1 else 20)
        elif what == "times":
            many(client, path, int(rest[0]))
        else:
            read(client, path, rest[0], float(rest[1]))
        client.stop()
    except KazooTimeoutError:
        code = NOT_ANSWERED
    sys.stdout.flush()
    os._exit(code)  # without a word to a server that does not answer


main()
