# examples.py - the worked examples of the bridges through the programs.
#
#	examples.py KIND	KIND as in tests/vectors/bridges.jsonl
#
# The other side is always plain Python: a pipe, a datagram socket, a
# pseudo-terminal; or, for KIND-relay, a relay with clasp-sub or clasp-pub
# behind it.  Nothing is printed when all rows hold; else each that does not,
# and the exit code is 1.

import fcntl
import json
import os
import select
import socket
import subprocess
import struct
import sys
import tempfile
import termios
import time
import tty

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
LIMIT = 10 * int(os.environ.get('SLOW', '1'))
bad = []


def rows(kind):
    with open(os.path.join(TOP, 'tests/vectors/bridges.jsonl')) as f:
        found = [r for r in map(json.loads, f) if r['kind'] == kind]
    if not found:
        sys.exit('no such kind: ' + kind)
    return found


def expect(what, wanted, got):
    if wanted != got:
        bad.append('%s\n  wanted %s\n  got    %s' % (what, wanted, got))


def text(lines):
    return ''.join(line + '\n' for line in lines)


def run(args, data):
    p = subprocess.run(args, input=data, capture_output=True, timeout=LIMIT)
    return p.stdout, p.stderr.decode()


def wait_for(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            sys.exit('waited too long for ' + what)
        time.sleep(0.005)


class Program:
    """A program in the background, waited for until it is ready."""

    def __init__(self, *args, **kw):
        r, w = os.pipe()
        self.p = subprocess.Popen(
            [*args, '--ready-fd', str(w)], pass_fds=[w],
            stdin=kw.get('stdin', subprocess.DEVNULL),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(w)
        if not select.select([r], [], [], LIMIT)[0] or not os.read(r, 1):
            self.p.kill()
            sys.exit('%s: %s' % (args, self.p.communicate()))
        os.close(r)

    def end(self):
        try:
            return self.p.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            return self.stop()

    def stop(self):
        self.p.terminate()
        return self.p.communicate(timeout=LIMIT)[0]


class Relay:
    def __init__(self):
        self.dir = tempfile.TemporaryDirectory()
        port = os.path.join(self.dir.name, 'port')
        self.p = subprocess.Popen(
            ['clasp-relay', '-p', '0', '--port-file', port],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(port), 'the relay')
        self.url = 'ws://127.0.0.1:%s/clasp' % open(port).read().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.terminate()
        self.p.wait(LIMIT)
        self.dir.cleanup()


def members(lines):
    """What a relay hands on: bundles in parts, and params that stay."""
    parts = [m for line in lines for m in line.split(' ; ')]
    return [p if ' event' in p else p.replace(' ', ' ttl=never ', 1)
            for p in parts]


# ------------------------------------------------------------------- rules

def test_map():
    for r in rows('map'):
        out, err = run(['clasp-map', *r['rule'].split(' ')],
                       text(r['in']).encode())
        expect(r['rule'], (text(r['out']), ''), (out.decode(), err))


# --------------------------------------------------------------------- OSC

def osc_listener(*args):
    with tempfile.TemporaryDirectory() as d:
        file = os.path.join(d, 'port')
        p = Program('clasp-osc2clasp', '-p', '127.0.0.1:0', '--port-file',
                    file, *args)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(('127.0.0.1', int(open(file).read())))
    return p, s


def test_osc_in():
    for r in rows('osc-in'):
        # the row, and one message that says it is over
        p, s = osc_listener('-n', str(len(r['out']) + 1))
        s.send(bytes.fromhex(r['in']))
        s.send(b'/end\0\0\0\0,N\0\0')
        expect(r['in'], text(r['out'] + ['/osc/end null']),
               p.end().decode())


def test_osc_in_relay():
    with Relay() as relay:
        for r in rows('osc-in'):
            if ' at=' in ''.join(r['out']):
                continue        # the relay keeps its own time
            wanted = members(r['out'] + ['/osc/end event null'])
            sub = Program('clasp-sub', '-u', relay.url, '--no-snapshot',
                          '-n', str(len(wanted)), '/osc/**')
            p, s = osc_listener('-u', relay.url, '--event', '/osc/end')
            s.send(bytes.fromhex(r['in']))
            s.send(b'/end\0\0\0\0,N\0\0')
            expect(r['in'], text(wanted), sub.end().decode())
            p.stop()


def osc_target():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    s.settimeout(LIMIT)
    return s, '127.0.0.1:%d' % s.getsockname()[1]


def test_osc_out():
    for r in rows('osc-out'):
        s, to = osc_target()
        run(['clasp-clasp2osc', '--to', to], text(r['in']).encode())
        expect(r['in'], r['out'], s.recv(65536).hex())


def test_osc_out_relay():
    with Relay() as relay:
        for r in rows('osc-out'):
            s, to = osc_target()
            p = Program('clasp-clasp2osc', '--no-snapshot', '--to', to,
                        '-u', relay.url)
            run(['clasp-pub', '-u', relay.url], text(r['in']).encode())
            expect(r['in'], r['out'], s.recv(65536).hex())
            p.stop()


# -------------------------------------------------------------- byte streams

def parts(data):
    """Whole, cut in two at every place, byte by byte."""
    yield [data]
    for i in range(1, len(data)):
        yield [data[:i], data[i:]]
    yield [data[i:i + 1] for i in range(len(data))]


def feed(args, pieces):
    """Each piece is read before the next one is written."""
    r, w = os.pipe()
    p = Program(*args, stdin=r)
    os.close(r)
    for piece in pieces:
        os.write(w, piece)
        wait_for(lambda: struct.unpack('i', fcntl.ioctl(
            w, termios.FIONREAD, b'\0\0\0\0'))[0] == 0, 'a read')
    os.close(w)
    out, err = p.p.communicate(timeout=LIMIT)
    return out.decode(), err.decode()


def test_midi_in():
    for r in rows('midi-in'):
        for pieces in parts(bytes.fromhex(r['in'])):
            got = feed(['clasp-midi-in', '-d', '-', *r['args']], pieces)[0]
            expect(pieces, text(r['out']), got)


def test_midi_in_relay():
    with Relay() as relay:
        for r in rows('midi-in'):
            sub = Program('clasp-sub', '-u', relay.url, '--no-snapshot',
                          '-n', str(len(r['out'])), '/midi/**')
            run(['clasp-midi-in', '-d', '-', '-u', relay.url, '--max-rate',
                 '0', *r['args']], bytes.fromhex(r['in']))
            expect(r['in'], text(members(r['out'])), sub.end().decode())


# --------------------------------------------------------------------- DMX

def dmx_in_all():
    found = rows('dmx-in')
    return (found, b''.join(bytes.fromhex(r['in']) for r in found),
            [line for r in found for line in r['out']])


def test_dmx_in():
    found, data, lines = dmx_in_all()
    for pieces in [data], [data[i:i + 1] for i in range(len(data))], \
            [bytes.fromhex(r['in']) for r in found]:
        out, err = feed(['clasp-dmx-in', '-d', '-', '-v',
                         *found[0]['args']], pieces)
        expect(pieces, text(lines), out)
        for r in found:
            if 'told' in r and r['told'] not in err:
                expect(r['in'], r['told'], err)


def test_dmx_in_relay():
    found, data, lines = dmx_in_all()
    wanted = members(lines)
    with Relay() as relay:
        sub = Program('clasp-sub', '-u', relay.url, '--no-snapshot',
                      '-n', str(len(wanted)), '/dmx/**')
        run(['clasp-dmx-in', '-d', '-', '--max-rate', '0', '-u', relay.url,
             *found[0]['args']], data)
        expect(data, text(wanted), sub.end().decode())


def test_dmx_out():
    for r in rows('dmx-out'):
        out, err = run(['clasp-dmx-out', '-d', '-', '--once', *r['args']],
                       text(r['in']).encode())
        expect(r['in'], (r['out'], ''), (out.hex(), err))


def test_dmx_out_relay():
    for r in rows('dmx-out'):
        with Relay() as relay:
            run(['clasp-pub', '-u', relay.url],
                (text(r['in'])).encode())
            out, err = run(['clasp-dmx-out', '-d', '-', '--once', '-u',
                            relay.url, *r['args']], b'')
            expect(r['in'], (r['out'], ''), (out.hex(), err))


def test_dmx_asks():
    for r in rows('dmx-asks'):
        master, slave = os.openpty()
        tty.setraw(slave)
        p = subprocess.Popen([r['program'], '-d', os.ttyname(slave),
                              *r['args']], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        got, wanted = b'', bytes.fromhex(r['bytes'])
        framed = not r['after_frame']
        end = time.monotonic() + LIMIT
        while wanted not in got and time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                got += os.read(master, 4096)
            if not framed and bytes.fromhex('7e08010000e7') in got:
                os.write(master, bytes.fromhex('7e0505000000010203e7'))
                framed = True
        if wanted not in got:
            expect(r, r['bytes'], got.hex())
        if r['after_frame'] and got.index(wanted) < got.index(
                bytes.fromhex('7e08010000e7')):
            expect(r, 'every frame first', got.hex())
        p.terminate()
        p.wait(LIMIT)
        os.close(master)
        os.close(slave)


# -------------------------------------------------------------------- sACN

CID = '00112233-4455-6677-8899-aabbccddeeff'


def udp_listener():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    s.settimeout(LIMIT)
    return s, '127.0.0.1:%d' % s.getsockname()[1]


def sacn_receiver(*args):
    with tempfile.TemporaryDirectory() as d:
        file = os.path.join(d, 'port')
        p = Program('clasp-sacn-in', '-U', '1-2', '--interface', 'lo', '-p',
                    '0', '--port-file', file, *args)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(('127.0.0.1', int(open(file).read())))
    return p, s


def test_sacn_in():
    found = rows('sacn-in')
    wanted = [line for r in found for line in r['out']]
    p, s = sacn_receiver('-n', str(len(wanted)))
    for r in found:
        s.send(bytes.fromhex(r['in']))
    expect('sacn-in', text(wanted), p.end().decode())


def test_sacn_in_relay():
    found = rows('sacn-in')
    wanted = [line for r in found for line in r['out']]
    parts = members(wanted)
    with Relay() as relay:
        sub = Program('clasp-sub', '-u', relay.url, '--no-snapshot',
                      '-n', str(len(parts)), '/sacn/**')
        p, s = sacn_receiver('-n', str(len(wanted)), '--max-rate', '0',
                             '-u', relay.url)
        for r in found:
            s.send(bytes.fromhex(r['in']))
        p.end()
        expect('sacn-in', text(parts), sub.end().decode())


def sacn_kind(packet):
    """Data, goodbye, sync or list."""
    if packet[21] == 4:
        return 'bye' if packet[112] & 0x40 else 'data'
    return 'sync' if packet[43] == 1 else 'list'


def sacn_out(r, args, lines):
    """The first packet of the row's kind that a program sends."""
    s, to = udp_listener()
    wanted = bytes.fromhex(r['out'])
    p = subprocess.Popen(['clasp-sacn-out', '--to', to, '--cid', CID,
                          '--once', *r['args'], *args],
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(text(lines).encode())
    p.stdin.close()
    while True:
        packet = s.recv(2048)
        if sacn_kind(packet) == sacn_kind(wanted):
            break
    expect(r['in'], (r['out'], b''), (packet.hex(), p.stderr.read()))
    p.wait(LIMIT)
    s.close()


def test_sacn_out():
    for r in rows('sacn-out'):
        # the list of universes goes to its group only: sacn_multicast.bats
        if sacn_kind(bytes.fromhex(r['out'])) != 'list':
            sacn_out(r, [], r['in'])


def test_sacn_out_relay():
    for r in rows('sacn-out'):
        if sacn_kind(bytes.fromhex(r['out'])) == 'list':
            continue
        with Relay() as relay:
            run(['clasp-pub', '-u', relay.url], text(r['in']).encode())
            sacn_out(r, ['-u', relay.url], [])


# ---------------------------------------------------------------- ANNOUNCE

class Wire:
    """Stands before a relay for one connection; keeps what a client sent."""

    def __init__(self, url):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.up = int(url.split(':')[2].split('/')[0])
        self.url = 'ws://127.0.0.1:%d/clasp' % self.listener.getsockname()[1]

    def run(self):
        """Until the client leaves: the payloads of its messages."""
        c = self.listener.accept()[0]
        relay = socket.create_connection(('127.0.0.1', self.up))
        sent, ends = b'', {c: relay, relay: c}
        while True:
            for end in select.select([c, relay], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return self.messages(sent)
                ends[end].sendall(data)
                sent += data if end is c else b''

    def messages(self, sent):
        b, found = sent.split(b'\r\n\r\n', 1)[1], []
        while len(b) > 6:
            n, at = b[1] & 127, 2
            if n == 126:
                n, at = int.from_bytes(b[2:4], 'big'), 4
            mask, b = b[at:at + 4], b[at + 4:]
            found.append(bytes(x ^ mask[i % 4] for i, x in enumerate(b[:n])))
            b = b[n:]
        return found


def test_announce():
    for protocol, program in [
            ('midi', ['clasp-midi-in', '-d', '-']),
            ('dmx', ['clasp-dmx-in', '-d', '-']),
            ('dmx', ['clasp-dmx-out', '-d', '-']),
            ('osc', ['clasp-osc2clasp', '-p', '0']),
            ('osc', ['clasp-clasp2osc', '--to', '127.0.0.1:9']),
            ('sacn', ['clasp-sacn-in', '-U', '1', '--interface', 'lo', '-p',
                      '0']),
            ('sacn', ['clasp-sacn-out', '--to', '127.0.0.1:9']),
            ('artnet', ['clasp-artnet-in', '-p', '16454']),
            ('artnet', ['clasp-artnet-out', '--to', '127.0.0.1:9']),
            ('midi', ['clasp-midi-out', '-d', '-']),
            ('osc', ['clasp-osc2clasp', '-p', '0', '--both'])]:
        with Relay() as relay:
            wire = Wire(relay.url)
            p = subprocess.Popen([*program, '-u', wire.url, '-T', '0.5'],
                                 stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            told = [m for m in wire.run() if b'bridge' in m]
            p.stdin.close()
            p.wait(LIMIT)
            expect(program, 1, len(told))
            for word in (b'bidirectional', b'device', protocol.encode()):
                expect(program, True, word in b''.join(told))


globals()['test_' + sys.argv[1].replace('-', '_')]()
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(bool(bad))
