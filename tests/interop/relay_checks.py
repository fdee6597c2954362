#!/usr/bin/env python3
"""A client of its own, to see the relay as a stranger sees it.

usage: relay_checks.py CHECK	run one check against the relay of $CLASP_URL
       relay_checks.py --list	their names

Nothing of the library is used here: WebSocket and CLASP are written from
their descriptions, byte by byte, so that an error made on both sides of the
library still shows.  A check that fails says what came instead (exit 1).
$RELAY_SOCKET is the relay's unix: socket, $RELAY_PID its process, $SLOW
stretches every limit.

"Nothing came" is never told by waiting: PONG comes after everything that was
caused before its PING, so `sync` gathers what there is.
"""

import base64
import hashlib
import os
import random
import re
import resource
import select
import socket
import struct
import sys
import threading
import time

SLOW = float(os.environ.get("SLOW", "1"))
LIMIT = 10 * SLOW

HELLO, WELCOME, ANNOUNCE, FEDERATION = 0x01, 0x02, 0x03, 0x04
SUBSCRIBE, UNSUBSCRIBE = 0x10, 0x11
PUBLISH, SET, GET, SNAPSHOT, REPLAY = 0x20, 0x21, 0x22, 0x23, 0x24
BUNDLE, SYNC, PING, PONG = 0x30, 0x40, 0x41, 0x42
ACK, ERROR, QUERY, RESULT = 0x50, 0x51, 0x60, 0x61

PARAM, EVENT, STREAM, GESTURE, TIMELINE = range(5)
START, MOVE, END, CANCEL = range(4)
LOCK, UNLOCK = 0x40, 0x20

PAYLOAD_MAX = 65535
MESSAGE_MAX = 65547


class Closed(Exception):
    """The relay closed; code is None when it said nothing first."""

    def __init__(self, code=None, reason=b""):
        super().__init__("closed, %s %r" % (code, reason))
        self.code = code
        self.reason = reason


# ------------------------------------------------------------- encoding


def text(x):
    b = x if isinstance(x, bytes) else x.encode()
    return struct.pack(">H", len(b)) + b


class Float32(float):
    """A number to be sent in four bytes."""


def value(x):
    """The type code and the data of a value."""
    if x is None:
        return 0, b""
    if isinstance(x, bool):
        return 1, bytes([x])
    if isinstance(x, int):
        return 5, struct.pack(">q", x)
    if isinstance(x, Float32):
        return 6, struct.pack(">f", x)
    if isinstance(x, float):
        return 7, struct.pack(">d", x)
    if isinstance(x, str):
        return 8, text(x)
    if isinstance(x, bytes):
        return 9, text(x)
    if isinstance(x, list):
        return 10, struct.pack(">H", len(x)) + b"".join(map(coded, x))
    return 11, struct.pack(">H", len(x)) + b"".join(
        text(k) + coded(v) for k, v in x.items())


def coded(x):
    code, data = value(x)
    return bytes([code]) + data


def hello(version=1, features=0xF8, name="stranger", token=""):
    return bytes([HELLO, version, features]) + text(name) + text(token)


def set_(address, x, flags=0, revision=None, ttl=None):
    code, data = value(x)
    out = flags | code
    end = b""
    if revision is not None:
        out |= 0x80
        end += struct.pack(">Q", revision)
    if ttl is not None:
        out |= 0x10
        end += struct.pack(">I", ttl)
    return bytes([SET, out]) + text(address) + data + end


NOTHING = object()


def publish(address, x=NOTHING, kind=EVENT, phase=0, ident=None, time_us=None,
            samples=None, rate=None):
    flags = kind << 5 | phase
    body = b"\0"
    if x is not NOTHING:
        body = b"\x01" + coded(x)
    elif samples is not None:
        body = b"\x02" + struct.pack(">H%dd" % len(samples), len(samples),
                                     *samples)
    if time_us is not None:
        flags |= 0x10
        body += struct.pack(">Q", time_us)
    if ident is not None:
        flags |= 0x08
        body += struct.pack(">I", ident)
    if rate is not None:
        body += struct.pack(">I", rate)
    return bytes([PUBLISH, flags]) + text(address) + body


def subscribe(ident, pattern, types=0xFF, rate=None, epsilon=None):
    options = b""
    if rate is not None:
        options += struct.pack(">I", rate)
    if epsilon is not None:
        options += struct.pack(">d", epsilon)
    return struct.pack(">BI", SUBSCRIBE, ident) + text(pattern) + bytes(
        [types, (rate is not None) | (epsilon is not None) << 1]) + options


def unsubscribe(ident):
    return struct.pack(">BI", UNSUBSCRIBE, ident)


def get(address):
    return bytes([GET]) + text(address)


def query(pattern):
    return bytes([QUERY]) + text(pattern)


def announce(namespace, signals):
    """signals: of (address, kind, datatype or None)"""
    out = bytes([ANNOUNCE]) + text(namespace) + struct.pack(">H", len(signals))
    for address, kind, datatype in signals:
        out += text(address) + bytes([kind, 0 if datatype is None else 1])
        if datatype is not None:
            out += text(datatype)
    return out


def bundle(*members, time_us=None):
    out = struct.pack(">BBH", BUNDLE, 0 if time_us is None else 0x80,
                      len(members))
    if time_us is not None:
        out += struct.pack(">Q", time_us)
    return out + b"".join(map(text, members))


def frame(payload, flags=0x01, time_us=None):
    if time_us is not None:
        flags |= 0x20
    out = struct.pack(">BBH", 0x53, flags, len(payload))
    if time_us is not None:
        out += struct.pack(">Q", time_us)
    return out + payload


def pack(x):
    """MessagePack, what is needed of it."""
    if x is None:
        return b"\xc0"
    if isinstance(x, bool):
        return b"\xc3" if x else b"\xc2"
    if isinstance(x, int):
        if 0 <= x < 128:
            return bytes([x])
        return b"\xd3" + struct.pack(">q", x)
    if isinstance(x, float):
        return b"\xcb" + struct.pack(">d", x)
    if isinstance(x, str):
        b = x.encode()
        if len(b) < 32:
            return bytes([0xA0 | len(b)]) + b
        return b"\xda" + struct.pack(">H", len(b)) + b
    if isinstance(x, bytes):
        return b"\xc5" + struct.pack(">H", len(x)) + x
    if isinstance(x, list):
        return b"\xdc" + struct.pack(">H", len(x)) + b"".join(map(pack, x))
    head = (bytes([0x80 | len(x)]) if len(x) < 16 else
            b"\xde" + struct.pack(">H", len(x)))
    return head + b"".join(pack(k) + pack(v) for k, v in x.items())


# ------------------------------------------------------------- decoding


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def raw(self, n):
        assert self.at + n <= len(self.data), "message ends inside a field"
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.raw(struct.calcsize(form)))[0]

    def text(self):
        return self.raw(self.number("H")).decode()

    def value(self, code=None):
        if code is None:
            code = self.number("B")
        if code == 0:
            return None
        if code == 1:
            return self.number("B") != 0
        if code in (2, 3, 4, 5):
            return self.number(" bhiq"[code - 1])
        if code in (6, 7):
            return self.number("fd"[code - 6])
        if code == 8:
            return self.text()
        if code == 9:
            return self.raw(self.number("H"))
        if code == 10:
            return [self.value() for _ in range(self.number("H"))]
        assert code == 11, "unknown value type %d" % code
        return {self.text(): self.value() for _ in range(self.number("H"))}


class Message:
    """What came: .type, the fields by name, .payload and .flags raw."""

    def __init__(self, flags, payload):
        self.flags = flags
        self.payload = payload
        r = Reader(payload)
        self.type = r.number("B")
        DECODERS[self.type](self, r)
        if self.type != PUBLISH:
            assert r.at == len(payload), "bytes behind the last field"

    def __repr__(self):
        fields = {k: v for k, v in self.__dict__.items()
                  if k not in ("payload", "flags")}
        return repr(fields)[:400]

    def welcome(self, r):
        self.version, self.features = r.number("B"), r.number("B")
        self.time_us = r.number("Q")
        self.session, self.name, self.token = r.text(), r.text(), r.text()

    def set(self, r):
        bits = self.bits = r.number("B")
        self.address = r.text()
        self.value = r.value(bits & 15)
        self.revision = r.number("Q") if bits & 0x80 else None
        self.ttl = r.number("I") if bits & 0x10 else None

    def publish(self, r):
        bits = self.bits = r.number("B")
        self.kind, self.phase = bits >> 5, bits & 7
        self.address = r.text()
        self.value = NOTHING
        self.samples = None
        what = r.number("B")
        if what == 1:
            self.value = r.value()
        elif what == 2:
            self.samples = [r.number("d") for _ in range(r.number("H"))]
        self.time_us = r.number("Q") if bits & 0x10 else None
        self.ident = r.number("I") if bits & 8 else None
        left = len(r.data) - r.at
        self.rate = r.number("I") if left >= 4 else None

    def snapshot(self, r):
        self.params = {}
        self.order = []
        for _ in range(r.number("H")):
            address, x, revision = r.text(), r.value(), r.number("Q")
            bits = r.number("B")
            writer = r.text() if bits & 1 else None
            stamp = r.number("Q") if bits & 2 else None
            self.params[address] = (x, revision, writer, stamp)
            self.order.append(address)

    def ack(self, r):
        bits = r.number("B")
        self.address = r.text() if bits & 1 else None
        self.revision = r.number("Q") if bits & 2 else None
        self.locked = bool(r.number("B")) if bits & 4 else None
        self.holder = r.text() if bits & 8 else None
        self.correlation = r.number("I") if bits & 16 else None

    def error(self, r):
        self.code, self.text = r.number("H"), r.text()
        bits = r.number("B")
        self.address = r.text() if bits & 1 else None
        self.correlation = r.number("I") if bits & 2 else None

    def sync(self, r):
        bits = r.number("B")
        self.t1 = r.number("Q")
        self.t2 = r.number("Q") if bits & 1 else None
        self.t3 = r.number("Q") if bits & 2 else None

    def result(self, r):
        self.signals = []
        for _ in range(r.number("H")):
            address, kind, bits = r.text(), r.number("B"), r.number("B")
            self.signals.append((address, kind,
                                 r.text() if bits & 1 else None,
                                 r.text() if bits & 2 else None))

    def nothing(self, r):
        pass


DECODERS = {
    WELCOME: Message.welcome, SET: Message.set, PUBLISH: Message.publish,
    SNAPSHOT: Message.snapshot, ACK: Message.ack, ERROR: Message.error,
    SYNC: Message.sync, PONG: Message.nothing, RESULT: Message.result,
}


# -------------------------------------------------------------- sockets


def host_port():
    host, port = re.match(r"ws://([^:/]+):(\d+)",
                          os.environ["CLASP_URL"]).groups()
    return host, int(port)


def dial(receive_buffer=None):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(LIMIT)
    s.connect(host_port())
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def until_closed(s):
    out = b""
    while True:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            return out
        if not piece:
            return out
        out += piece


class Link:
    """A connection: bytes in, bytes out, the messages in between."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(LIMIT)
        self.have = bytearray()
        self.sent_close = False
        self.pongs = []

    def more(self, limit=None):
        if limit is not None:
            if not select.select([self.sock], [], [], limit)[0]:
                raise TimeoutError
        try:
            piece = self.sock.recv(1 << 18)
        except ConnectionResetError:
            raise Closed
        except socket.timeout:
            raise AssertionError("nothing came within %g s" % LIMIT) from None
        if not piece:
            raise Closed
        self.have += piece

    def take(self, n):
        while len(self.have) < n:
            self.more()
        out = bytes(self.have[:n])
        del self.have[:n]
        return out

    def close(self):
        self.sock.close()


class WebSocket(Link):
    def __init__(self, sock=None, protocols=("clasp",), path="/",
                 receive_buffer=None, early=b""):
        super().__init__(sock or dial(receive_buffer))
        key = base64.b64encode(os.urandom(16)).decode()
        request = ("GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: %s\r\n" % (path, key))
        if protocols is not None:
            request += "Sec-WebSocket-Protocol: %s\r\n" % ",".join(protocols)
        self.sock.sendall(request.encode() + b"\r\n" + early)
        while b"\r\n\r\n" not in self.have:
            self.more()
        head, rest = bytes(self.have).split(b"\r\n\r\n", 1)
        self.have = bytearray(rest)
        lines = head.decode().split("\r\n")
        self.headers = {}
        for line in lines[1:]:
            name, _, x = line.partition(":")
            self.headers[name.lower()] = x.strip()
        same(lines[0].split()[1], "101", "status of the upgrade")
        same(self.headers["sec-websocket-accept"], base64.b64encode(
            hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                         .encode()).digest()).decode(), "accept key")

    @staticmethod
    def wrap(data, op=2, fin=True, mask=True, reserved=0):
        head = bytes([(0x80 if fin else 0) | reserved << 4 | op])
        bit = 0x80 if mask else 0
        n = len(data)
        if n < 126:
            head += bytes([bit | n])
        elif n < 65536:
            head += struct.pack(">BH", bit | 126, n)
        else:
            head += struct.pack(">BQ", bit | 127, n)
        if not mask:
            return head + data
        key = b"\x5a\x13\xc7\x88"
        long = (key * (n // 4 + 1))[:n]
        masked = (int.from_bytes(data, "big") ^
                  int.from_bytes(long, "big")).to_bytes(n, "big")
        return head + key + masked

    def unit(self, data):
        self.sock.sendall(self.wrap(data))

    def receive(self, limit=None):
        """The bytes of the next binary message."""
        while True:
            while len(self.have) < 2:
                self.more(limit)
            first, n = self.take(2)
            assert first & 0x70 == 0, "reserved bits"
            assert n & 0x80 == 0, "the relay masks"
            assert first & 0x80, "the relay sends fragments"
            if n == 126:
                n = struct.unpack(">H", self.take(2))[0]
                assert n > 125, "length not in its shortest form"
            elif n == 127:
                n = struct.unpack(">Q", self.take(8))[0]
                assert n > 65535, "length not in its shortest form"
            body = self.take(n)
            op = first & 15
            if op == 2:
                return body
            if op == 9:
                self.sock.sendall(self.wrap(body, 10))
            elif op == 10:
                self.pongs.append(body)
            else:
                same(op, 8, "kind of WebSocket frame")
                code = struct.unpack(">H", body[:2])[0] if body else None
                if not self.sent_close:
                    self.sent_close = True
                    try:
                        self.sock.sendall(self.wrap(body[:2], 8))
                    except OSError:
                        pass
                same(until_closed(self.sock), b"", "behind the close frame")
                raise Closed(code, body[2:])


class Unix(Link):
    def __init__(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.environ["RELAY_SOCKET"])
        super().__init__(s)

    @staticmethod
    def wrap(data):
        return struct.pack(">I", len(data)) + data

    def unit(self, data):
        self.sock.sendall(self.wrap(data))

    def receive(self, limit=None):
        while len(self.have) < 4:
            self.more(limit)
        return self.take(struct.unpack(">I", self.take(4))[0])


class Client:
    """A session: HELLO is said unless greet is False."""

    def __init__(self, link=None, greet=True, **fields):
        self.link = link or WebSocket()
        if not greet:
            return
        self.send(hello(**fields))
        self.welcome = self.next(WELCOME)
        self.id = self.welcome.session
        self.state = {}
        self.chunks = []
        for m in self.sync():
            same(m.type, SNAPSHOT, "what follows WELCOME")
            self.chunks.append(m)
            self.state.update(m.params)
        assert self.chunks, "no SNAPSHOT after WELCOME"

    def send(self, *payloads, **how):
        self.link.sock.sendall(b"".join(
            self.link.wrap(frame(p, **how)) for p in payloads))

    def next(self, kind=None, limit=None):
        data = self.link.receive(limit)
        assert len(data) >= 4 and data[0] == 0x53, "no frame: %r" % data[:20]
        flags, n = data[1], struct.unpack(">H", data[2:4])[0]
        assert flags & 0x3F == 1, "flags of the frame: %#x" % flags
        same(len(data), 4 + n, "one frame per message")
        m = Message(flags, data[4:])
        if kind is not None and m.type != kind:
            raise AssertionError("message %#x wanted, came %r" % (kind, m))
        return m

    def sync(self):
        """What has come or is caused already."""
        self.send(bytes([PING]))
        return self.rest()

    def rest(self):
        out = []
        while True:
            m = self.next()
            if m.type == PONG:
                return out
            out.append(m)

    def quiet(self, what="nothing was to come"):
        same(self.sync(), [], what)

    def write(self, address, x, *args, **fields):
        self.send(set_(address, x, *args, **fields))
        m = self.next(ACK)
        same(m.address, address, "address of the ACK")
        return m

    def read(self, address):
        self.send(get(address))
        m = self.next(SNAPSHOT)
        same(m.order, [address], "what GET shows")
        return m.params[address][0]

    def absent(self, address):
        self.send(get(address))
        m = self.next(ERROR)
        same((m.code, m.address), (201, address), "GET of nothing")

    def subscribe(self, ident, pattern, types=0xFF, **options):
        """Returns the parameters that it shows."""
        self.send(subscribe(ident, pattern, types, **options))
        params = {}
        for m in self.sync():
            same(m.type, SNAPSHOT, "what SUBSCRIBE brings")
            assert m.order, "an empty SNAPSHOT"
            params.update(m.params)
        return params

    def refused(self, code, *payloads, address=None):
        self.send(*payloads)
        m = self.next(ERROR)
        same(m.code, code, "code of %r" % m.text)
        if address is not None:
            same(m.address, address, "address of the ERROR")
        return m

    def closed(self, code=None):
        """What still comes before the relay closes."""
        out = []
        try:
            while True:
                out.append(self.next())
        except Closed as end:
            if isinstance(self.link, WebSocket):
                same(end.code, code, "code of the close")
        return out

    def leave(self):
        """An orderly end, seen through."""
        self.link.sent_close = True
        self.link.sock.sendall(WebSocket.wrap(struct.pack(">H", 1000), 8))
        try:
            while True:
                self.next()
        except Closed as end:
            same(end.code, 1000, "the relay's goodbye")


def same(got, want, what):
    if got != want:
        raise AssertionError("%s:\n  came %r\n  not  %r" % (what, got, want))


def relay_memory():
    with open("/proc/%s/status" % os.environ["RELAY_PID"]) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024


def relay_files():
    return len(os.listdir("/proc/%s/fd" % os.environ["RELAY_PID"]))


CHECKS = {}


def check(f):
    CHECKS[f.__name__] = f
    return f


# ------------------------------------------------- sessions, first words


@check
def set_before_hello():
    c = Client(greet=False)
    c.send(set_("/early", 1))
    m, = c.closed(1002)
    same((m.type, m.code), (ERROR, 101), "the answer")
    Client().absent("/early")


@check
def welcome_then_snapshot():
    c = Client(greet=False)
    now = time.time() * 1e6
    c.send(hello())
    m = c.next(WELCOME)
    same((m.version, m.features, m.name, m.token),
         (1, 0xF8, "CLASP Relay", ""), "WELCOME")
    assert abs(m.time_us - now) < 5e6 * SLOW, "WELCOME's time"
    same(c.next(SNAPSHOT).order, [], "SNAPSHOT of an empty relay")
    c.quiet()


@check
def second_hello():
    c = Client(greet=False)
    c.send(hello())
    c.next(WELCOME)
    c.send(hello())
    c.next(SNAPSHOT)
    m = c.next(ERROR)
    same((m.code, m.text), (101, "session already established"), "ERROR")
    c.quiet()
    c.subscribe(1, "/x/**")
    c.refused(101, hello())
    Client().write("/x/1", 1)
    same(c.next(SET).value, 1, "its subscription stands")


@check
def session_ids():
    seen = set()
    for _ in range(20):
        c = Client()
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                            r"[89ab][0-9a-f]{3}-[0-9a-f]{12}", c.id), c.id
        seen.add(c.id)
        c.leave()
    same(len(seen), 20, "different ids")


@check
def at_most_three_sessions():
    three = [Client() for _ in range(3)]
    for _ in range(2):
        c = Client(greet=False)
        c.send(hello())
        m, = c.closed(1013)
        same((m.type, m.code), (ERROR, 501), "the fourth")
    three.pop().leave()
    assert retry(lambda: Client()), "no room after one has left"


def retry(f):
    """Until it works."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return f()
        except (AssertionError, Closed, KeyError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@check
def garbage_before_hello():
    other = Client()
    for junk in (b"\xde\xad\xbe\xef", b"\x53\x01\xff\xff", b"\x53\x01\0\0",
                 b"\x53\x01\0\x01\xff", frame(hello()[:-1]), b"", b"\x53",
                 b"\x53\x01\0\x02\x01\x01", frame(b"\x81\xa4type\x01"),
                 frame(hello(), flags=0x11), frame(hello(), flags=0x09)):
        c = Client(greet=False)
        c.link.unit(junk)
        same([m for m in c.closed(1002)], [], "answer to %r" % junk)
    other.quiet("others hear nothing")


@check
def versions():
    for version in (1, 2, 99, 255):
        same(Client(version=version).welcome.version, 1, "version")
    c = Client(greet=False)
    c.send(hello(version=0))
    m, = c.closed(1002)
    same((m.type, m.code), (ERROR, 102), "version 0")


@check
def long_names():
    for name in ("x" * 10000, "", "\u7167\u660e" * 400, "a\0b\n\x1b[2J"):
        Client(name=name)
    Client().write("/alive", 1)


@check
def hello_with_token():
    Client(token="cpsk_anything").write("/a", 1)
    Client(token="x" * 1005).write("/a", 1)
    Client(features=0).write("/a", 2)


@check
def state_for_newcomers():
    a = Client()
    a.write("/left/behind", 7)
    a.leave()
    b = Client()
    x, revision, writer, stamp = b.state["/left/behind"]
    same((x, revision, writer), (7, 1, a.id), "what it shows")
    assert abs(stamp - time.time() * 1e6) < LIMIT * 1e6, "its time"
    same(Client(features=0xF9).state, {}, "nobody who asks for none")


@check
def server_messages_are_ignored():
    c = Client()
    c.send(bytes([WELCOME, 1, 0]) + bytes(8) + text("s") + text("n") +
           text(""),
           bytes([ACK, 1]) + text("/a"),
           struct.pack(">BH", ERROR, 400) + text("no") + b"\0",
           bytes([SNAPSHOT, 0, 1]) + text("/a") + coded(1) + bytes(9),
           bytes([RESULT, 0, 0]), bytes([PONG]))
    c.quiet()
    c.absent("/a")


@check
def undecodable_frames():
    c = Client()
    c.link.unit(b"\xde\xad\xbe\xef")
    c.link.unit(b"\x53\x01\0\x01\xff")
    c.send(set_("/alive", 1))
    same(c.next(ERROR).code, 100, "the one ERROR")
    same(c.next(ACK).address, "/alive", "the connection")
    c.quiet("one ERROR a second")
    for code, unit in ((101, b"\x53\x01\0\x01\xff"), (101, b"\x53\x01\0\0"),
                       (100, b"\x53\x01\xff\xff"), (100, b"\x53"),
                       (100, frame(bytes([PING]), flags=0x11)),
                       (100, frame(bytes([PING]), flags=0x09)),
                       (101, frame(set_("/a", "b")[:-1])),
                       (101, frame(bytes([SET, 0x0C]) + text("/a"))),
                       (101, frame(set_("/a", b"").replace(b"/a", b"/\xff"))),
                       (101, frame(set_("/a", nested(65)))),
                       (101, frame(bundle(b""))),
                       (101, frame(b"\x81\xa4type\xa3SEX"))):
        c = Client()
        c.link.unit(unit)
        same(c.next(ERROR).code, code, "answer to %r" % unit)
        c.quiet()


def nested(depth):
    x = []
    for _ in range(depth - 1):
        x = [x]
    return x


@check
def hundred_undecodable_frames():
    c = Client()
    other = Client()
    for _ in range(99):
        c.link.unit(b"\x53\x01\0\x01\xff")
    errors = c.sync()
    assert 1 <= len(errors) <= 3 + LIMIT, "%d ERRORs" % len(errors)
    c.link.unit(b"\x53\x01\0\x01\xff")
    left = c.closed(1002)
    same((left[-1].type, left[-1].code), (ERROR, 101), "the last word")
    other.quiet()


@check
def reserved_bits_of_frames():
    c = Client()
    for flags in (0xC1, 0x00, 0x07, 0x47, 0x81):
        c.send(bytes([PING]), flags=flags)
        c.next(PONG)
    c.send(bytes([PING]), time_us=12345)
    c.next(PONG)
    c.send(bytes([PING]) + b"more behind the last field")
    c.next(PONG)


@check
def silent_peers():
    """What is silent is closed: at 10 s, or a session after its timeout."""
    silent = dial()
    half = dial()
    half.sendall(b"GET / HTTP/1.1\r\nHost:")
    mute = Client(greet=False)
    idle = Client()
    alive = Client()
    began = time.monotonic()
    waiting = {silent: "silent", half: "half a request",
               mute.link.sock: "no HELLO", idle.link.sock: "idle"}
    while waiting:
        assert time.monotonic() - began < 25 * SLOW, waiting
        for s in select.select(list(waiting), [], [], 0.2)[0]:
            waiting.pop(s)
            assert time.monotonic() - began > 8, "closed too soon"
        alive.quiet("who talks stays")
    same(until_closed(silent), b"", "to a silent peer")
    until_closed(half)
    same(mute.closed(1008), [], "without HELLO no frame")
    m, = idle.closed(1001)
    same((m.type, m.code), (ERROR, 502), "to an idle session")


# ------------------------------------------------------------ HTTP, WebSocket


@check
def plain_http():
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        for path in ("/", "/clasp", "/no/such/place?x=1"):
            s = dial()
            s.sendall(("%s %s HTTP/1.1\r\nHost: x\r\n\r\n" %
                       (method, path)).encode())
            head, _, body = until_closed(s).partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            same(lines[0], "HTTP/1.1 200 OK", method)
            same(sorted(x.lower() for x in lines[1:]),
                 ["connection: close", "content-length: 3",
                  "content-type: text/plain"], method)
            same(body, b"ok\n", method)


@check
def http_in_pieces():
    s = dial()
    for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n":
        s.sendall(bytes([byte]))
    assert until_closed(s).endswith(b"\r\n\r\nok\n")
    s = dial()
    s.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 100000)
    assert not until_closed(s).startswith(b"HTTP/1.1 101")
    Client()


@check
def silent_peer_blocks_nobody():
    silent = [dial() for _ in range(20)]
    silent[0].sendall(b"GET / HT")
    began = time.monotonic()
    Client().write("/a", 1)
    assert time.monotonic() - began < 3 * SLOW, "it waits for others"


@check
def subprotocols():
    for offer, answer in ((("clasp",), "clasp"), (("mqtt", "clasp"), "clasp"),
                          (("mqtt", " clasp "), "clasp"),
                          (("clasp", "mqtt"), "clasp"), (None, None),
                          (("mqtt",), None), (("clasp2", "xclasp"), None),
                          (("CLASP",), None)):
        link = WebSocket(protocols=offer)
        same(link.headers.get("sec-websocket-protocol"), answer,
             "to an offer of %r" % (offer,))
        assert "sec-websocket-extensions" not in link.headers
        Client(link).write("/a", 1)
    for path in ("/", "/clasp", "/some/where?x=y"):
        Client(WebSocket(path=path)).write("/a", 2)


@check
def hello_with_the_upgrade():
    early = WebSocket.wrap(frame(hello())) + WebSocket.wrap(
        frame(bytes([PING])))
    c = Client(WebSocket(early=early), greet=False)
    for kind in (WELCOME, SNAPSHOT, PONG):
        c.next(kind)


@check
def frames_in_one_message():
    c = Client()
    c.link.unit(frame(set_("/a", 1)) + frame(set_("/b", 2)) +
                frame(bytes([PING])))
    same([m.address for m in c.rest()], ["/a", "/b"], "ACKs")
    c.link.unit(frame(bytes([PING])) + b"\0" + frame(bytes([PING])))
    c.next(PONG)
    c.quiet("what does not begin like a frame is ignored")
    c.link.unit(frame(bytes([PING])) + b"\x53\x01")
    c.next(PONG)
    same(c.next(ERROR).code, 100, "half a frame behind one")


@check
def text_messages():
    c = Client(greet=False)
    c.link.sock.sendall(WebSocket.wrap(b"hello", 1))
    c.link.sock.sendall(WebSocket.wrap(b"{", 1, fin=False) +
                        WebSocket.wrap(b"}", 0))
    c = Client(c.link)
    c.link.sock.sendall(WebSocket.wrap(frame(set_("/a", 1)), 1))
    c.quiet()
    c.absent("/a")


@check
def fragments():
    c = Client()
    f = frame(set_("/a", "in pieces"))
    w = WebSocket.wrap
    c.link.sock.sendall(w(f[:1], 2, fin=False) + w(b"are you there", 9) +
                        w(f[1:7], 0, fin=False) + w(b"", 0, fin=False) +
                        w(f[7:], 0))
    same(c.next(ACK).address, "/a", "ACK")
    same(c.link.pongs, [b"are you there"], "PONG in between")
    same(c.read("/a"), "in pieces", "the value")
    for byte in w(frame(bytes([PING]))):
        c.link.sock.sendall(bytes([byte]))
    c.next(PONG)
    # nothing may be lost when many come in one segment
    c.link.sock.sendall(b"".join(w(bytes([b]), 2 if i == 0 else 0,
                                   fin=i == len(f) - 1)
                                 for i, b in enumerate(f)))
    same(c.next(ACK).revision, 2, "a byte at a time")


@check
def broken_websocket_frames():
    w = WebSocket.wrap
    ping = frame(bytes([PING]))
    for what, bytes_, code in (
            ("unmasked", w(ping, mask=False), 1002),
            ("reserved bit", w(ping, reserved=4), 1002),
            ("reserved kind", w(ping, 3), 1002),
            ("reserved control", w(b"", 11), 1002),
            ("continues nothing", w(ping, 0), 1002),
            ("two messages at once", w(b"a", fin=False) + w(b"b", 2), 1002),
            ("ping in fragments", w(b"", 9, fin=False), 1002),
            ("long ping", w(b"x" * 126, 9), 1002),
            ("65,548 bytes", w(b"\x53" * 65548), 1009),
            ("65,548 in fragments", w(b"\x53" * 40000, fin=False) +
             w(b"\x53" * 25548, 0), 1009),
            ("endless", b"\x82\xff" + b"\x7f" + b"\xff" * 7 + bytes(4),
             1009)):
        c = Client()
        c.link.sock.sendall(bytes_)
        try:
            same(c.closed(code), [], what)
        except AssertionError as why:
            raise AssertionError("%s: %s" % (what, why)) from None


@check
def largest_message():
    c = Client()
    x = bytes(PAYLOAD_MAX - 16 - 2 - 2)
    payload = set_("/a", x, revision=0, ttl=0)
    same(len(payload), PAYLOAD_MAX, "largest SET")
    c.send(payload, time_us=1)
    same(c.next(ACK).revision, 1, "ACK")
    f = frame(set_("/a", x, revision=1, ttl=0), time_us=1)
    same(len(f), MESSAGE_MAX, "largest message")
    c.link.sock.sendall(WebSocket.wrap(f[:60000], fin=False) +
                        WebSocket.wrap(f[60000:], 0))
    same(c.next(ACK).revision, 2, "ACK")


@check
def websocket_ping():
    c = Client()
    for body in (b"", b"x", b"y" * 125):
        c.link.sock.sendall(WebSocket.wrap(body, 9))
    c.link.sock.sendall(WebSocket.wrap(b"unasked", 10))
    c.quiet()
    same(c.link.pongs, [b"", b"x", b"y" * 125], "pongs")


@check
def goodbyes():
    Client().leave()
    for body, code in ((b"", None), (struct.pack(">H", 4000) + b"bye", 4000),
                       (struct.pack(">H", 1001), 1001)):
        c = Client()
        c.link.sent_close = True
        c.link.sock.sendall(WebSocket.wrap(body, 8) +
                            WebSocket.wrap(frame(set_("/late", 1))))
        try:
            c.next()
        except Closed as end:
            same(end.code, code, "echo of the code")
    Client().absent("/late")
    # replies on their way are not cut off
    c = Client()
    c.link.sent_close = True
    c.send(*[set_("/on/%d" % i, i) for i in range(50)])
    c.link.sock.sendall(WebSocket.wrap(struct.pack(">H", 1000), 8))
    same(len(c.closed(1000)), 50, "ACKs before the goodbye")


@check
def answered_goodbyes():
    """The answer to the relay's goodbye ends it: no timer is waited for."""
    began = time.monotonic()
    for _ in range(8):
        c = Client(greet=False)
        c.send(bytes([PING]))
        same(len(c.closed(1002)), 1, "ERROR")
    assert time.monotonic() - began < 6 * SLOW, "it stays open"


# ------------------------------------------------------- messages, values


@check
def kinds_of_values():
    c, other = Client(), Client()
    for i, x in enumerate((42, -1, 1 << 62, 0.5, float("inf"), -0.0, "text",
                           "", "\0nul", "\ufeffmark", True, False, None, b"",
                           b"\0\xff", [], [1, 2.0, "c", [None]], {},
                           {"": 1, "b": {"c": [True]}}, nested(64))):
        c.write("/v/%d" % i, x)
        got = other.read("/v/%d" % i)
        same((type(got), repr(got)), (type(x), repr(x)), "value")
    c.write("/f32", Float32(0.1))
    same(c.read("/f32"), struct.unpack(">f", struct.pack(">f", 0.1))[0],
         "four-byte float")
    # integers of fewer bytes
    for code, data, x in ((2, b"\xff", -1), (3, b"\xff\xfe", -2),
                          (4, b"\x80\0\0\0", -1 << 31), (1, b"\x02", True)):
        c.send(bytes([SET, code]) + text("/i") + data)
        c.next(ACK)
        same(c.read("/i"), x, "short integer")


@check
def set_get():
    c = Client()
    c.write("/n", 123)
    c.send(get("/n"))
    m = c.next(SNAPSHOT)
    x, revision, writer, stamp = m.params["/n"]
    same((x, revision, writer), (123, 1, c.id), "GET")
    assert stamp > 0
    c.absent("/missing")
    m = c.refused(200, get("/n/*"), address="/n/*")
    c.quiet()


@check
def unsubscribed_set_is_acknowledged():
    c = Client()
    m = c.write("/a", 1)
    same((m.revision, m.locked, m.holder, m.correlation, m.flags),
         (1, None, None, None, 0x01), "ACK")
    same(c.write("/a", 1).revision, 2, "the same value again")


@check
def addresses():
    c = Client()
    for a in ("/test-a/b_c", "/Upper/CASE/123", "/\u7167\u660e/\u4eae\u5ea6",
              "/a b/c.d/..", "/?[{!\\#(", "/" + "x" * 1023,
              "/a" * 64, "/$relays", "/clasp/p2p/signal", "/\U0001f39b"):
        c.write(a, 1)
        same(c.read(a), 1, a)
    for a in ("", "/", "a", "//", "/a/", "//a", "/a//b", "/a/*", "/**",
              "/a*b", "/\n", "/a\x7f", "/a\0b", "/" + "x" * 1024, "/a" * 65):
        for payload in (set_(a, 1), publish(a, 1), get(a)):
            c.refused(200, payload, address=a)
    c.quiet()


@check
def byte_strings():
    c = Client()
    for n in (1024, 4096, 16384):
        x = os.urandom(n)
        c.write("/bytes", x)
        assert c.read("/bytes") == x, "%d bytes" % n


@check
def sets_without_reading():
    c = Client()
    c.send(*[set_("/s/%d" % i, i) for i in range(100)])
    same([m.address for m in c.sync()], ["/s/%d" % i for i in range(100)],
         "ACKs")


@check
def publish_to_others():
    a, b = Client(), Client()
    for c in (a, b):
        c.subscribe(1, "/base/**")
    for kind, qos in ((PARAM, 1), (EVENT, 1), (STREAM, 0), (GESTURE, 0),
                      (TIMELINE, 2)):
        for flags in (0x01, 0x41, 0x81):
            a.send(publish("/base/x", 5, kind), flags=flags)
            m = b.next(PUBLISH)
            same((m.address, m.value, m.kind), ("/base/x", 5, kind), "it")
            same(m.flags >> 6, qos, "QoS of kind %d" % kind)
    a.quiet("nothing for the sender")
    a.absent("/base/x")


@check
def publish_is_verbatim():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    for payload in (
            publish("/p"), publish("/p", None), publish("/p", {"b": 1, "a": 2}),
            publish("/p", Float32(0.5)), publish("/p", kind=STREAM,
                                                 samples=[1.0, float("nan")]),
            publish("/p", 1, STREAM, time_us=1, rate=50),
            publish("/p", 1, kind=EVENT, phase=5), publish("/p", 1, kind=7),
            publish("/p", 1, ident=9), publish("/p", samples=[]),
            publish("/p", b"x" * 60000)):
        a.send(payload)
        same(b.next(PUBLISH).payload, payload, "payload")


@check
def publish_has_no_reply():
    c = Client()
    for flags in (0x01, 0x41, 0x81):
        c.send(publish("/e", 1), flags=flags)
    c.quiet()
    c.refused(301, publish("/$relay/x", 1), address="/$relay/x")


@check
def set_is_forwarded_as_asked():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    a.send(set_("/a", 1, revision=0))
    m = b.next(SET)
    same((m.revision, m.bits, m.ttl, m.flags >> 6), (1, 0x85, None, 1),
         "a plain one")
    a.send(set_("/a", 2, LOCK, revision=1, ttl=0x80000000 | 60))
    m = b.next(SET)
    same((m.revision, m.bits, m.ttl), (2, 0xD5, 0x80000000 | 60), "a lock")
    a.send(set_("/a", None, UNLOCK, ttl=0))
    m = b.next(SET)
    same((m.revision, m.bits, m.ttl, m.value), (3, 0xB0, 0, None),
         "an unlock")
    a.send(set_("/a", 3), flags=0x81)
    same(b.next(SET).flags >> 6, 1, "QoS as by the message")


@check
def announce_and_query():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    a.send(announce("/synth", [("/synth/cutoff", PARAM, "f32"),
                               ("/synth/*/note", EVENT, None)]))
    m = a.next(ACK)
    same((m.address, m.revision), ("/synth", None), "ACK")
    b.quiet("not forwarded")
    for pattern, want in (("/synth/**", 2), ("/synth/cutoff", 1),
                          ("/synth/*/note", 1), ("/other/**", 0)):
        b.send(query(pattern))
        same(len(b.next(RESULT).signals), want, pattern)
    a.send(announce("/x", [("/synth/cutoff", STREAM, "f64")]))
    a.next(ACK)
    a.leave()
    b.send(query("/synth/cutoff"))
    same(b.next(RESULT).signals, [("/synth/cutoff", STREAM, "f64", None)],
         "announced again")
    b.refused(202, query("nowhere"))
    b.quiet()


@check
def long_results():
    c = Client()
    want = set()
    for i in range(0, 3000, 300):
        some = ["/%s/%d" % ("n" * 60, j) for j in range(i, i + 300)]
        want.update(some)
        c.send(announce("/n", [(x, PARAM, "float") for x in some]))
        c.next(ACK)
    c.send(query("/**"))
    results = c.sync()
    assert len(results) > 1
    assert {m.type for m in results} == {RESULT}
    got = [s[0] for m in results for s in m.signals]
    same(len(got), 3000, "signals")
    same(set(got), want, "signals")


@check
def clock():
    c = Client()
    c.send(bytes([SYNC, 0]) + struct.pack(">Q", 777))
    m = c.next(SYNC)
    same(m.t1, 777, "t1")
    assert m.t2 <= m.t3, "t2 after t3"
    assert abs(m.t2 - time.time() * 1e6) < 5e6 * SLOW, "t2"
    assert m.t2 >= c.welcome.time_us, "before WELCOME"


@check
def what_is_not_there():
    c = Client()
    c.refused(501, bytes([REPLAY, 0]) + text("/a/**") + b"\xff")
    m = c.refused(403, bytes([FEDERATION, 1, 0, 1]) + text("/a/**") +
                  bytes([0, 0, 0]))
    assert "federation" in m.text, m.text
    for a in ("/$relay", "/$relay/x"):
        c.refused(301, set_(a, 1), address=a)
    c.quiet()


# -------------------------------------------------------- state and locks


@check
def last_writer_wins():
    a, b = Client(), Client()
    a.write("/x", 1)
    same(b.write("/x", 2).revision, 2, "revision")
    same((a.read("/x"), b.read("/x")), (2, 2), "both read")
    a.write("/named/max", 50)
    a.write("/named/max", 10)
    same(a.read("/named/max"), 10, "no strategy was asked for")


@check
def revisions():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    same(a.write("/r", 1, revision=0).revision, 1, "create only")
    m = a.refused(400, set_("/r", 2, revision=0), address="/r")
    assert "0" in m.text and "1" in m.text, m.text
    a.refused(400, set_("/r", 2, revision=2))
    a.refused(400, set_("/new", 2, revision=1))
    same(a.write("/r", 3, revision=1).revision, 2, "as expected")
    same([m.value for m in b.sync()], [1, 3], "what others saw")
    a.absent("/new")


@check
def locks():
    owner, other, reader = Client(), Client(), Client()
    reader.subscribe(1, "/l")
    m = owner.write("/l", 1, LOCK)
    same((m.locked, m.holder), (True, owner.id), "ACK of a lock")
    m = other.refused(401, set_("/l", 999), address="/l")
    assert owner.id in m.text, m.text
    other.refused(401, set_("/l", 999, UNLOCK))
    other.refused(401, set_("/l", 999, LOCK))
    other.refused(400, set_("/l", 999, revision=7))
    same((owner.read("/l"), other.read("/l")), (1, 1), "value")
    m = owner.write("/l", 2, LOCK)
    same((m.locked, m.holder, m.revision), (True, owner.id, 2), "again")
    m = owner.write("/l", 3)
    same((m.locked, m.holder), (None, None), "ACK of a plain write")
    m = owner.write("/l", 200, UNLOCK)
    same((m.locked, m.holder), (False, None), "ACK of an unlock")
    other.write("/l", 999)
    same([m.value for m in reader.sync()], [1, 2, 3, 200, 999], "seen")
    m = other.write("/l", 5, LOCK | UNLOCK)
    same((m.locked, m.holder), (True, other.id), "both flags")


@check
def lock_of_one_who_left():
    owner, other, reader = Client(), Client(), Client()
    reader.subscribe(1, "/l")
    owner.write("/l", 1, LOCK)
    owner.link.close()
    m = retry(lambda: other.write("/l", 2) if not other.sync() else None)
    same(m.revision, 2, "no write of the relay's own")
    seen = reader.sync()
    same([m.value for m in seen], [1, 2], "no message about it")
    # whoever has seen the goodbye need not try twice
    for i in range(20):
        owner = Client()
        owner.write("/l", 1, LOCK)
        owner.leave()
        other.write("/l", 2)


@check
def lifetimes():
    a, b = Client(), Client()
    b.subscribe(1, "/t/**")
    same(a.write("/t/gone", 1, ttl=0x80000000).revision, 1, "ACK")
    same(b.next(SET).ttl, 0x80000000, "forwarded")
    a.absent("/t/gone")
    same(a.write("/t/gone", 1, ttl=0x80000000).revision, 1, "a new record")
    same(b.next(SET).revision, 1, "from the start")
    a.write("/t/short", 1, ttl=0x80000001)
    a.write("/t/never", 1, ttl=0)
    end = time.monotonic() + LIMIT
    while True:
        a.send(get("/t/short"))
        if a.next().type == ERROR:
            break
        assert time.monotonic() < end, "it does not expire"
        time.sleep(0.05)
    same([m.address for m in b.sync()], ["/t/short", "/t/never"],
         "expiry is silent")
    same(set(Client().state), {"/t/never"}, "what is left")
    same(a.write("/t/short", 2, revision=0).revision, 1, "starts again")


@check
def strategies_and_ranges():
    """Against an app config with max, min and a range, see the .bats."""
    a, b = Client(), Client()
    a.subscribe(1, "/**")
    b.write("/max/p", 2**53)
    m = b.refused(400, set_("/max/p", float(2**53)), address="/max/p")
    assert "strategy" in m.text, m.text
    b.refused(400, set_("/max/p", 1))
    same(b.write("/max/p", 2**53 + 1).revision, 2, "only accepted ones count")
    b.refused(400, set_("/max/p", float(2**53)))
    b.refused(402, set_("/max/p", float("nan")))
    same(b.write("/max/p", "loud").revision, 3, "what is no number")
    b.write("/min/p", 0.5)
    b.refused(400, set_("/min/p", 1))
    b.write("/min/p", 0)
    b.refused(402, set_("/range/p", 1.5), address="/range/p")
    b.absent("/range/p")
    b.write("/range/p", 1.0)
    # the revision, the lock, the range, the strategy: in this order
    a.sync()
    a.send(set_("/max/locked", 5, LOCK))
    same([m.type for m in a.sync()], [SET, ACK], "echo and ACK")
    b.refused(400, set_("/max/locked", 1, revision=9))
    b.refused(401, set_("/max/locked", 1))
    a.refused(400, set_("/max/locked", 1, UNLOCK))
    b.refused(401, set_("/max/locked", 9))
    # members see those before them; nothing of a refused bundle happens
    b.refused(400, bundle(set_("/max/b", 2), set_("/max/b", 1)))
    b.refused(402, bundle(set_("/free", 2), set_("/range/b", 2)))
    b.absent("/max/b")
    b.absent("/free")
    b.send(bundle(set_("/max/b", 1), set_("/max/b", 2)))
    same(b.next(ACK).revision, 2, "ACK of the bundle")
    same([(m.address, m.value) for m in a.sync()],
         [("/max/b", 1), ("/max/b", 2)], "seen")


@check
def announced_range():
    a, b = Client(), Client()
    level = (text("/level") + bytes([PARAM, 0x04, 0x02]) +
             struct.pack(">dd", 0, 1))
    a.send(bytes([ANNOUNCE]) + text("") + struct.pack(">H", 1) + level)
    a.next(ACK)
    m = b.refused(402, set_("/level", 2), address="/level")
    assert "0.0 to 1.0" in m.text, m.text
    b.write("/level", 1)
    b.write("/level/other", 2)
    b.write("/level", "off")


@check
def own_figures():
    a = Client(name="a desk")
    a.write("/x", 1)
    b = Client()
    assert not [p for p in b.state if p.startswith("/$relay")], b.state
    same(set(a.subscribe(1, "/**")), {"/x"}, "what /** sees")
    same(a.subscribe(2, "/*/uptime"), {}, "what /*/uptime sees")
    same(set(b.subscribe(1, "/$relay/messages/*")),
         {"/$relay/messages/in", "/$relay/messages/out"}, "by its name")
    same(a.read("/$relay/sessions"), 2, "sessions")
    me = a.read("/$relay/sessions/" + a.id)
    same((me["name"], me["drops"], me["locks"]), ("a desk", 0, 0), "itself")
    assert me["address"].startswith("127.0.0.1:"), me
    a.absent("/$relay/none")
    for payload in (set_("/$relay/uptime", 1), set_("/$relay", 1),
                    publish("/$relay/x", 1), bundle(set_("/$relay/x", 1)),
                    bundle(set_("/y", 1), publish("/$relay/x", 1))):
        a.refused(301, payload)
    a.absent("/y")
    a.send(set_("/locked", 1, LOCK))
    a.sync()
    same(b.read("/$relay/locks"), {"/locked": a.id}, "locks")
    # changed ones come by themselves, the revisions rise
    seen = []
    while len(seen) < 4:
        m = b.next(SET, limit=LIMIT)
        assert m.address.startswith("/$relay/messages/"), m
        if m.address.endswith("in"):
            seen.append((m.revision, m.value))
            a.sync()
    # the revision counts microseconds: at most one a second
    for one, two in zip(seen, seen[1:]):
        assert one[0] + 1000000 <= two[0] and one[1] < two[1], seen
    a.link.close()
    b.send(unsubscribe(1))
    b.sync()

    def departed():
        m = b.read("/$relay/sessions/" + a.id)
        assert m["left"] >= m["since"], m
        same(m["name"], "a desk", "who has left")

    retry(departed)


@check
def ten_clients_on_one_address():
    clients = [Client() for _ in range(10)]
    revisions = []
    for i in range(100):
        for c in clients:
            c.send(set_("/one", i))
        revisions += [c.next(ACK).revision for c in clients]
    same(sorted(revisions), list(range(1, 1001)), "revisions")


@check
def many_parameters():
    a = Client()
    have = 0
    for n in (100, 500, 1000, 5000):
        a.send(*[set_("/many/%d/x" % i, i) for i in range(have, n)])
        same(len(a.sync()), n - have, "ACKs")
        have = n
        b = Client(features=0xF9)
        same(b.state, {}, "no state wanted")
        same({k: v[0] for k, v in b.subscribe(1, "/many/**").items()},
             {"/many/%d/x" % i: i for i in range(n)}, "%d parameters" % n)


# ---------------------------------------------------------- snapshots


def chunks_are_right(chunks):
    order = [a for m in chunks for a in m.order]
    same(order, sorted(order, key=str.encode), "order of addresses")
    same(len(order), len(set(order)), "each one once")
    for m in chunks:
        assert len(m.order) <= 800, "%d in one SNAPSHOT" % len(m.order)


@check
def snapshots_in_chunks():
    a = Client()
    a.send(*[set_("/c/%d" % (i * 7919 % 2000), i) for i in range(2000)])
    same(len(a.sync()), 2000, "ACKs")
    c = Client()
    same(len(c.state), 2000, "parameters")
    chunks_are_right(c.chunks)
    long = "/" + "y" * 900
    a.send(*[set_("%s/%d" % (long, i), "z" * 500) for i in range(300)])
    same(len(a.sync()), 300, "ACKs")
    c = Client()
    same(len(c.state), 2300, "parameters")
    chunks_are_right(c.chunks)


@check
def largest_values():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    address = "/big/value"
    most = PAYLOAD_MAX - 16 - len(address) - 2
    for n in (most - 60, most - 40, most - 1, most):
        x = b"v" * n
        a.write(address, x)
        same(b.next(SET).value == x, True, "echo of %d" % n)
        same(b.read(address) == x, True, "GET of %d" % n)
        c = Client()
        same(c.state[address][0] == x, True, "SNAPSHOT of %d" % n)
        c = Client(features=0xF9)
        same(c.subscribe(1, "/big/*")[address][0] == x, True, "SUBSCRIBE")
    for n in (most + 1, most + 8):
        m = a.refused(402, set_(address, b"w" * n), address=address)
        assert "too large" in m.text, m.text
    a.refused(402, bundle(set_(address, b"w" * (most + 1))), address=address)
    same(a.read(address) == x, True, "nothing was stored")
    b.quiet()
    # a few small ones around it do not disturb
    a.send(*[set_("/big/value%d" % i, i) for i in range(5)])
    same(len(a.sync()), 5, "ACKs")
    c = Client()
    same(len(c.state), 6, "all of them")
    chunks_are_right(c.chunks)


@check
def state_of_many_megabytes():
    a = Client()
    for i in range(150):
        a.write("/m/%03d" % i, b"%03d" % i + b"m" * 60000)
    memory = relay_memory()
    link = WebSocket(receive_buffer=65536)
    b = Client(link, greet=False)
    b.send(hello(), bytes([PING]), subscribe(1, "/m/**"), bytes([PING]))
    b.next(WELCOME)
    first = b.next(SNAPSHOT)
    for i in list(range(150)) * 2:
        a.write("/m/%03d" % i, i)
    assert relay_memory() - memory < 40e6, "memory for one joiner"
    newest = {}
    pongs = 0
    note(newest, first)
    while pongs < 2:
        m = b.next()
        if m.type == PONG:
            pongs += 1
            same(len(newest), 150, "before PONG %d" % pongs)
        else:
            note(newest, m)
    for m in b.sync():
        note(newest, m)
    same({k: v[0] for k, v in newest.items()},
         {"/m/%03d" % i: i for i in range(150)}, "in the end")


def note(newest, m):
    """Take a value in; revisions of an address never fall."""
    if m.type == SET:
        before = newest.get(m.address, (None, 0))[1]
        assert m.revision > before, "revision %d after %d" % (m.revision,
                                                              before)
        newest[m.address] = (m.value, m.revision)
    elif m.type == SNAPSHOT:
        for a, (x, revision, _, _) in m.params.items():
            assert revision >= newest.get(a, (None, 0))[1], "older snapshot"
            newest[a] = (x, revision)
    else:
        raise AssertionError("unexpected %r" % m)


# ------------------------------------------------------ subscriptions


def seen(c):
    """The addresses and values that have come."""
    out = []
    for m in c.sync():
        assert m.type in (SET, PUBLISH), m
        out.append((m.address, m.value))
    return out


@check
def exact_addresses():
    a, b = Client(), Client()
    same(b.subscribe(1, "/exact/path"), {}, "nothing is there")
    a.write("/exact/path", 1)
    a.write("/exact/other", 2)
    a.write("/exact/path/below", 3)
    same(seen(b), [("/exact/path", 1)], "seen")


@check
def one_segment():
    a, b = Client(), Client()
    b.subscribe(1, "/s/*/value")
    b.subscribe(2, "/sensors/*/temperature")
    for i, x in enumerate(("/s/a/value", "/s/b/value", "/s/a/other",
                           "/s/a/b/value", "/sensors/room1/temperature",
                           "/sensors/room2/temperature",
                           "/sensors/room1/humidity")):
        a.write(x, i)
    same([x for x, _ in seen(b)],
         ["/s/a/value", "/s/b/value", "/sensors/room1/temperature",
          "/sensors/room2/temperature"], "seen")


@check
def unsubscribed():
    a, b = Client(), Client()
    b.subscribe(1, "/u")
    a.write("/u", 1)
    same(b.next(SET).value, 1, "before")
    b.send(unsubscribe(1), unsubscribe(1), unsubscribe(77))
    b.quiet()
    a.write("/u", 2)
    b.quiet("after")
    for i in range(100):
        b.send(subscribe(i, "/u/%d/**" % i), unsubscribe(i))
    b.quiet("a hundred times")


@check
def state_on_subscribing():
    a, b = Client(), Client()
    a.write("/there", 5)
    x, revision, writer, stamp = b.subscribe(1, "/there")["/there"]
    same((x, revision, writer), (5, 1, a.id), "snapshot")
    same(b.subscribe(2, "/nowhere/**"), {}, "no empty SNAPSHOT")


@check
def everybody_its_own():
    a, b = Client(), Client()
    a.subscribe(1, "/client1/**")
    a.subscribe(2, "/both/**")
    b.subscribe(1, "/client2/**")
    b.subscribe(2, "/both/**")
    a.send(set_("/client1/x", 1))
    b.send(set_("/client2/x", 2))
    same([m.type for m in a.sync()], [SET, ACK], "echo, then ACK")
    same([m.type for m in b.sync()], [SET, ACK], "echo, then ACK")
    a.send(set_("/both/x", 3))
    same([m.type for m in a.sync()], [SET, ACK], "echo, then ACK")
    same(seen(b), [("/both/x", 3)], "seen")


@check
def next_frame_is_the_set():
    raw = [Client() for _ in range(3)]
    for c in raw:
        c.send(subscribe(1, "/broadcast/**"))
        c.quiet("neither ACK nor SNAPSHOT")
    Client().write("/broadcast/x", "to all")
    for c in raw:
        m = c.next(SET)
        same((m.address, m.value), ("/broadcast/x", "to all"), "it")


@check
def subscriber_of_everything():
    c = Client()
    c.write("/some", 1)
    c.write("/more", 2)
    same(set(c.subscribe(100, "/**")), {"/some", "/more"}, "state")
    c.send(set_("/own", 3))
    same((c.next(SET).address, c.next(ACK).address), ("/own", "/own"), "own")


@check
def replaced_subscription():
    a, b = Client(), Client()
    a.write("/new/x", 1)
    b.subscribe(1, "/old/**")
    same(set(b.subscribe(1, "/new/**")), {"/new/x"}, "snapshot of the new")
    a.write("/old/x", 2)
    a.write("/new/x", 3)
    same(seen(b), [("/new/x", 3)], "seen")
    same(set(b.subscribe(1, "/new/**")), {"/new/x"}, "the same again")
    # one that is refused leaves the old one
    b.refused(202, subscribe(1, "bad"))
    a.write("/new/x", 4)
    same(seen(b), [("/new/x", 4)], "seen")
    b.send(unsubscribe(1))
    a.write("/new/x", 5)
    a.write("/old/x", 5)
    b.quiet("nothing is left of either")


@check
def hundred_subscriptions():
    a, b = Client(), Client()
    for i in range(100):
        b.send(subscribe(i, "/n/%d" % i))
    b.quiet()
    m = b.refused(429, subscribe(100, "/n/100"), address="/n/100")
    assert "Subscription limit reached (max 100)" in m.text, m.text
    b.refused(429, subscribe(100, "bad"))
    b.subscribe(99, "/n/replaced")
    b.send(unsubscribe(0))
    b.subscribe(100, "/n/100")
    for x in ("0", "99", "100", "replaced", "50"):
        a.write("/n/" + x, 1)
    same([x for x, _ in seen(b)], ["/n/100", "/n/replaced", "/n/50"], "seen")


@check
def bad_patterns():
    c = Client()
    for p in ("", "/", "a", "a/*", "//", "/a//b", "//a", "/a//", "/\n",
              "/" + "x" * 1024, "/a" * 65, "/**" * 9, "/a\0"):
        c.refused(202, subscribe(1, p), address=p)
        c.refused(202, query(p), address=p)
    for p in ("/a/*/", "/" + "x" * 1023, "/a" * 64, "/**" * 8, "/a?[{!\\"):
        c.subscribe(1, p)
    Client().write("/a/b", 1)
    same(c.subscribe(2, "/a/*/").keys(), {"/a/b"}, "a trailing slash")


MATCHES = """
/a/b /a/b +  /a/b /a/b/c -  /a /abc -  /Lights/* /LIGHTS/room1 -
/Lights/* /Lights/room1 +  /\u7167\u660e/* /\u7167\u660e/1 +  /a/* /a/b +
/a/* /a -  /a/* /a/b/c -  /* /a +  /* /a/b -  /*/b /x/b +  /*/* /a/b +
/a/*/c /a/b/c +  /a/*/c /a/c -  /a/*/c /a/x/y/c -
/l/scene/*/layer/*/o /l/scene/0/layer/3/o +
/l/scene/*/layer/*/o /l/scene/0/layer/3/color -
/** /a +  /** /a/b/c/d/e +  /a/** /a +  /a/** /a/b +  /a/** /a/b/c/d +
/a/** /abc -  /a/**/c /a/c +  /a/**/c /a/b/c +  /a/**/c /a/x/y/c +
/a/**/c /a/b/c/d -  /l/**/o /l/o +  /l/**/o /other/o -  /**/c /a/b/c +
/**/b/** /b +  /**/b/** /x/b/y +  /a/*/** /a/b +  /a/*/** /a -
/a/**/* /a/b +  /a/**/* /a -  /a/**/c/**/e /a/x/c/y/e +
/a/**/c/**/e /a/c/e +  /**/** /a/b +  /a/**/**/c /a/c +  /**/a/* /a/a/b +
/a/*/**/d /a/d -  /li/*/zone/** /li/room2/zone +
/li/*/zone/** /li/room1/brightness -  /a/zone5* /a/zone5 +
/a/zone5* /a/zone51 +  /a/zone5* /a/zone5/x -  /a/zone5* /a/zone4 -
/a/*5 /a/zone5 +  /a/z*5 /a/z5 +  /zone*/temp /zone1/temp +
/zone*/temp /zone1/x/temp -  /a/*one* /a/zone51 +  /a/b** /a/bc +
/a/b** /a/bc/d -  /a/**b /a/xb +  /a/*** /a/x +  /a/*** /a/x/y -
/a?c/* /abc/x -  /a?c/* /a?c/x +  /x[ab]/* /xa/c -  /{a,b}/* /a/c -
/a.b/* /axb/c -  /!x/* /y/c -
""".split()


@check
def matching():
    """The same for what is there and for what comes."""
    table = list(zip(MATCHES[::3], MATCHES[1::3], MATCHES[2::3]))
    every = sorted({a for _, a, _ in table})
    a, b, late = Client(), Client(), Client(features=0xF9)
    a.send(*[set_(x, 0) for x in every])
    same(len(a.sync()), len(every), "ACKs")
    for pattern in sorted({p for p, _, _ in table}):
        there = set(late.subscribe(1, pattern))
        late.send(unsubscribe(1))
        b.subscribe(1, pattern)
        a.send(*[publish(x, 1) for x in every])
        a.quiet()
        comes = {x for x, _ in seen(b)}
        same(comes, there, "what comes and what is there, of " + pattern)
        for p, address, sign in table:
            if p == pattern:
                same(address in comes, sign == "+", p + " " + address)


@check
def costly_patterns():
    """Neither stars nor depth keep the relay busy."""
    a, b = Client(), Client()
    for i in range(100):
        b.send(subscribe(i, "/**/a" * 7 + "/**/b%d" % i))
    b.send(subscribe(0, "/" + "*a" * 500))
    b.quiet()
    began = time.monotonic()
    for i in range(50):
        a.write("/a" * 63 + "/c%d" % i, 1)
        a.write("/" + "a" * 1000 + "%d" % i, 1)
    b.send(*[subscribe(i, "/**/a" * 7 + "/**/c%d" % i) for i in range(50)])
    b.sync()
    assert time.monotonic() - began < LIMIT, "it takes too long"


@check
def one_copy():
    a, b = Client(), Client()
    for i, p in enumerate(("/a/**", "/a/*", "/**", "/a/b", "/*/b", "/a/b*")):
        b.subscribe(i, p)
    a.write("/a/b", 1)
    a.send(publish("/a/b", 2))
    a.quiet()
    same(seen(b), [("/a/b", 1), ("/a/b", 2)], "seen")


@check
def type_filters():
    a = Client()
    for mask in (0xFF, 0x00, 0x20, 0xE0, 0x1F, 0x01, 0x02, 0x04, 0x08, 0x10,
                 0xE1, 0x06, 0x18):
        bits = mask & 0x1F or 0x1F
        b = Client()
        b.subscribe(1, "/f", mask)
        a.send(set_("/f", "set"))
        for kind in (PARAM, EVENT, STREAM, GESTURE, TIMELINE):
            a.send(publish("/f", kind, kind))
        a.sync()
        want = [("/f", "set")] if bits & 1 else []
        want += [("/f", k) for k in range(5) if bits & 1 << k]
        same(seen(b), want, "mask %#x" % mask)
    # two together are either
    b = Client()
    b.subscribe(1, "/f", 0x02)
    b.subscribe(2, "/**", 0x04)
    a.send(publish("/f", 1, EVENT), publish("/f", 2, STREAM),
           publish("/f", 3, GESTURE))
    a.sync()
    same(seen(b), [("/f", 1), ("/f", 2)], "two masks")


@check
def rate_of_a_subscription():
    a, b, c = Client(), Client(), Client()
    b.subscribe(1, "/r/**", rate=1)
    c.subscribe(1, "/r/**")
    start = time.monotonic()
    a.send(*[set_("/r/x", i) for i in range(50)],
           *[publish("/r/s", i, STREAM) for i in range(50)],
           *[publish("/r/e", i, EVENT) for i in range(3)])
    same(len(a.sync()), 50, "ACKs")
    got = seen(b)
    if time.monotonic() - start < 1:
        same(got, [("/r/x", 0), ("/r/s", 0)] +
             [("/r/e", i) for i in range(3)], "at first")
    late = {m.address: m.value for m in (b.next(), b.next())}
    assert time.monotonic() - start >= 1, "before it was due"
    same(late, {"/r/x": 49, "/r/s": 49}, "the last of each")
    b.quiet()
    same(len(seen(c)), 103, "for one who asked for all")


@check
def epsilon_of_a_subscription():
    a, b = Client(), Client()
    b.subscribe(1, "/e/**", epsilon=0.5)
    for kind, send in (("x", set_), ("s", lambda address, v: publish(
            address, v, STREAM))):
        a.send(*[send("/e/" + kind, v) for v in (
            1.0, 1.25, 1.5, 1.75, 2, 2.25, "two", "two", 2.25, [1, 2],
            [1, 2.25], [1, 2.5], [1], None, float("nan"), float("nan"))])
        a.sync()
        got = [v for _, v in seen(b)]
        same(got[:-2], [1.0, 1.5, 2, "two", "two", 2.25, [1, 2], [1, 2.5],
                        [1], None], "sent")
        assert all(v != v for v in got[-2:]), "NaN is always sent"
    a.send(*[publish("/e/e", 1, EVENT)] * 3)
    a.sync()
    same(len(seen(b)), 3, "events")


@check
def rate_and_what_shows_the_value():
    a, b = Client(), Client()
    b.subscribe(1, "/r/x", rate=1, epsilon=1)
    a.write("/r/x", 0)
    for i in range(1, 4):
        a.write("/r/x", 10 * i)
    b.sync()
    b.send(get("/r/x"))
    got = b.sync()
    # the value that waits comes first, unless it has come by itself
    same((got[-1].type, got[-1].params["/r/x"][:2]), (SNAPSHOT, (30, 4)),
         "what GET shows")
    same([m.value for m in got[:-1]] in ([30], []), True, "in front of it")
    a.write("/r/x", 40)
    # near to what was sent: what waits is not true any more
    a.write("/r/x", 30.5)
    # a subscription that is replaced takes along what waits
    a.write("/r/x", 50)
    same(b.subscribe(1, "/r/x", rate=1)["/r/x"][0], 50, "its snapshot")
    b.subscribe(2, "/r/y", rate=1)
    for v in (60, 70):
        a.write("/r/x", v)
    for v in (1, 2):
        a.write("/r/y", v)
    b.send(unsubscribe(1))
    values = [v for _, v in seen(b)]
    assert values[:1] == [60] and 50 not in values, values
    # nothing waits for one that has ended: it would come before this
    if 2 not in values:
        same(b.next(SET).address, "/r/y", "what came later")
    b.quiet()


# ------------------------------------------------------ a random world


def matches(pattern, address):
    """The rules of patterns, written once more."""
    def segment(p):
        return "[^/]*".join(map(re.escape, re.split(r"\*+", p)))

    out = ""
    for p in pattern[1:].split("/"):
        if p == "**":
            out += "(/[^/]+)*"
        elif p == "*":
            out += "/[^/]+"
        else:
            out += "/" + segment(p)
    return re.fullmatch(out, address, re.DOTALL) is not None


class Refused(Exception):
    pass


class Model:
    """What a relay is to do with the messages of some clients."""

    def __init__(self):
        self.params = {}        # address: (value, revision, writer, lock)
        self.clients = []

    def join(self, link=None):
        c = Client(link)
        same({a: x[:3] for a, x in c.state.items()},
             {a: x[:3] for a, x in self.params.items()}, "initial state")
        c.subs, c.expected = {}, []
        self.clients.append(c)
        return c

    def leave(self, c):
        """Its goodbye is seen through: then the relay knows, too."""
        self.compare(c)
        self.clients.remove(c)
        if isinstance(c.link, WebSocket):
            c.leave()
        else:
            c.link.sock.shutdown(socket.SHUT_WR)
            same(c.closed(), [], "after the end")
        for a, (x, revision, writer, lock) in self.params.items():
            if lock == c.id:
                self.params[a] = (x, revision, writer, None)

    def compare(self, c):
        got = [self.short(m) for m in c.sync()]
        for i, (g, w) in enumerate(zip(got, c.expected)):
            same(g, w, "message %d" % i)
        same(len(got), len(c.expected), "messages, the last %r" % got[-1:])
        c.expected = []

    @staticmethod
    def short(m):
        if m.type == SET:
            return SET, m.address, m.value, m.revision, m.bits & 0x70
        if m.type == PUBLISH:
            return PUBLISH, m.payload
        if m.type == ACK:
            return ACK, m.address, m.revision, m.locked, m.holder
        if m.type == ERROR:
            return ERROR, m.code, m.address
        return m.type, {a: x[:3] for a, x in m.params.items()}

    def tell(self, address, kind, message, sender=None):
        for c in self.clients:
            if c is not sender and any(
                    mask & 1 << kind and matches(p, address)
                    for p, mask in c.subs.values()):
                c.expected.append(message)

    def decide(self, params, c, address, x, flags, expected):
        """What a SET comes to: the new record, or Refused."""
        if "*" in address:
            raise Refused(200)
        _, revision, _, lock = params.get(address, (None, 0, None, None))
        if expected is not None and expected != revision:
            raise Refused(400)
        if lock not in (None, c.id):
            raise Refused(401)
        if flags & UNLOCK:
            lock = None
        if flags & LOCK:
            lock = c.id
        return x, revision + 1, c.id, lock

    def write(self, c, address, x, flags=0, expected=None):
        """Returns the payload and does in the model what it is to do."""
        payload = set_(address, x, flags, expected)
        try:
            new = self.decide(self.params, c, address, x, flags, expected)
        except Refused as why:
            c.expected.append((ERROR, why.args[0], address))
            return payload
        self.params[address] = new
        self.tell(address, PARAM, (SET, address, x, new[1], flags))
        locked = bool(new[3]) if flags else None
        c.expected.append((ACK, address, new[1], locked,
                           new[3] if locked else None))
        return payload

    def publish(self, c, address, x, kind):
        payload = publish(address, x, kind)
        if "*" in address:
            c.expected.append((ERROR, 200, address))
        else:
            self.tell(address, kind, (PUBLISH, payload), c)
        return payload

    def bundle(self, c, members):
        after = dict(self.params)
        payload = bundle(*[set_(a, x, how, r) if what == SET else
                           publish(a, x, how)
                           for what, a, x, how, r in members])
        try:
            news = []
            for what, address, x, how, r in members:
                if "*" in address:
                    raise Refused(200)
                if what == SET:
                    after[address] = self.decide(after, c, address, x, how, r)
                    news.append(after[address])
        except Refused as why:
            c.expected.append((ERROR, why.args[0], address))
            return payload
        self.params = after
        revision = None
        for what, address, x, how, _ in members:
            if what == SET:
                revision = news.pop(0)[1]
                self.tell(address, PARAM, (SET, address, x, revision, how))
            else:
                self.tell(address, how, (PUBLISH, publish(address, x, how)),
                          c)
        c.expected.append((ACK, None, revision, None, None))
        return payload

    def subscribe(self, c, ident, pattern, mask):
        c.subs[ident] = (pattern, mask if mask & 31 else 255)
        show = {a: x[:3] for a, x in self.params.items()
                if matches(pattern, a)}
        if show and c.subs[ident][1] & 1:
            c.expected.append((SNAPSHOT, show))
        return subscribe(ident, pattern, mask)

    def unsubscribe(self, c, ident):
        c.subs.pop(ident, None)
        return unsubscribe(ident)

    def get(self, c, address):
        if "*" in address:
            c.expected.append((ERROR, 200, address))
        elif address in self.params:
            c.expected.append((SNAPSHOT,
                               {address: self.params[address][:3]}))
        else:
            c.expected.append((ERROR, 201, address))
        return get(address)


@check
def random_world():
    """Clients do what chance says; all that comes is foreseen."""
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    print("SEED=%d" % seed)
    r = random.Random(seed)
    names = ["a", "b", "zone5", "zone51", "\u7167"]
    model = Model()

    def address():
        if r.random() < 0.02:
            return "/a/*"
        return "".join("/" + r.choice(names) for _ in range(r.randint(1, 3)))

    def pattern():
        return "".join("/" + r.choice(names + ["*", "**", "**", "zone*",
                                               "*5*", "b"])
                       for _ in range(r.randint(1, 4)))

    def anything():
        return r.choice([r.randint(-9, 9), r.random(), None, True, "x" * 40,
                         [1, {"k": "v"}], b"\0" * r.randint(0, 300)])

    def how_to_set():
        a = address()
        revision = None
        if r.random() < 0.2:
            revision = model.params.get(a, (0, 0))[1] + r.choice((0, 0, 1))
        return a, anything(), r.choice((0,) * 6 + (LOCK, UNLOCK, UNLOCK,
                                                   LOCK | UNLOCK)), revision

    def act(c):
        dice = r.random()
        if dice < 0.4:
            return model.write(c, *how_to_set())
        if dice < 0.6:
            return model.publish(c, address(), anything(), r.randint(0, 2))
        if dice < 0.7:
            return model.subscribe(c, r.randint(0, 3), pattern(), r.choice(
                (0xFF, 0xFF, 0, 1, 2, 4, 3, 6, 0xE0)))
        if dice < 0.75:
            return model.unsubscribe(c, r.randint(0, 3))
        if dice < 0.85:
            return model.get(c, address())
        return model.bundle(c, [
            (SET,) + how_to_set() if r.random() < 0.7 else
            (PUBLISH, address(), anything(), r.randint(0, 2), None)
            for _ in range(r.choice((0, 1, 2, 3, 8)))])

    for i in range(6):
        model.join(Unix() if i % 3 == 2 else None)
    for turn in range(600):
        c = r.choice(model.clients)
        c.send(*[act(c) for _ in range(r.choice((1, 1, 3, 20)))])
        model.compare(c)
        for other in model.clients:
            if len(other.expected) > 300 or r.random() < 0.05:
                model.compare(other)
        if r.random() < 0.03:
            model.leave(c)
            model.join(Unix() if r.random() < 0.3 else None)
    for c in model.clients:
        model.compare(c)


# ------------------------------------------------------ order and load


def in_threads(*functions):
    """Run them together; the first that fails fails the check."""
    errors = []

    def run(f):
        try:
            f()
        except BaseException as why:
            errors.append(why)

    threads = [threading.Thread(target=run, args=(f,), daemon=True)
               for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join(6 * LIMIT)
        assert not t.is_alive() or errors, "it does not end"
    if errors:
        raise errors[0]


@check
def rising_in_order():
    a, b = Client(), Client()
    b.subscribe(1, "/rise")
    a.send(*[set_("/rise", i) for i in range(100)])
    a.sync()
    same([x for _, x in seen(b)], list(range(100)), "values")


@check
def ten_subscribers():
    a = Client()
    readers = [Client() for _ in range(10)]
    for r in readers:
        r.subscribe(1, "/fan/**")
    a.send(*[set_("/fan/%d" % (i % 7), i) for i in range(100)])
    a.sync()
    for r in readers:
        same([x for _, x in seen(r)], list(range(100)), "values")


@check
def come_and_go():
    for i in range(50):
        Client().leave()
    many = []
    in_threads(*[lambda: many.append(Client()) for _ in range(50)])
    same(len({c.id for c in many}), 50, "sessions")
    for c in many:
        c.send(set_("/drop/" + c.id, 1))
        c.link.close()
    retry(lambda: same(len(Client().state), 50, "what they set"))


@check
def as_fast_as_it_can():
    c = Client()
    n = 3000
    acks = []

    def send():
        for i in range(0, n, 50):
            c.send(*[set_("/fast", j) for j in range(i, i + 50)])

    def read():
        while len(acks) < n:
            acks.append(c.next(ACK).revision)

    in_threads(send, read)
    same(acks, list(range(1, n + 1)), "revisions")
    same(c.read("/fast"), n - 1, "GET behind them")


@check
def nothing_is_lost():
    a, b = Client(), Client()
    b.subscribe(1, "/load/**")
    n = 6000
    got = []

    def send():
        for i in range(0, n, 100):
            a.send(*[set_("/load/%d" % j, j) for j in range(i, i + 100)])
            for j in range(100):
                a.next(ACK)

    def read():
        while len(got) < n:
            got.append(b.next(SET).value)

    in_threads(send, read)
    same(got, list(range(n)), "values")


@check
def thousand_without_waiting():
    c = Client()
    c.send(*[set_("/one", i) for i in range(1000)], get("/one"))
    for i in range(1000):
        same(c.next(ACK).revision, i + 1, "revision")
    same(c.next(SNAPSHOT).params["/one"][0], 999, "GET")


@check
def ping_is_a_barrier():
    c, other = Client(), Client()
    for i in range(20):
        c.write("/%d" % i, i)
    c.send(publish("/a", 1), bytes([PING]))
    c.next(PONG)
    c.send(publish("bad", 1), subscribe(1, "/**"), get("/missing"),
           query("/x"), set_("/5", 1, revision=9), bytes([PING]))
    kinds = [(m.type, getattr(m, "code", None)) for m in c.rest()]
    same(kinds, [(ERROR, 200), (SNAPSHOT, None), (ERROR, 201),
                 (RESULT, None), (ERROR, 400)], "before PONG")
    c.send(unsubscribe(1))
    for i in range(200):
        c.write("/after", i)
        same(other.read("/after"), i, "what another reads after the ACK")


@check
def many_writers_one_order():
    """Fifteen readers: revisions rise, each writer's messages in order."""
    writers = [Client() for _ in range(4)]
    readers = [Client() for _ in range(15)]
    for r in readers:
        r.subscribe(1, "/o/**")
    n = 400

    def write(k):
        def run():
            w = writers[k]
            for i in range(0, n, 8):
                for j in range(i, i + 8):
                    w.send(set_("/o/shared", [k, j]) if j % 3 else
                           publish("/o/shared", [k, j], j % 2 + 1))
            w.sync()
        return run

    in_threads(*[write(k) for k in range(4)])
    orders = []
    for r in readers:
        last, revision, order = [-1] * 4, 0, []
        for m in r.sync():
            k, j = m.value
            same(j, last[k] + 1, "writer %d" % k)
            last[k] = j
            order.append((k, j))
            if m.type == SET:
                same(m.revision, revision + 1, "revision")
                revision = m.revision
        same(last, [n - 1] * 4, "all of them")
        orders.append(order)
    assert all(o == orders[0] for o in orders), "one order for all"


@check
def snapshot_meets_updates():
    """A subscription joins a stream of values without gap or step back."""
    a, b = Client(), Client()
    a.write("/join", 0)
    stop = threading.Event()
    last = [0]

    def write():
        while not stop.is_set() and last[0] < 100000:
            first = last[0] + 1
            a.send(*[set_("/join", i) for i in range(first, first + 20)])
            for _ in range(20):
                a.next(ACK)
            last[0] = first + 19

    def join():
        try:
            for i in range(200):
                b.send(subscribe(i % 3, "/join" if i % 2 else "/**"),
                       bytes([PING]))
                at = None
                for m in b.rest():
                    if m.type == SNAPSHOT:
                        x = m.params["/join"][0]
                        assert at is None or x == at, "%d after %d" % (x, at)
                        at = x
                    else:
                        same(m.type, SET, "kind")
                        assert at is None or m.value == at + 1, \
                            "%d after %d" % (m.value, at)
                        at = m.value
        finally:
            stop.set()

    in_threads(write, join)
    same(seen(b)[-1:] in ([], [("/join", last[0])]), True, "the newest")


# --------------------------------------------------------- slow readers


@check
def slow_reader():
    """One who does not read is no burden, and ends with what is newest."""
    slow = Client(WebSocket(receive_buffer=4096))
    slow.subscribe(1, "/slow/**")
    good = Client()
    good.subscribe(1, "/slow/**")
    a = Client()
    memory = relay_memory()
    n, most = 12000, 0
    pad = b"p" * 4000
    for i in range(0, n, 50):
        a.send(*[set_("/slow/%d" % (j % 100), b"%d " % j + pad)
                 for j in range(i, i + 49)] +
               [publish("/slow/event", i)])
        same(len([m for m in a.sync() if m.type == ACK]), 49, "ACKs")
        got = good.sync()
        same(len(got), 50, "what a good reader gets of 50")
        most = max(most, relay_memory() - memory)
    assert most < 48e6, "%d MB for one slow reader" % (most / 1e6)
    newest, events, notices = {}, [], []
    for m in slow.sync():
        if m.type == ERROR:
            notices.append(m)
        elif m.type == PUBLISH:
            events.append(m.value)
        else:
            note(newest, m)
    same([m.code for m in notices], [503], "notices")
    assert "Buffer overflow" in notices[0].text, notices[0].text
    assert int(re.search(r"\d+", notices[0].text).group()) >= 100
    same(events, sorted(set(events)), "order of the events")
    for m in slow.sync():
        note(newest, m)
    want = {}
    for i in range(0, n, 50):
        for j in range(i, i + 49):
            want["/slow/%d" % (j % 100)] = j
    same({k: int(v[0].split()[0]) for k, v in newest.items()}, want,
         "the newest values")
    a.write("/slow/1", "live")
    same(slow.next(SET).value, "live", "then it goes on")


@check
def readers_with_short_queues():
    """Started with queues of 20: who reads now and then ends up right."""
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    print("SEED=%d" % seed)
    r = random.Random(seed)
    a = Client()
    slow = [Client(WebSocket(receive_buffer=4096)) for _ in range(4)]
    final, n = {}, 0
    for c in slow:
        c.subscribe(1, "/q/**")
        c.newest, c.events = {}, []

    def drain(c):
        for m in c.sync():
            if m.type == ERROR:
                assert m.code in (503, 201), m
            elif m.type == PUBLISH:
                c.events.append(m.value)
            else:
                note(c.newest, m)

    for _ in range(200):
        for _ in range(r.randint(1, 60)):
            n += 1
            address = "/q/%d" % r.randint(0, 40)
            x = b"%d " % n + b"z" * r.choice((10, 3000, 30000))
            dice = r.random()
            if dice < 0.7:
                a.send(set_(address, x))
                final[address] = x
            elif dice < 0.85:
                a.send(bundle(set_(address, x), publish("/q/e", n),
                              set_(address + "b", x)))
                final[address] = final[address + "b"] = x
            else:
                a.send(publish("/q/e", n))
        a.sync()
        c, dice = r.choice(slow), r.random()
        if dice < 0.15:
            drain(c)
        elif dice < 0.3:
            c.send(get("/none"))
        elif dice < 0.35:
            c.send(subscribe(2, r.choice(("/q/1*", "/q/**"))))
        elif dice < 0.4:
            c.send(unsubscribe(2))
    for c in slow:
        # the newest values come when what was queued has gone
        drain(c)
        drain(c)
        same(c.events, sorted(set(c.events)), "order of the events")
        same({k: v[0][:8] for k, v in c.newest.items()},
             {k: v[:8] for k, v in final.items()}, "in the end")


@check
def replies_to_one_who_does_not_read():
    """Requests without end, answers not taken: each answer comes."""
    a = Client()
    x = b"r" * 50000
    a.write("/large", x)
    memory = relay_memory()
    c = Client(WebSocket(receive_buffer=4096), features=0xF9)
    n = 1500
    sent = threading.Event()
    most = [0]

    def send():
        for i in range(n):
            c.send(get("/large"), get("/none/%d" % i))
        c.send(bytes([PING]))
        sent.set()

    def watch():
        end = time.monotonic() + 1
        while time.monotonic() < end:
            most[0] = max(most[0], relay_memory() - memory)
            a.write("/other", 1)
        for i in range(n):
            m = c.next(SNAPSHOT)
            assert m.params["/large"][0] == x
            same(c.next(ERROR).address, "/none/%d" % i, "reply")
        most[0] = max(most[0], relay_memory() - memory)
        c.next(PONG)

    in_threads(send, watch)
    assert most[0] < 48e6, "%d MB of replies" % (most[0] / 1e6)
    c.quiet()


@check
def rate_limit():
    """Started with a limit of 50 messages a second."""
    c, other = Client(features=0xF9), Client()
    c.send(*[set_("/r/%d" % i, i) for i in range(200)])
    acks = 0
    while True:
        m = c.next()
        if m.type == ERROR:
            break
        same(m.address, "/r/%d" % acks, "ACK")
        acks += 1
    same(m.code, 429, "code")
    assert "Rate limit exceeded: 50 messages/second" in m.text, m.text
    assert 40 <= acks < 60 * SLOW, "%d messages taken at once" % acks
    other.write("/others", 1)

    def later():
        c.send(set_("/later", 1))
        while c.next(limit=0.2).type != ACK:
            pass
    retry(later)


# --------------------------------------------------------------- bundles


@check
def bundle_of_sets():
    a, b = Client(), Client()
    b.subscribe(1, "/**")
    for n in (1, 3, 5, 100, 2000):
        a.send(bundle(*[set_("/b/%d" % i, i) for i in range(n)]))
        m = a.next(ACK)
        same((m.address, m.locked), (None, None), "ACK")
        got = b.sync()
        same([(m.type, m.address, m.value) for m in got],
             [(SET, "/b/%d" % i, i) for i in range(n)], "members")
        same(got[-1].revision, m.revision, "revision of the ACK")


@check
def bundle_in_order():
    a, b = Client(), Client()
    for c in (a, b):
        c.subscribe(1, "/**")
    a.send(bundle(publish("/p", 1), set_("/s", 1), publish("/p", 2, STREAM),
                  set_("/s", 2), publish("/p", 3, GESTURE, MOVE, ident=4),
                  set_("/t", 9)))
    same([(m.type, m.address, m.value) for m in b.sync()],
         [(PUBLISH, "/p", 1), (SET, "/s", 1), (PUBLISH, "/p", 2),
          (SET, "/s", 2), (PUBLISH, "/p", 3), (SET, "/t", 9)], "others")
    same([(m.type, m.address) for m in a.sync()],
         [(SET, "/s"), (SET, "/s"), (SET, "/t"), (ACK, None)], "its sender")
    for what in (bundle(), bundle(publish("/p", 1))):
        a.send(what)
        m = a.next(ACK)
        same((m.address, m.revision), (None, None), "ACK")
    a.send(bundle(set_("/s", 3), time_us=int(time.time() * 1e6) - 5000000))
    a.next(SET)
    same(a.next(ACK).revision, 3, "one of the past is done at once")


@check
def bundle_all_or_nothing():
    a, b = Client(), Client()
    b.write("/held", 1, LOCK)
    a.write("/r", 1)
    b.subscribe(1, "/**")
    good = set_("/good", 1)
    for code, bad, address in (
            (101, bytes([PING]), None), (101, get("/r"), None),
            (101, bundle(), None), (101, subscribe(1, "/x"), None),
            (101, publish("/clasp/p2p/signal/x", 1), "/clasp/p2p/signal/x"),
            (200, set_("nope", 1), "nope"), (200, set_("/a/*", 1), "/a/*"),
            (200, publish("/a/", 1), "/a/"),
            (401, set_("/held", 2), "/held"),
            (401, set_("/held", 2, UNLOCK), "/held"),
            (400, set_("/r", 2, revision=7), "/r"),
            (400, set_("/good", 2, revision=0), "/good"),
            (400, set_("/good", 2, revision=2), "/good"),
            (301, set_("/$relay/x", 1), "/$relay/x"),
            (301, publish("/$relay/x", 1), "/$relay/x")):
        a.send(bundle(good, publish("/e", 1), bad, set_("/after", 1)))
        m = a.next(ERROR)
        same((m.code, m.address), (code, address), "ERROR %r" % m.text)
        assert m.text.startswith("Bundle rejected: "), m.text
    a.quiet()
    b.quiet("nothing of them is seen")
    a.absent("/good")
    same(a.read("/r"), 1, "untouched")
    a.send(bundle(set_("/good", 1, revision=0), set_("/good", 2, revision=1),
                  set_("/good", 3, LOCK, revision=2), set_("/good", 4)))
    same(a.next(ACK).revision, 4, "each sees those before it")


@check
def bundles_are_not_torn():
    """Members stay together for each of 500 readers, whatever goes on."""
    readers = [Client(features=0xF9) for _ in range(500)]
    for r in readers:
        r.subscribe(1, "/n/**")
    writers = [Client() for _ in range(3)]

    def noise(k):
        def run():
            for i in range(60):
                writers[k].send(set_("/n/x", -i), publish("/n/y", -i))
                writers[k].next(ACK)
        return run

    def bundles():
        for i in range(40):
            writers[2].send(bundle(
                *[set_("/n/b/%d" % j, [i, j]) if j % 2 else
                  publish("/n/b/%d" % j, [i, j]) for j in range(10)]))
            writers[2].next(ACK)

    in_threads(noise(0), noise(1), bundles)
    for w in writers:
        w.quiet()
    want = [[i, j] for i in range(40) for j in range(10)]
    for r in readers[::10]:
        values = [m.value for m in r.sync()]
        same(len(values), 240 + 400, "messages")
        same([x for x in values if isinstance(x, list)], want, "members")
        at = 0
        while at < len(values):
            if isinstance(values[at], list):
                same([x[1] for x in values[at:at + 10]
                      if isinstance(x, list)], list(range(10)), "together")
                at += 10
            else:
                at += 1


# --------------------------------------- gestures, timelines, signalling


@check
def gestures():
    a, b = Client(), Client()
    b.subscribe(1, "/g", 0x08)
    a.send(publish("/g", 0, GESTURE, START, 7),
           *[publish("/g", i, GESTURE, MOVE, 7) for i in range(1, 6)],
           publish("/g", 6, GESTURE, END, 7))
    a.quiet("nothing for the sender")
    got = b.sync()
    assert len(got) >= 3, got
    same([(m.phase, m.value, m.ident) for m in (got[0], got[-2], got[-1])],
         [(START, 0, 7), (MOVE, 5, 7), (END, 6, 7)], "begin and end")
    values = [m.value for m in got]
    same(values, sorted(values), "order")
    a.send(publish("/g", 0, GESTURE, START, 8),
           publish("/g", 1, GESTURE, MOVE, 8),
           publish("/g", 2, GESTURE, CANCEL, 8))
    a.quiet()
    same([(m.phase, m.value) for m in b.sync()],
         [(START, 0), (MOVE, 1), (CANCEL, 2)], "one that is cancelled")


@check
def timelines():
    a, b = Client(), Client()
    b.subscribe(1, "/t")
    line = {"keyframes": [{"time": 0, "value": 0.0, "easing": "linear"},
                          {"time": 1000000, "value": 1.0,
                           "easing": "linear"}], "loop": False}
    payload = publish("/t", line, TIMELINE, time_us=5)
    a.send(payload)
    a.quiet()
    same(b.next(PUBLISH).payload, payload, "it")
    a.write("/t", 1)
    late = Client()
    same(len(late.state), 1, "no timeline comes by itself")
    late.send(subscribe(1, "/t"))
    same([m.type for m in late.sync()], [SNAPSHOT, PUBLISH],
         "the snapshot, then what is kept")
    late.send(subscribe(2, "/t", 0x02))
    late.quiet("a filter without timelines")
    late.send(subscribe(2, "/**", 0x10))
    same([m.payload for m in late.sync()], [payload], "only timelines")
    line["keyframes"] = []
    a.send(publish("/t", line, TIMELINE))
    a.quiet()
    late.sync()
    late.send(subscribe(2, "/t", 0x10))
    late.quiet("one without keyframes ends it")


@check
def signalling():
    a, b = Client(), Client()
    address = "/clasp/p2p/signal/" + b.id
    b.subscribe(1, address)
    a.send(publish(address, {"type": "offer", "from": a.id, "sdp": "v=0",
                             "correlation_id": "1"}))
    a.quiet()
    m, = b.sync()
    same((m.type, m.address, m.value["sdp"]), (PUBLISH, address, "v=0"),
         "the offer")
    b.subscribe(2, "/clasp/p2p/announce")
    a.send(publish("/clasp/p2p/announce",
                   {"session_id": a.id, "p2p_capable": True,
                    "features": ["webrtc"]}))
    a.quiet()
    same(b.next(PUBLISH).value["session_id"], a.id, "the announcement")


# ------------------------------------------------------------ MessagePack


@check
def legacy_session():
    c = Client(greet=False)
    c.send(pack({"type": "HELLO", "version": 2, "name": "old",
                 "features": ["param", "teleport"],
                 "capabilities": {"x": [1, {"y": None}]}}), flags=0)
    c.next(WELCOME)
    c.next(SNAPSHOT)
    old = Client(c.link, greet=False)
    other = Client()
    other.subscribe(1, "/**")

    def say(**fields):
        old.send(pack(fields), flags=0)

    say(type="SET", address="/o", value={"a": [1, 2.5, None, b"xy", "z"]},
        lock=True, ttl={"Sliding": 60}, extra={"skip": ["me"]})
    m = old.next(ACK)
    same((m.address, m.revision, m.locked), ("/o", 1, True), "ACK")
    m = other.next(SET)
    same((m.value, m.bits & 0xF0, m.ttl),
         ({"a": [1, 2.5, None, b"xy", "z"]}, 0xD0, 60), "as SET")
    say(type="GET", address="/o")
    same(old.next(SNAPSHOT).order, ["/o"], "GET")
    say(type="SUBSCRIBE", id=3, pattern="/p/**", types=["event"])
    say(type="PUBLISH", address="/q", payload=7)
    say(type="PING")
    old.next(PONG)
    m = other.next(PUBLISH)
    same((m.kind, m.value, m.payload), (EVENT, 7, publish("/q", 7)),
         "without a signal it is an event")
    other.send(publish("/p/x", 1), publish("/p/x", 1, STREAM))
    other.quiet()
    same([m.value for m in old.sync()], [1], "filtered")
    say(type="UNSUBSCRIBE", id=3)
    say(type="BUNDLE", messages=[
        {"type": "SET", "address": "/b/1", "value": 1},
        {"type": "PUBLISH", "address": "/b/2", "signal": "stream",
         "value": 2}, {"type": "SET", "address": "/b/3", "value": None}])
    same(old.next(ACK).revision, 1, "ACK of a bundle")
    same([(m.type, m.address, m.value) for m in other.sync()],
         [(SET, "/b/1", 1), (PUBLISH, "/b/2", 2), (SET, "/b/3", None)],
         "its members")
    say(type="ANNOUNCE", namespace="/n",
        signals=[{"address": "/n/x", "type": "param", "datatype": "f32"}])
    same(old.next(ACK).address, "/n", "ACK")
    say(type="QUERY", pattern="/n/*")
    same(old.next(RESULT).signals, [("/n/x", PARAM, "f32", None)], "RESULT")
    say(type="SYNC", t1=1234567)
    same(old.next(SYNC).t1, 1234567, "SYNC")
    say(type="PUBLISH", address="/line", signal="timeline",
        keyframes=[{"time": 5, "value": 1.0}])
    old.quiet()
    m = other.next(PUBLISH)
    same((m.kind, m.value), (TIMELINE, {
        "keyframes": [{"time": 5, "value": 1.0, "easing": "linear"}],
        "loop": False}), "a timeline has its keyframes")


@check
def legacy_malformed():
    for payload in (pack({"type": "SET", "address": "/a"}),
                    pack({"type": "NOSUCH"}), pack({"address": "/a"}),
                    pack({"type": "SET", "address": "/a", "value": 1})[:-1],
                    pack({"type": "GET", "address": 5}),
                    b"\xdf\xff\xff\xff\xff", b"\x81\xc1\x01",
                    b"\x82\xa4type\xa3SET\x01\x02",
                    b"\x81\xa4type" + b"\x91" * 60000,
                    b"\xde\xff\xff" + b"\xa0" * 60000):
        c = Client()
        c.send(payload, flags=0)
        same(c.next(ERROR).code, 101, "code for %r" % payload[:30])
        c.quiet()


# ------------------------------------------------------------ unix: socket


@check
def unix_session():
    a, b = Client(Unix()), Client()
    a.subscribe(1, "/**")
    b.subscribe(1, "/**")
    a.send(set_("/u", 1))
    same([m.type for m in a.sync()], [SET, ACK], "echo and ACK")
    same(seen(b), [("/u", 1)], "over WebSocket")
    b.send(publish("/e", 2))
    b.quiet()
    same(seen(a), [("/e", 2)], "over unix:")
    a.link.unit(frame(bytes([PING])) * 3)
    for _ in range(3):
        a.next(PONG)
    for byte in a.link.wrap(frame(bytes([PING]))):
        a.link.sock.sendall(bytes([byte]))
    a.next(PONG)
    a.link.unit(b"\x53\x01\0\x01\xff")
    same(a.next(ERROR).code, 101, "an undecodable frame")
    a.quiet()


@check
def unix_limits():
    c = Client(Unix())
    x = bytes(PAYLOAD_MAX - 16 - 2 - 2)
    c.send(set_("/a", x, revision=0, ttl=0), time_us=1)
    c.next(ACK)
    for junk in (struct.pack(">I", MESSAGE_MAX + 1), bytes(4),
                 b"\xff\xff\xff\xff"):
        c = Client(Unix())
        c.link.sock.sendall(junk)
        same(c.closed(), [], "answer to %r" % junk)
    for first, code in ((b"\xde\xad\xbe\xef", None),
                        (frame(set_("/b", 1)), 101),
                        (frame(hello(version=0)), 102)):
        c = Client(Unix(), greet=False)
        c.link.unit(first)
        same([m.code for m in c.closed()], [code] if code else [], "answer")
    Client(Unix()).absent("/b")
    # its sending side ends: what it asked for still comes
    c = Client(Unix())
    c.send(*[set_("/c/%d" % i, i) for i in range(50)])
    c.link.sock.shutdown(socket.SHUT_WR)
    same(len(c.closed()), 50, "ACKs")


# --------------------------------------------------------------- process


@check
def told_when_it_stops():
    """The caller ends the relay when it reads "ready"."""
    clients = [Client() for _ in range(5)]
    for c in clients:
        c.subscribe(1, "/**")
    mute = Client(greet=False)
    print("ready", flush=True)
    for c in clients:
        m, = c.closed(1001)
        same((m.type, m.code, m.text), (ERROR, 501, "shutting down"),
             "the last word")
    same(mute.closed(1001), [], "without HELLO")

    def refused():
        try:
            dial().close()
        except ConnectionRefusedError:
            return
        raise AssertionError("it still accepts")
    retry(refused)


@check
def ten_thousand_silent():
    """Peers that never finish asking: others get in at once."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    n = min(10000, limit - 200)
    assert n >= 1500, "%d descriptors are too few for this" % limit
    good = Client()
    memory, open_files = relay_memory(), relay_files()
    peers = []
    for i in range(n):
        s = dial()
        if i % 3 == 1:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: webso")
        elif i % 3 == 2 and i % 30 == 2:
            s = WebSocket(s).sock
        elif i % 3 == 0:
            s.sendall(b"\0")     # as bare frames begin
        peers.append(s)
        if i % 1000 == 0:
            Client().write("/n", i)
            good.write("/good", i)
    # 1,024 ask, 1,024 have not said HELLO, some are told goodbye
    held = relay_files() - open_files
    assert held <= 2 * 1024 + n // 30 + 64, "%d descriptors held" % held
    most = relay_memory() - memory
    assert most < 64e6, "%d MB for silent peers" % (most / 1e6)
    # the oldest went first
    assert until_closed(peers[0]) == b""
    for s in peers:
        s.close()
    retry(lambda: same(relay_files(), open_files, "descriptors"))
    Client().write("/n", n)
    same(good.read("/good"), (n - 1) // 1000 * 1000, "what was there")


@check
def few_descriptors():
    """Started with 64 descriptors: one too many is closed, not left."""
    clients = []
    turned_away = 0
    for i in range(80):
        try:
            clients.append(Client())
        except (Closed, ConnectionResetError):
            turned_away += 1
    assert len(clients) >= 30 and turned_away >= 16, (len(clients),
                                                      turned_away)
    for i, c in enumerate(clients):
        c.write("/c/%d" % i, i)
    # those who say nothing leave before those who are there
    clients.pop().leave()
    silent = []
    for i in range(20):
        silent.append(dial())
    retry(lambda: Client(clients[0].link, greet=False).write("/alive", 1))
    newest = retry(Client)
    newest.write("/newest", 1)
    for i, c in enumerate(clients):
        c.write("/c/%d" % i, -i)


@check
def goodbye_behind_the_queue():
    """The caller ends the relay when it reads "ready".

    A reader who takes two seconds gets all that was queued for it."""
    slow = Client(WebSocket(receive_buffer=4096))
    slow.subscribe(1, "/big/**")
    a = Client()
    n = 300
    for i in range(n):
        a.write("/big/%d" % i, b"%d " % i + b"x" * 30000)
    print("ready", flush=True)
    same([m.code for m in a.closed(1001)], [501], "told at once")
    time.sleep(2)
    got = slow.closed(1001)
    same([int(m.value.split()[0]) for m in got[:-1]], list(range(n)),
         "what was queued")
    same((got[-1].type, got[-1].code), (ERROR, 501), "the last word")


@check
def what_arrived_is_worked_off():
    """The caller stops the relay for a while when it reads "ready"."""
    a = Client()
    print("ready", flush=True)
    sys.stdin.readline()
    n = 20000
    a.send(*[set_("/late/%d" % (i % 100), i) for i in range(n)])
    print("sent", flush=True)
    got = a.closed(1001)
    same([m.type for m in got], [ACK] * n + [ERROR], "replies")


@check
def never_reads():
    """The caller ends the relay when it reads "ready"."""
    stuck = Client(WebSocket(receive_buffer=4096))
    stuck.subscribe(1, "/big/**")
    a = Client()
    for i in range(300):
        a.write("/big/%d" % i, b"x" * 30000)
    print("ready", flush=True)
    sys.stdin.readline()


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CHECKS))
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.stderr.write(__doc__)
        return 2
    try:
        CHECKS[sys.argv[1]]()
    except (AssertionError, Closed, OSError, TimeoutError) as why:
        import traceback
        line = [f.lineno for f in traceback.extract_tb(why.__traceback__)
                if f.filename == __file__]
        sys.stderr.write("%s: lines %s: %s: %s\n" % (
            sys.argv[1], line, type(why).__name__, why))
        return 1
    return 0


if __name__ == "__main__":
    # no wait for threads that a failed check left behind
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
