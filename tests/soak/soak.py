#!/usr/bin/env python3
"""An evening in a minute, or in an hour: a relay under a steady load.

usage: soak.py [--seconds N] [--rate R] [--clients N] [--seed N] RELAY

Starts RELAY (the program), lets N clients (50) come and go and send R
messages a second (1,000) between them: params, params that expire, locks,
bundles, bundles for later, events, gestures.  They leave politely, or by
closing, or by a reset; some stop reading for a while, some never say HELLO.

Every client checks what it sees: revisions of an address only rise, a
revision has one value for everybody, each request is answered in its order.
Every few seconds all pause, and each must then have the last value of each
address it subscribes to.  Each second the relay's memory and descriptors are
read from /proc.

The verdict: nobody saw anything wrong; after a quarter of the time the median of
memory in the last third is not above that of the first third by more than
1 MiB, and thousands of short visits cost nothing; and when all have left, as
many descriptors are open as before.
Prints figures, exits 0 or 1.
"""

import argparse
import collections
import os
import random
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "interop"))
from relay_checks import (ACK, BUNDLE, END, ERROR, EVENT, GESTURE, LOCK, MOVE,
                          PING, PONG, PUBLISH, SET, SNAPSHOT, START, UNLOCK,
                          WELCOME, Message, WebSocket, bundle, frame, get,
                          hello, publish, set_, subscribe)

SLOW = float(os.environ.get("SLOW", "1"))
LIMIT = 15 * SLOW		# for an answer
ALLOWANCE = 1 << 20		# bytes of growth that are no growth
VISITORS = 8000			# short visits, after all
EACH = 150			# bytes that one of them may leave behind
GROUPS, PER_GROUP = 10, 20
EXPIRING = 400			# addresses that come and go
TICK = 0.02
REMEMBERED = 10000		# who left, that a relay keeps the names of
CALM_EVERY = 10			# seconds between two pauses

REQUEST = (b"GET /clasp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
           b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           b"Sec-WebSocket-Protocol: clasp\r\n\r\n")


class Wrong(Exception):
    pass


class World:
    """What is known of the state, and the figures."""

    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.counter = 0
        self.values = {}	# address -> {revision: value}, the latest
        self.figures = collections.Counter()

    def number(self):
        self.counter += 1
        return self.counter

    def saw(self, address, revision, value):
        """Everybody must see the same value under a revision."""
        known = self.values.setdefault(address, {})
        if known.setdefault(revision, value) != value:
            raise Wrong("%s revision %d is %r for one and %r for another" %
                        (address, revision, known[revision], value))
        if len(known) > 300:
            for old in sorted(known)[:100]:
                del known[old]


def covers(pattern, address):
    """Does the pattern, of the few kinds used here, match?"""
    if pattern.endswith("/**"):
        return address.startswith(pattern[:-2])
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == address
    middle = address[len(head):len(address) - len(tail)]
    return (address.startswith(head) and address.endswith(tail) and
            len(address) > len(head) + len(tail) and "/" not in middle)


class Client:
    """One connection; never waits."""

    def __init__(self, world, port, selector, mute):
        self.world = world
        self.selector = selector
        self.sock = socket.socket()
        # one that wants everything and has room for little
        self.glutton = not mute and world.chance.random() < 0.08
        if self.glutton:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            # on loopback the kernel would take megabytes for it else
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.have = bytearray()
        self.out = bytearray(REQUEST)
        self.upgraded = self.welcome = self.closed = self.leaving = False
        self.mute = mute	# never says HELLO
        self.reading = True
        self.asked = collections.deque()	# what is not answered yet
        self.asked_at = 0
        self.seen = {}		# address -> (revision, value)
        self.patterns = []
        self.locks = set()
        self.calm = True	# its barrier has come back
        now = time.monotonic()
        self.until = now + world.chance.expovariate(1 / 8.0) + 0.2
        self.stuck_until = 0
        self.was_stuck = 0
        selector.register(self.sock, selectors.EVENT_READ, self)
        if not mute:
            self.out += WebSocket.wrap(frame(hello(
                name="soak %d" % world.number())))
            self.choose_patterns()
        self.flush()

    def choose_patterns(self):
        chance = self.world.chance
        kind = chance.random()
        g = chance.randrange(GROUPS)
        if self.glutton:
            self.patterns = ["/soak/**"]
        elif kind < 0.5:
            self.patterns = ["/soak/g%d/**" % g]
        elif kind < 0.7:
            self.patterns = ["/soak/*/p%d" % chance.randrange(PER_GROUP)]
        elif kind < 0.9:
            self.patterns = ["/soak/g%d/p%d" % (g, i) for i in
                             chance.sample(range(PER_GROUP), 3)]
        for i, pattern in enumerate(self.patterns):
            self.send(subscribe(i + 1, pattern))
        self.barrier()

    # ---------------------------------------------------------- sending

    def send(self, payload):
        self.out += WebSocket.wrap(frame(payload))

    def ask(self, payload, kind, address=None):
        if not self.asked:
            self.asked_at = time.monotonic()
        self.asked.append((kind, address))
        self.send(payload)

    def barrier(self):
        self.calm = False
        self.ask(bytes([PING]), PONG)

    def flush(self):
        if self.closed or not self.out:
            return
        try:
            n = self.sock.send(self.out)
            del self.out[:n]
        except BlockingIOError:
            pass
        except OSError as error:
            self.gone("write: %s" % error)
            return
        self.watch()

    def watch(self):
        events = selectors.EVENT_READ if self.reading else 0
        if self.out:
            events |= selectors.EVENT_WRITE
        try:
            if events:
                self.selector.modify(self.sock, events, self)
        except KeyError:
            if events:
                self.selector.register(self.sock, events, self)
            return
        if not events:
            self.selector.unregister(self.sock)

    def write(self):
        """One message more for the relay."""
        world, chance = self.world, self.world.chance
        address = "/soak/g%d/p%d" % (chance.randrange(GROUPS),
                                     chance.randrange(PER_GROUP))
        kind = chance.random()
        value = world.number()
        if kind < 0.60:
            self.ask(set_(address, value), SET, address)
        elif kind < 0.70:
            self.send(publish("/soak/g%d/cue" % chance.randrange(GROUPS),
                              {"id": value}))
        elif kind < 0.75:
            address = "/soak/brief/%d" % chance.randrange(EXPIRING)
            self.ask(set_(address, value, ttl=chance.choice((1, 2, 5))), SET,
                     address)
        elif kind < 0.80:
            members = [set_("/soak/g%d/p%d" % (g, chance.randrange(20)),
                            world.number()) for g in
                       chance.sample(range(GROUPS), 3)]
            self.ask(bundle(*members), BUNDLE)
        elif kind < 0.83:
            # never locked: a refusal then would answer nothing of ours
            address = "/soak/g%d/later" % chance.randrange(GROUPS)
            at = int((time.time() + chance.random()) * 1e6)
            self.ask(bundle(set_(address, value), time_us=at), BUNDLE)
        elif kind < 0.87:
            self.touch(value)
        elif kind < 0.90:
            self.lock(address, value)
        elif kind < 0.94:
            address = "/soak/g%d/long" % chance.randrange(GROUPS)
            self.ask(set_(address, "%d" % value * chance.randrange(200)),
                     SET, address)
        else:
            self.ask(get(address), SNAPSHOT, address)
        world.figures["sent"] += 1

    def touch(self, value):
        pad = "/soak/g%d/pad" % (value % GROUPS)
        self.send(publish(pad, value, kind=GESTURE, phase=START, ident=value))
        for _ in range(3):
            self.send(publish(pad, value, kind=GESTURE, phase=MOVE,
                              ident=value))
        self.send(publish(pad, value, kind=GESTURE, phase=END, ident=value))

    def lock(self, address, value):
        if self.locks:
            address = self.locks.pop()
            self.ask(set_(address, value, UNLOCK), SET, address)
        else:
            self.locks.add(address)
            self.ask(set_(address, value, LOCK), SET, address)

    # -------------------------------------------------------- receiving

    def ready(self, events):
        if events & selectors.EVENT_WRITE:
            self.flush()
        if self.closed or not events & selectors.EVENT_READ:
            return
        try:
            piece = self.sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            self.gone("read: %s" % error)
            return
        if not piece:
            self.gone("closed")
            return
        self.have += piece
        self.digest()

    def digest(self):
        if not self.upgraded:
            end = self.have.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.have.startswith(b"HTTP/1.1 101"):
                raise Wrong("upgrade: %r" % bytes(self.have[:60]))
            del self.have[:end + 4]
            self.upgraded = True
        at, have = 0, self.have
        while len(have) - at >= 2:
            n, head = have[at + 1], 2
            if n == 126:
                if len(have) - at < 4:
                    break
                n, head = struct.unpack_from(">H", have, at + 2)[0], 4
            elif n == 127:
                if len(have) - at < 10:
                    break
                n, head = struct.unpack_from(">Q", have, at + 2)[0], 10
            if len(have) - at < head + n:
                break
            op = have[at] & 15
            body = bytes(have[at + head:at + head + n])
            at += head + n
            if op == 8:
                self.leaving = self.leaving or body[:2] == b"\x03\xe9"
                continue
            if op == 2:
                self.message(Message(body[1], body[4:]))
        del have[:at]

    def message(self, m):
        self.world.figures["received"] += 1
        if m.type == SET:
            self.saw(m.address, m.revision, m.value, True)
        elif m.type == WELCOME:
            self.welcome = True
        elif m.type == SNAPSHOT:
            self.snapshot(m)
        elif m.type == ACK:
            kind, address = self.answered(m, (SET, BUNDLE))
            if m.address != address:
                raise Wrong("ACK of %s, not %s" % (m.address, address))
        elif m.type == ERROR:
            self.error(m)
        elif m.type == PONG:
            self.answered(m, (PONG,))
            self.calm = not any(kind == PONG for kind, _ in self.asked)
        elif m.type != PUBLISH:
            raise Wrong("message of type %#x" % m.type)

    def answered(self, m, kinds):
        if not self.asked:
            raise Wrong("an answer to nothing: %r" % m)
        first = self.asked.popleft()
        self.asked_at = time.monotonic()
        if first[0] not in kinds:
            raise Wrong("this answers %r: %r" % (first, m))
        return first

    def snapshot(self, m):
        for address, (value, revision, _, _) in m.params.items():
            self.saw(address, revision, value, False)
        if self.asked and self.asked[0][0] == SNAPSHOT and \
                m.order == [self.asked[0][1]]:
            self.answered(m, (SNAPSHOT,))

    def error(self, m):
        self.world.figures["error %d" % m.code] += 1
        if m.code == 503:
            return
        kind, address = self.answered(m, (SET, BUNDLE, SNAPSHOT))
        if kind == SNAPSHOT and m.code == 201:
            return
        if m.code not in (401, 403) or kind == SNAPSHOT:
            raise Wrong("ERROR %d %s" % (m.code, m.text))
        self.locks.discard(address)

    def saw(self, address, revision, value, live):
        world = self.world
        if address.startswith("/soak/brief/"):
            return		# counts from 1 again and again
        world.saw(address, revision, value)
        last = self.seen.get(address, (0, None))[0]
        if revision < last or (live and revision == last):
            raise Wrong("%s: revision %d after %d" % (address, revision,
                                                      last))
        self.seen[address] = revision, value

    # -------------------------------------------------------------- ends

    def gone(self, why):
        self.close()
        if not (self.leaving or self.mute):
            raise Wrong("connection lost: %s" % why)

    def close(self):
        if self.closed:
            return
        self.closed = True
        try:
            self.selector.unregister(self.sock)
        except KeyError:
            pass
        self.sock.close()

    def leave(self):
        how = self.world.chance.random()
        self.leaving = True
        if how < 0.4:
            self.send_goodbye()
        elif how < 0.6:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.close()
        self.world.figures["came and went"] += 1

    def send_goodbye(self):
        try:
            self.sock.send(WebSocket.wrap(struct.pack(">H", 1000), 8))
        except OSError:
            pass

    def busy(self):
        return self.closed or not self.welcome or self.stuck_until or \
            len(self.asked) > 200

    def turn(self, now):
        """Whatever time brings; true when it is to be replaced."""
        if self.closed:
            return True
        if self.stuck_until and now > self.stuck_until:
            self.stuck_until = 0
            self.reading = True
            self.asked_at = now
            # it stays to see what it missed
            self.until = max(self.until, now + 3)
            self.watch()
        if now > self.until and not self.stuck_until:
            self.leave()
            return True
        if self.asked and not self.stuck_until and \
                now - self.asked_at > LIMIT:
            raise Wrong("no answer to %r for %g s" % (self.asked[0], LIMIT))
        if self.welcome and not self.stuck_until and \
                self.world.chance.random() < (0.02 if self.glutton else
                                              0.0004):
            self.stuck_until = now + self.world.chance.random() * 3 + (
                2 if self.glutton else 0)
            self.reading = False
            self.was_stuck += 1
            self.watch()
            self.world.figures["stopped reading"] += 1
        return False


class Relay:
    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "port")
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        self.process = subprocess.Popen(
            [program, "--host", "127.0.0.1", "-p", "0", "--port-file", path],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + LIMIT
        while not (os.path.exists(path) and os.path.getsize(path)):
            if time.monotonic() > end or self.process.poll() is not None:
                raise Wrong("the relay does not start")
            time.sleep(0.02)
        with open(path) as f:
            self.port = int(f.read())

    def memory(self):
        with open("/proc/%d/statm" % self.process.pid) as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def processor(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tell(self):
        """What became of it, and what it said last."""
        code = self.process.poll()
        print("the relay %s; its log ends with:" % (
            "runs" if code is None else "has ended with %d" % code))
        with open(os.path.join(self.folder.name, "log"),
                  errors="replace") as f:
            print("".join(f.readlines()[-10:]), end="", flush=True)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Soak:
    def __init__(self, options):
        self.options = options
        self.world = World(options)
        self.selector = selectors.DefaultSelector()
        self.relay = Relay(options.relay)
        self.clients = []
        self.memory = []	# (seconds, bytes)
        self.most_descriptors = 0

    def poll(self, timeout):
        for key, events in self.selector.select(timeout):
            if not key.data.closed:
                key.data.ready(events)

    def settle(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                raise Wrong("in vain waited for %s" % what)
            self.poll(0.02)

    def replace(self, now):
        kept = [c for c in self.clients if not c.turn(now)]
        while len(kept) < self.options.clients:
            mute = self.world.chance.random() < 0.03
            kept.append(Client(self.world, self.relay.port, self.selector,
                               mute))
        self.clients = kept

    def load(self, n):
        able = [c for c in self.clients if not c.mute and not c.busy()]
        for _ in range(n):
            if able:
                self.world.chance.choice(able).write()
        for c in able:
            c.flush()

    def calm(self):
        """All pause: what each has must be what there is."""
        readers = [c for c in self.clients if not c.mute and not c.closed and
                   not c.stuck_until]
        # what is scheduled is due within a second
        end = time.monotonic() + 1.1
        while time.monotonic() < end:
            self.poll(end - time.monotonic())
        for c in readers:
            c.barrier()
            c.flush()
        self.settle(lambda: all(c.calm or c.closed for c in readers),
                    "everybody's PONG")
        watcher = Client(self.world, self.relay.port, self.selector, True)
        watcher.out += WebSocket.wrap(frame(hello(name="watcher")))
        watcher.patterns = ["/soak/**"]
        watcher.send(subscribe(1, "/soak/**"))
        watcher.barrier()
        watcher.flush()
        self.settle(lambda: watcher.calm, "the whole state")
        # a slow one may get its PONG before what it missed
        try:
            self.settle(lambda: all(not self.behind(c, watcher)
                                    for c in readers), "the last values")
        except Wrong:
            raise Wrong("last values, seen and true: %r" % [
                (c.patterns, c.glutton, c.was_stuck,
                 self.behind(c, watcher)[:3]) for c in readers
                if self.behind(c, watcher)]) from None
        watcher.leave()

    def behind(self, c, watcher):
        """Where this client has not the last value."""
        wrong = []
        for address, last in watcher.seen.items():
            if not c.closed and any(covers(p, address) for p in c.patterns):
                self.world.figures["last values compared"] += 1
                if c.seen.get(address) != last:
                    wrong.append((address, c.seen.get(address), last))
        return wrong

    def sample(self, elapsed):
        self.memory.append((elapsed, self.relay.memory()))
        self.most_descriptors = max(self.most_descriptors,
                                    self.relay.descriptors())

    def run(self):
        before = self.relay.descriptors()
        # what a relay keeps of those who left grows until it is full,
        # and the allocator takes its time to settle
        self.visit(2 * REMEMBERED)
        began = last = time.monotonic()
        sampled = -1
        calm_at = began + CALM_EVERY
        said = began
        while True:
            now = time.monotonic()
            if now - began >= self.options.seconds:
                break
            self.replace(now)
            if now >= calm_at:
                self.calm()
                last = time.monotonic()
                calm_at = last + CALM_EVERY
                continue
            # a little faster than asked for, to make up for the pauses
            owed = int((now - began) * self.options.rate -
                       self.world.figures["sent"])
            self.load(max(0, min(owed, int((now - last) * 1.5 *
                                           self.options.rate) + 1)))
            last = now
            if int(now - began) != sampled:
                sampled = int(now - began)
                self.sample(now - began)
            if now - said >= 60:
                said = now
                self.progress(now - began)
            self.poll(TICK)
        self.calm()
        self.seconds = time.monotonic() - began
        self.processor = self.relay.processor()
        for c in self.clients:
            c.leave()
        full = self.relay.memory()
        self.visit(VISITORS)
        self.each = (self.relay.memory() - full) / VISITORS
        self.settle(lambda: self.relay.descriptors() <= before,
                    "%d open descriptors, %d are" % (
                        before, self.relay.descriptors()))
        self.descriptors = before, self.relay.descriptors()

    def visit(self, visitors):
        """So many come, say HELLO, and leave."""
        greeting = REQUEST + WebSocket.wrap(frame(hello(
            features=0xF9, name="one who came before the others")))
        for _ in range(0, visitors, 100):
            batch = []
            for _ in range(100):
                s = socket.create_connection(("127.0.0.1", self.relay.port),
                                             LIMIT)
                s.sendall(greeting)
                batch.append(s)
            for s in batch:
                have = b""
                while b"\x53\x01" not in have:	# WELCOME's frame
                    piece = s.recv(4096)
                    if not piece:
                        raise Wrong("no WELCOME")
                    have += piece
                s.close()

    def progress(self, elapsed):
        print("%5d s  %7.2f MiB  %3d descriptors  %d sent" % (
            elapsed, self.memory[-1][1] / 1048576,
            self.relay.descriptors(), self.world.figures["sent"]),
            flush=True)

    def flat(self):
        """Medians of memory in the first and last third, after warm-up."""
        warm = self.options.seconds / 4
        rest = [m for t, m in self.memory if t >= warm]
        third = max(1, len(rest) // 3)
        return (statistics.median(rest[:third]),
                statistics.median(rest[-third:]))

    def report(self):
        f = self.world.figures
        print("%.0f s, seed %d: %d messages sent (%.0f/s), %d received" % (
            self.seconds, self.options.seed, f["sent"],
            f["sent"] / self.seconds, f["received"]))
        for name in sorted(f):
            if name not in ("sent", "received"):
                print("%s: %d" % (name, f[name]))
        print("descriptors: %d before, at most %d, %d after" % (
            self.descriptors[0], self.most_descriptors, self.descriptors[1]))
        print("processor: %.1f s" % self.processor)
        first, last = self.flat()
        print("memory: %.2f MiB in the first third, %.2f in the last, "
              "at most %.2f" % (first / 1048576, last / 1048576,
                                max(m for _, m in self.memory) / 1048576))
        print("memory for each of %d visitors more: %.0f bytes" % (
            VISITORS, self.each))
        if last > first + ALLOWANCE:
            raise Wrong("memory grows")
        if self.each > EACH:
            raise Wrong("visitors leave memory behind")
        for what in ("last values compared", "came and went",
                     "stopped reading", "error 503"):
            # the last needs a reader who stands still for some seconds
            if what == "error 503" and self.options.seconds < 60:
                continue
            if not f[what]:
                raise Wrong("%s: none, so nothing was shown" % what)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("relay")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args()
    soak = Soak(options)
    try:
        soak.run()
        soak.report()
    except Wrong as error:
        print("soak: seed %d: %s" % (options.seed, error))
        soak.relay.tell()
        soak.relay.stop()
        return 1
    code = soak.relay.stop()
    if code != 0:
        print("soak: the relay exits %d" % code)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
