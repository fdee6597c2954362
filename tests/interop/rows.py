#!/usr/bin/env python3
"""What a relay must do to pass for one, row by row.

usage: rows.py RELAY [ROW ...]	run these rows, or all
       rows.py --list		their names

Each row is a stimulus over the wire and what must come of it, against a
fresh RELAY (the program).  The limits are those a stranger's test would
have; how often something must work is always: every time.  Prints a line for
each row, "H1 ok WHAT" or "H1 FAILED WHAT" with the reason; exits 1 when one
failed.  relay_checks.py looks at the same relay much more closely.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

os.environ.setdefault("CLASP_URL", "ws://127.0.0.1:1/clasp")
import relay_checks
from relay_checks import (ACK, ERROR, GESTURE, LOCK, PUBLISH, SET, SNAPSHOT,
                          CANCEL, END, MOVE, SLOW, START, TIMELINE, UNLOCK,
                          WELCOME, Client, Closed, WebSocket, bundle, frame,
                          get, hello, publish, same, set_, subscribe,
                          unsubscribe)

ROWS = {}
PROGRAM = None


def row(name, what, *options, tries=1):
    """tries: a limit of milliseconds may meet a busy machine."""
    def keep(f):
        ROWS[name] = f, what, options, tries
        return f
    return keep


class Relay:
    """The program under test, on a port of its own."""

    def __init__(self, *options, port=("-p", "0"), args=()):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "port")
        self.log = os.path.join(self.folder.name, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, *port, "--port-file", path, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait("the relay", lambda: os.path.exists(path) and
             os.path.getsize(path), 15 * SLOW)
        with open(path) as f:
            self.port = int(f.read())
        os.environ["CLASP_URL"] = "ws://127.0.0.1:%d/clasp" % self.port

    def said(self):
        with open(self.log) as f:
            return f.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def wait(what, condition, limit):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "waited in vain for %s" % what
        time.sleep(0.01)


# ------------------------------------------------------------- helpers


def next_in(c, seconds):
    """The next message, or None when none comes or the relay closes."""
    try:
        return c.next(limit=seconds)
    except (TimeoutError, Closed):
        return None


def frames(c, n, seconds):
    """The next n messages, within so many seconds."""
    out = []
    end = time.monotonic() + seconds * SLOW
    while len(out) < n:
        left = end - time.monotonic()
        m = next_in(c, left) if left > 0 else None
        assert m is not None, "%d of %d came within %g s: %r" % (
            len(out), n, seconds, out[-3:])
        out.append(m)
    return out


def silent(c, seconds):
    """Nothing comes for so long."""
    m = next_in(c, seconds)
    assert m is None, "came %r" % m


def deliveries(c, n, seconds):
    """The first n SETs or PUBLISHes, and values of a state."""
    out = []
    end = time.monotonic() + seconds * SLOW
    while len(out) < n:
        left = end - time.monotonic()
        m = next_in(c, left) if left > 0 else None
        assert m is not None, "%d of %d came within %g s" % (len(out), n,
                                                             seconds)
        if m.type == SNAPSHOT:
            out += [(a, m.params[a][0]) for a in m.order]
        elif m.type in (SET, PUBLISH):
            out.append((m.address, m.value))
    return out


def subscriber(pattern, ident=1):
    c = Client()
    c.send(subscribe(ident, pattern))
    c.sync()
    return c


def pause(seconds):
    """Part of the stimulus, not a wait for something."""
    time.sleep(seconds)


# ---------------------------------------------------- handshake, sessions


@row("H1", "SET as first message: no ACK, no WELCOME")
def _(relay):
    c = Client(greet=False)
    c.send(set_("/h1", 1))
    m = next_in(c, 1)
    assert m is None or m.type == ERROR, "came %r" % m


@row("H2", "HELLO: the first reply is WELCOME, with a session id")
def _(relay):
    c = Client(greet=False)
    c.send(hello())
    m, = frames(c, 1, 5)
    same(m.type, WELCOME, "the first reply")
    assert m.session, "no session id"


@row("H3", "HELLO on an empty relay: WELCOME and SNAPSHOT within 5 s")
def _(relay):
    c = Client(greet=False)
    c.send(hello())
    same([m.type for m in frames(c, 2, 5)], [WELCOME, SNAPSHOT], "replies")


@row("H4", "a second HELLO at once: the next frame is no WELCOME")
def _(relay):
    c = Client(greet=False)
    c.send(hello())
    same(c.next().type, WELCOME, "the first")
    c.send(hello())
    m = next_in(c, 0.5)
    assert m is None or m.type != WELCOME, "a second WELCOME"


@row("H5", "the session id is a UUID of 36 characters")
def _(relay):
    for _ in range(5):
        ident = Client().id
        same(len(ident), 36, "characters")
        same([i for i, x in enumerate(ident) if x == "-"], [8, 13, 18, 23],
             "hyphens")
        assert re.fullmatch("[0-9a-fA-F-]+", ident), ident


@row("H6", "another connection has another id")
def _(relay):
    a = Client()
    first = a.id
    a.leave()
    assert Client().id != first


@row("H7", "of five connects at most three succeed", "--max-sessions", "3")
def _(relay):
    kept, refused = [], 0
    for _ in range(5):
        try:
            kept.append(Client())
        except (AssertionError, Closed):
            refused += 1
    same((len(kept), refused), (3, 2), "sessions, refusals")


@row("H8", "garbage without HELLO: nothing comes back, others live on")
def _(relay):
    other = Client()
    c = Client(greet=False)
    c.link.unit(b"\xde\xad\xbe\xef")
    try:
        c.link.unit(b"\x53\x01\xff\xff")
    except OSError:
        pass			# closed already
    silent(c, 0.5)
    other.write("/h8", 1)


@row("H9", "HELLO of version 99: WELCOME or ERROR within 2 s")
def _(relay):
    c = Client(greet=False)
    c.send(hello(version=99))
    m, = frames(c, 1, 2)
    assert m.type in (WELCOME, ERROR), "came %r" % m


@row("H10", "a name of 10,000 characters: WELCOME or ERROR; alive")
def _(relay):
    c = Client(greet=False)
    c.send(hello(name="x" * 10000))
    m, = frames(c, 1, 5)
    assert m.type in (WELCOME, ERROR), "came %r" % m
    Client().write("/h10", 1)


@row("H11", "what one who left has set is in the newcomer's SNAPSHOT")
def _(relay):
    a = Client()
    a.send(set_("/h11", 7))
    a.next(ACK)
    a.link.close()
    pause(0.1)
    b = Client(greet=False)
    b.send(hello())
    for _ in range(10):
        m = b.next()
        if m.type == SNAPSHOT and "/h11" in m.params:
            return
    raise AssertionError("not in ten frames")


@row("H12", "HELLO with a token nobody asked for is accepted")
def _(relay):
    Client(token="cpsk_anything").write("/h12", 1)


# --------------------------------------------------- messages, values


@row("M1", "SET int, float, string, bool: no error, readable")
def _(relay):
    c = Client()
    values = {"/m1/i": 5, "/m1/f": 2.5, "/m1/s": "text", "/m1/b": True}
    for address, x in values.items():
        c.write(address, x)
    for address, x in values.items():
        same(c.read(address), x, address)


@row("M2", "GET of what was SET to 123 is a SNAPSHOT with the integer")
def _(relay):
    c = Client()
    c.write("/m2", 123)
    got = c.read("/m2")
    same((type(got), got), (int, 123), "the value")


@row("M3", "the next frame after a SET is its ACK, within 2 s")
def _(relay):
    c = Client()
    c.send(set_("/m3/a", 1))
    m, = frames(c, 1, 2)
    same((m.type, m.address), (ACK, "/m3/a"), "the next frame")


@row("M4", "dashes, underscores, upper case, digits, CJK in addresses")
def _(relay):
    c = Client()
    for address in ("/m4/with-dash", "/m4/with_underscore", "/m4/UPPER",
                    "/m4/123/4", "/m4/\u706f\u5149/\u8abf\u5149"):
        c.write(address, 1)


@row("M5", "byte values of 1,024, 4,096 and 16,384 bytes: ACK each")
def _(relay):
    c = Client()
    for n in (1024, 4096, 16384):
        c.write("/m5/%d" % n, bytes(i & 255 for i in range(n)))
        same(len(c.read("/m5/%d" % n)), n, "bytes")


@row("M6", "100 SETs without reading, then 100 ACKs")
def _(relay):
    c = Client()
    for i in range(100):
        c.send(set_("/m6/%d" % i, i))
    same({m.type for m in frames(c, 100, 10)}, {ACK}, "what came")


@row("M7", "PUBLISH without phase: the subscriber's next frame is it")
def _(relay):
    b = subscriber("/m7/**")
    Client().send(publish("/m7/go", 1))
    m, = frames(b, 1, 5)
    same((m.type, m.address), (PUBLISH, "/m7/go"), "the next frame")


@row("M8", "undecodable frames: the connection lives on")
def _(relay):
    c = Client()
    c.link.unit(b"\xde\xad\xbe\xef")
    c.link.unit(b"\x53\x01\x00\x01\xff")
    pause(0.1)
    c.send(set_("/m8", 1))
    got = c.sync()
    assert any(m.type == ACK for m in got), "came %r" % got


# ---------------------------------------------------------- state, locks


@row("S1", "A sets 1, then B sets 2: both read 2")
def _(relay):
    a, b = Client(), Client()
    a.write("/s1", 1)
    pause(0.01)
    b.write("/s1", 2)
    pause(0.05)
    same((a.read("/s1"), b.read("/s1")), (2, 2), "what GET gives")


@row("S2", "SET 50, GET 50, on addresses named after max and min")
def _(relay):
    c = Client()
    for address in ("/s2/max", "/s2/min"):
        c.write(address, 50)
        same(c.read(address), 50, address)


@row("S3", "SET 1 with lock, GET by the same client")
def _(relay):
    c = Client()
    c.write("/s3", 1, LOCK)
    same(c.read("/s3"), 1, "its value")


@row("S4", "a locked value is not another's to change")
def _(relay):
    a, b = Client(), Client()
    a.write("/s4", 1, LOCK)
    b.send(set_("/s4", 999))
    b.next(ERROR)
    same(a.read("/s4"), 1, "its value")


@row("S5", "lock, other's write, unlock, other's write: 100, 200, 999")
def _(relay):
    watcher = subscriber("/s5")
    a, b = Client(), Client()
    a.write("/s5", 100, LOCK)
    b.send(set_("/s5", 999))
    b.next(ERROR)
    a.write("/s5", 200, UNLOCK)
    b.write("/s5", 999)
    same([m.value for m in watcher.sync()], [100, 200, 999], "seen")


@row("S6", "locking what one has locked: the subscriber sees 1, 2")
def _(relay):
    watcher = subscriber("/s6")
    a = Client()
    a.write("/s6", 1, LOCK)
    a.write("/s6", 2, LOCK)
    same([m.value for m in watcher.sync()], [1, 2], "seen")


@row("S7", "10 clients, 100 SETs each on one address: all have their ACK")
def _(relay):
    ten = [Client() for _ in range(10)]
    revisions = set()
    for i in range(100):
        for k, c in enumerate(ten):
            c.send(set_("/s7", i * 10 + k))
        for c in ten:
            m, = frames(c, 1, 2)
            same((m.type, m.address), (ACK, "/s7"), "the answer")
            revisions.add(m.revision)
    same(len(revisions), 1000, "different revisions")


@row("S8", "100 to 5,000 params: a new subscriber has all within 5 s")
def _(relay):
    a = Client()
    for n in (100, 500, 1000, 5000):
        a.send(*(set_("/s8/%d/%d" % (n, i), i) for i in range(n)))
        a.sync()
        b = Client(features=0xF9)
        b.send(subscribe(1, "/s8/%d/**" % n))
        got = deliveries(b, n, 5)
        same(dict(got), {"/s8/%d/%d" % (n, i): i for i in range(n)}, "all")


# --------------------------------------------------------- subscriptions


@row("U1", "an exact address, set 50 ms later by another")
def _(relay):
    b = Client()
    b.send(subscribe(1, "/u1/x"))
    pause(0.05)
    Client().write("/u1/x", 1)
    same(deliveries(b, 1, 5), [("/u1/x", 1)], "delivered")


@row("U2", "/s/*/value: both are delivered")
def _(relay):
    b = subscriber("/s/*/value")
    a = Client()
    a.write("/s/a/value", 1)
    a.write("/s/b/value", 2)
    same(deliveries(b, 2, 5), [("/s/a/value", 1), ("/s/b/value", 2)], "them")


@row("U3", "/exact/path comes, /exact/other does not")
def _(relay):
    b = subscriber("/exact/path")
    a = Client()
    a.write("/exact/path", 1)
    a.write("/exact/other", 2)
    same(deliveries(b, 1, 5), [("/exact/path", 1)], "the first")
    silent(b, 0.5)


@row("U4", "nothing comes after UNSUBSCRIBE")
def _(relay):
    b = subscriber("/u4")
    a = Client()
    a.write("/u4", 1)
    deliveries(b, 1, 5)
    b.send(unsubscribe(1))
    pause(0.05)
    a.write("/u4", 2)
    silent(b, 0.2)


@row("U5", "a value set before comes without a new SET")
def _(relay):
    Client().write("/u5", 5)
    pause(0.05)
    b = Client()
    b.send(subscribe(1, "/u5"))
    same(deliveries(b, 1, 5), [("/u5", 5)], "the value")


@row("U6", "two patterns on one client: each delivered")
def _(relay):
    b = subscriber("/u6/a/**")
    b.send(subscribe(2, "/u6/b/**"))
    b.sync()
    a = Client()
    a.write("/u6/a/x", 1)
    a.write("/u6/b/x", 2)
    same(deliveries(b, 2, 5), [("/u6/a/x", 1), ("/u6/b/x", 2)], "them")


@row("U7", "two clients: each gets its own, none the other's")
def _(relay):
    one, two = subscriber("/client1/**"), subscriber("/client2/**")
    one.send(set_("/client1/x", 1))
    two.send(set_("/client2/x", 2))
    for c, mine in ((one, ("/client1/x", 1)), (two, ("/client2/x", 2))):
        got = [(m.address, m.value) for m in c.sync() if m.type == SET]
        same(got, [mine], "what it got")
        silent(c, 0.2)


@row("U8", "three subscribers: the next frame of each is the SET")
def _(relay):
    three = [Client() for _ in range(3)]
    for c in three:
        c.send(subscribe(1, "/broadcast/**"))
    pause(0.05)
    Client().send(set_("/broadcast/text", "hello"))
    for c in three:
        m, = frames(c, 1, 2)
        same((m.type, m.value), (SET, "hello"), "the next frame")


@row("U9", "nothing is there: no ACK, no empty SNAPSHOT before the SET")
def _(relay):
    b = Client()
    b.send(subscribe(1, "/u9/**"))
    pause(0.05)
    Client().write("/u9/x", 1)
    m, = frames(b, 1, 5)
    same((m.type, m.address), (SET, "/u9/x"), "the next frame")


@row("U10", "a hundred times subscribe and unsubscribe, no error")
def _(relay):
    c = Client()
    for i in range(100):
        c.send(subscribe(i, "/u10/%d/**" % i), unsubscribe(i))
    same(c.sync(), [], "what came")


@row("U11", "/sensors/*/temperature: exactly the two")
def _(relay):
    b = subscriber("/sensors/*/temperature")
    a = Client()
    for x in ("room1/temperature", "room2/temperature", "room1/humidity"):
        a.write("/sensors/" + x, 1)
    same([m.address for m in b.sync()], ["/sensors/room1/temperature",
                                         "/sensors/room2/temperature"],
         "what came")


@row("U12", "a subscriber of everything gets its own SET back")
def _(relay):
    Client().write("/u12/there", 1)
    c = Client()
    c.send(subscribe(100, "/**"))
    c.next()
    c.send(set_("/u12/mine", 2))
    assert ("/u12/mine", 2) in deliveries(c, 1, 5), "not its own"


# ------------------------------------------------------- ordering, load


@row("T1", "100 rising values: all, none out of order")
def _(relay):
    b = subscriber("/t1")
    a = Client()
    for i in range(100):
        a.send(set_("/t1", i))
    same([v for _, v in deliveries(b, 100, 10)], list(range(100)), "values")


@row("T2", "10 subscribers, 100 SETs: 1,000 deliveries within 10 s")
def _(relay):
    ten = [subscriber("/t2/**") for _ in range(10)]
    a = Client()
    for i in range(100):
        a.send(set_("/t2/%d" % i, i))
    for c in ten:
        same(len(deliveries(c, 100, 10)), 100, "deliveries")


@row("T3", "50 times connect, handshake, close, 10 ms apart")
def _(relay):
    for _ in range(50):
        Client().link.close()
        pause(0.01)
    Client()


@row("T4", "SETs for 5 s as fast as it can: every one has its ACK")
def _(relay):
    c = Client()
    sent = acked = 0
    end = time.monotonic() + 5
    while time.monotonic() < end:
        c.send(*(set_("/t4/%d" % (i % 10), i) for i in range(sent,
                                                             sent + 50)))
        sent += 50
        while sent - acked > 2000:
            acked += c.next().type == ACK
    for m in frames(c, sent - acked, 30):
        acked += m.type == ACK
    same(acked, sent, "ACKs")


@row("T5", "50 clients connecting at once")
def _(relay):
    fifty = [Client(WebSocket(), greet=False) for _ in range(50)]
    for c in fifty:
        c.send(hello())
    for c in fifty:
        same([m.type for m in frames(c, 2, 10)], [WELCOME, SNAPSHOT],
             "replies")


@row("T6", "1,000, 5,000 and 10,000 SETs in 1, 2 and 5 s: none lost")
def _(relay):
    for n, seconds in ((1000, 1), (5000, 2), (10000, 5)):
        b = subscriber("/t6/%d/**" % n)
        a = Client(features=0xF9)
        began = time.monotonic()
        got, sent = [], 0
        while len(got) < n:
            due = min(n, int((time.monotonic() - began) / seconds * n) + 1)
            if due > sent:
                a.send(*(set_("/t6/%d/%d" % (n, i), i) for i in
                         range(sent, due)))
                sent = due
            m = next_in(b, 0.005 if sent < n else 10 * SLOW)
            assert m is not None or sent < n, "%d of %d" % (len(got), n)
            if m is not None:
                got.append(m.value)
            while b.link.have and len(got) < n:
                got.append(b.next().value)
        same(sorted(got), list(range(n)), "all of them")


@row("T7", "50 clients set one param each and drop at once")
def _(relay):
    fifty = [Client() for _ in range(50)]
    for i, c in enumerate(fifty):
        c.send(set_("/t7/%d" % i, i))
    for c in fifty:
        c.link.close()
    wait("all fifty", lambda: len([a for a in Client().state
                                   if a.startswith("/t7/")]) == 50, 10 * SLOW)


@row("T8", "1,000 SETs on one address, then GET: an integer")
def _(relay):
    c = Client()
    c.send(*(set_("/t8", i) for i in range(1000)))
    c.send(get("/t8"))
    got = [m for m in c.sync() if m.type == SNAPSHOT]
    same([m.params["/t8"][0] for m in got], [999], "what GET gives")


# ----------------------------------------- bundles, gestures, timelines, P2P


@row("B1", "BUNDLE of 5 SETs: exactly 5 values within 2 s")
def _(relay):
    b = subscriber("/b1/**")
    Client().send(bundle(*(set_("/b1/%d" % i, i) for i in range(5))))
    same(deliveries(b, 5, 2), [("/b1/%d" % i, i) for i in range(5)], "them")
    silent(b, 0.2)


@row("B2", "BUNDLE at server time + 200 ms: one value within 400 ms",
     tries=3)
def _(relay):
    b = subscriber("/b2")
    a = Client()
    at = int(time.time() * 1e6) + 200000
    a.send(bundle(set_("/b2", 1), time_us=at))
    same(deliveries(b, 1, 0.4), [("/b2", 1)], "the value")
    assert time.time() * 1e6 >= at - 1000, "before its time"
    silent(b, 0.2)


@row("B3", "BUNDLE of 100 SETs: exactly 100 values within 5 s")
def _(relay):
    b = subscriber("/b3/**")
    Client().send(bundle(*(set_("/b3/%d" % i, i) for i in range(100))))
    same(len(set(deliveries(b, 100, 5))), 100, "values")
    silent(b, 0.2)


@row("B4", "BUNDLE of 3 SETs: 3 SET frames")
def _(relay):
    b = subscriber("/b4/**")
    Client().send(bundle(*(set_("/b4/%d" % i, i) for i in range(3))))
    same([m.type for m in frames(b, 3, 5)], [SET] * 3, "frames")


@row("G1", "gesture start, 5 moves, end: 3 frames or more within 200 ms",
     tries=3)
def _(relay):
    b = subscriber("/g1")
    a = Client()
    a.send(publish("/g1", 0, GESTURE, START, ident=1),
           *(publish("/g1", i, GESTURE, MOVE, ident=1) for i in range(5)),
           publish("/g1", 9, GESTURE, END, ident=1))
    got = frames(b, 3, 0.2)
    same([m.type for m in got], [PUBLISH] * 3, "frames")


@row("G2", "gesture start, move, cancel: 3 frames")
def _(relay):
    b = subscriber("/g2")
    a = Client()
    a.send(*(publish("/g2", phase, GESTURE, phase, ident=1)
             for phase in (START, MOVE, CANCEL)))
    same([m.phase for m in frames(b, 3, 2)], [START, MOVE, CANCEL],
         "phases")


@row("G3", "a timeline is delivered within 2 s")
def _(relay):
    b = subscriber("/g3")
    line = {"keyframes": [{"time": 0, "value": 0.0, "easing": "linear"},
                          {"time": 1000000, "value": 1.0,
                           "easing": "linear"}], "loop": False}
    Client().send(publish("/g3", line, TIMELINE))
    m, = frames(b, 1, 2)
    same((m.type, m.address), (PUBLISH, "/g3"), "what came")


@row("P1", "an offer to a session's signal address reaches it")
def _(relay):
    a, b = Client(), Client()
    address = "/clasp/p2p/signal/" + b.id
    b.send(subscribe(1, address))
    b.sync()
    a.send(publish(address, {"type": "offer", "from": a.id, "sdp": "v=0",
                             "correlation_id": "1"}))
    m, = frames(b, 1, 5)
    same((m.type, m.address), (PUBLISH, address), "what came")


@row("P2", "an announcement reaches who subscribes to them")
def _(relay):
    a, b = Client(), Client()
    b.send(subscribe(1, "/clasp/p2p/announce"))
    b.sync()
    a.send(publish("/clasp/p2p/announce",
                   {"session_id": a.id, "p2p_capable": True,
                    "features": ["webrtc"]}))
    m, = frames(b, 1, 5)
    same((m.type, m.address), (PUBLISH, "/clasp/p2p/announce"), "what came")


@row("X11", "open mode, no token: WELCOME")
def _(relay):
    c = Client(greet=False)
    c.send(hello(token=""))
    same(frames(c, 1, 5)[0].type, WELCOME, "the reply")


# ---------------------------------------------------------- the process


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@row("O1", "--ws-port P --drain-timeout 1: connect within 15 s")
def _(relay):
    port = free_port()
    own = Relay("--drain-timeout", "1", port=("--ws-port", str(port)))
    wait("the port", lambda: can_connect(port), 15 * SLOW)
    own.stop()


@row("O2", "SIGTERM: gone in less than 5 s, status 0")
def _(relay):
    Client()
    began = time.monotonic()
    relay.process.send_signal(signal.SIGTERM)
    same(relay.process.wait(5 * SLOW), 0, "status")
    assert time.monotonic() - began < 5 * SLOW


@row("O3", "--verbose says so", "--verbose")
def _(relay):
    Client()
    said = relay.said()
    assert re.search("CLASP|accepting connections|WebSocket", said), said
    assert re.search("DEBUG|TRACE", said), said


@row("O4", "--health-port: /healthz ok, /readyz ready")
def _(relay):
    port = free_port()
    own = Relay("--health-port", str(port))
    for path, want in (("/healthz", "ok"), ("/readyz", "ready")):
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path),
                                    timeout=5 * SLOW) as answer:
            same((answer.status, answer.read().decode().strip()),
                 (200, want), path)
    own.stop()


@row("O5", "an upgrade without any sub-protocol is accepted")
def _(relay):
    Client(WebSocket(protocols=None)).write("/o5", 1)


@row("O6", "after the stop connections are refused")
def _(relay):
    assert can_connect(relay.port)
    relay.stop()
    try:
        socket.create_connection(("127.0.0.1", relay.port), 1)
    except ConnectionRefusedError:
        return
    raise AssertionError("still accepts")


@row("O8", "--app-config with only scopes: starts, accepts")
def _(relay):
    path = os.path.join(relay.folder.name, "app.json")
    with open(path, "w") as f:
        json.dump({"scopes": {"viewer": ["read:/**"]}}, f)
    own = Relay("--app-config", path)
    Client().write("/o8", 1)
    own.stop()


@row("O9", "a line of the output announces the port")
def _(relay):
    assert re.search(r"listening on \S*:%d\b|WebSocket: ws://\S*:%d\b" %
                     (relay.port, relay.port), relay.said()), relay.said()


# ------------------------------------------------------------------ main


def attempt(f, options):
    """Why it failed, or None."""
    relay = Relay(*options)
    try:
        f(relay)
        code = relay.stop()
        return None if code == 0 else "the relay exits %d" % code
    except Exception as error:
        if isinstance(error, AssertionError) and str(error):
            return str(error)
        return traceback.format_exc()
    finally:
        relay.stop()
        relay.folder.cleanup()


def run(name):
    f, what, options, tries = ROWS[name]
    for _ in range(tries):
        why = attempt(f, options)
        if why is None:
            print("%-4s ok      %s" % (name, what), flush=True)
            return True
    print("%-4s FAILED  %s" % (name, what))
    print("".join("     | %s\n" % x for x in why.splitlines()), end="",
          flush=True)
    return False


def main(args):
    global PROGRAM
    if args[:1] == ["--list"]:
        print("\n".join(ROWS))
        return 0
    PROGRAM = args[0]
    results = [run(name) for name in args[1:] or ROWS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
