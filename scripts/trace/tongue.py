"""Words that the chapters share."""


def ms(us):
    """A time for people: 24.2 ms, 227 ms, 1.63 s."""
    if us >= 1_000_000:
        return f"{us / 1e6:.2f} s"
    return f"{us / 1000:.1f} ms" if us < 100_000 else f"{us / 1000:.0f} ms"


def upper(text):
    return text[:1].upper() + text[1:]


def listed(items):
    items = [str(item) for item in items]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def peers(ids):
    ids = sorted(ids)
    return f"peer {ids[0]}" if len(ids) == 1 else f"peers {listed(ids)}"


def verb(ids, one, many):
    return one if len(ids) == 1 else many


def does(ids, one, many):
    """"Peer 1 starts", "Peers 1 and 2 start"."""
    return f"{upper(peers(ids))} {verb(ids, one, many)}"
