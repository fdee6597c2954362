#!/usr/bin/env python3
"""The published Python client against our relay, unchanged.

usage: client.py TEST

$CLASP_URL is the relay's address.  Exits 0 when all that the test expects
has happened.

The client does not know ACK: its receive loop ends at the first one, and
every SET and BUNDLE is answered with one.  So in each test one client only
sends what is answered, and others only receive; the test `deaf` shows it.
Nor does it send the keyframes of a timeline, or give the values 0, False
and "" of an event to its callbacks.
"""

import asyncio
import os
import sys
import time

from clasp import Clasp

URL = os.environ["CLASP_URL"]
LIMIT = 10 * float(os.environ.get("SLOW", "1"))
clients = []


async def join(**options):
    client = Clasp(URL, name="interop", **options)
    await client.connect()
    clients.append(client)
    return client


async def until(what, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "waited in vain: " + what
        await asyncio.sleep(0.005)


def collect(client, pattern, **options):
    got = []
    client.subscribe(pattern, lambda v, a: got.append((a, v)), **options)
    return got


async def settle(client):
    """What it has sent is in force: its QUERY, sent last, is answered."""
    await asyncio.sleep(0)
    assert await client.query_signals("/none") == []


def same(got, want):
    assert got == want, "came %r, not %r" % (got, want)


TESTS = {}


def test(f):
    TESTS[f.__name__] = f
    return f


@test
async def connect():
    a, b = await join(), await join()
    assert a.connected and a.session_id != b.session_id
    assert abs(a.time() - time.time() * 1e6) < 5e6


@test
async def set_and_get():
    a, b = await join(), await join()
    values = {
        "int": 42, "float": 0.5, "negative": -7, "yes": True, "no": False,
        "text": "gr\u00fc\u00dfe \u4e16\u754c", "empty": "", "nothing": None,
        "list": [1, "two", [3.5, None]],
        "map": {"deep": {"er": [1, 2]}, "with space": True},
        "bytes": b"\0\xffS",
    }
    got = collect(b, "/v/**")
    await settle(b)
    for name, value in values.items():
        await a.set("/v/" + name, value)
    await until("all values", lambda: len(got) == len(values))
    same(got, [("/v/" + k, v) for k, v in values.items()])
    c = await join()
    for name, value in values.items():
        same(await c.get("/v/" + name), value)


@test
async def wildcards_and_state():
    a = await join()
    await a.set("/l/a/level", 1)
    await a.set("/l/b/level", 2)
    await a.set("/l/b/color", "red")
    b = await join()
    one = collect(b, "/l/*/level")
    await settle(b)
    # once with its subscription, and the initial state may come after it
    same(set(one), {("/l/a/level", 1), ("/l/b/level", 2)})
    c = await join()
    everything = collect(c, "/l/**")
    await settle(c)
    same(len(set(everything)), 3)


@test
async def emit_and_stream():
    a, b = await join(), await join()
    mine, got = collect(a, "/e/**"), collect(b, "/e/**")
    await settle(a)
    await settle(b)
    await a.emit("/e/go", {"cue": 7})
    await a.emit("/e/bare")
    for i in range(1, 101):
        await a.stream("/e/fader", i / 100)
    await until("all", lambda: len(got) == 102)
    same(got[:2], [("/e/go", {"cue": 7}), ("/e/bare", None)])
    same([v for _, v in got[2:]], [i / 100 for i in range(1, 101)])
    await settle(a)
    same(mine, [])


@test
async def gesture():
    a, b = await join(), await join()
    got = collect(b, "/g/**")
    await settle(b)
    for phase, x in (("start", 1), ("move", 2), ("end", 3)):
        await a.gesture("/g/pad", 7, phase, {"x": x})
    await until("the end", lambda: ("/g/pad", {"x": 3}) in got)
    same(got[0], ("/g/pad", {"x": 1}))


@test
async def bundle():
    a, b = await join(), await join()
    got = collect(b, "/b/**")
    await settle(b)
    await a.bundle([{"set": ["/b/x", 1]}, {"set": ["/b/y", 2.5]},
                    {"emit": ["/b/go", "now"]}])
    await until("all", lambda: len(got) == 3)
    same(got, [("/b/x", 1), ("/b/y", 2.5), ("/b/go", "now")])


@test
async def bundle_for_later():
    a, b = await join(), await join()
    got = collect(b, "/b/**")
    await settle(b)
    at = b.time() + 300000
    await a.bundle([{"set": ["/b/x", 1]}, {"set": ["/b/y", 2]}], at=at)
    await until("all", lambda: len(got) == 2)
    assert b.time() >= at - 20000 * LIMIT / 10, "too early"
    same(got, [("/b/x", 1), ("/b/y", 2)])


@test
async def ttl():
    a, b = await join(), await join()
    got = collect(b, "/t/**")
    await settle(b)
    await a.set("/t/x", 5, ttl=1)
    await a.set("/t/y", 6, ttl=1, absolute=True)
    await until("both", lambda: len(got) == 2)

    async def gone():
        late = await join()
        there = collect(late, "/t/**")
        await settle(late)
        return not there
    end = time.monotonic() + LIMIT
    while not await gone():
        assert time.monotonic() < end, "they do not expire"
        await asyncio.sleep(0.1)


@test
async def options():
    """epsilon is asked of the relay."""
    a, b = await join(), await join()
    got = collect(b, "/o/x", epsilon=10.0)
    await settle(b)
    for value in (100, 101, 102, 150):
        await a.set("/o/x", value)
    await until("the last", lambda: ("/o/x", 150) in got)
    same(got, [("/o/x", 100), ("/o/x", 150)])


@test
async def signals():
    a = await join()
    same(await a.query_signals("/**"), [])
    same(await a.query_signals("/none"), [])


@test
async def deaf():
    """What the client itself cannot do: hear anything after its own SET."""
    a, b = await join(), await join()
    errors = []
    a.on_error(errors.append)
    mine, got = collect(a, "/d/**"), collect(b, "/d/**")
    await settle(a)
    await settle(b)
    await a.set("/d/x", 1)
    await until("the value", lambda: got == [("/d/x", 1)])
    await until("its error", lambda: errors)
    same(str(errors[0]), "Unknown message type: 0x50")
    # the echo came before the ACK, and it still is heard by others
    same(mine, [("/d/x", 1)])
    await a.set("/d/x", 2)
    await until("the next", lambda: len(got) == 2)


async def main():
    try:
        await asyncio.wait_for(TESTS[sys.argv[1]](), 3 * LIMIT)
    finally:
        for client in clients:
            try:
                await client.close()
            except Exception:	# it was deaf
                pass


if sys.argv[1:] == ["--list"]:
    print("\n".join(TESTS))
else:
    asyncio.run(main())
