#!/usr/bin/env python3
"""An independent reading of MIDI 1.0, for the tests of both programs.

midi_oracle.py in SEED COUNT [OPTION ...]
    makes random bytes, gives them to clasp-midi-in with these options and
    compares its lines with those made here.
midi_oracle.py out SEED COUNT [OPTION ...]
    makes random lines, gives them to clasp-midi-out --on-exit hold and
    compares its bytes.

Written from the rules, not from the programs: messages are found by state,
lines are made with Python's own numbers.
"""
import json
import math
import random
import subprocess
import sys
import tempfile

LENGTH = {0x8: 2, 0x9: 2, 0xa: 2, 0xb: 2, 0xc: 1, 0xd: 1, 0xe: 2}
SYSTEM = {0xf1: 1, 0xf2: 2, 0xf3: 1, 0xf6: 0}
LIMIT = 65000


def messages(stream):
    """(status, data) of each message; a SysEx is (0xf0, all its bytes)."""
    kept = None                 # running status
    status, data = None, []
    sysex = None
    for byte in stream:
        if byte >= 0xf8:
            if byte not in (0xf9, 0xfd):
                yield byte, []
            continue
        if byte >= 0x80:
            if sysex is not None and byte == 0xf7:
                sysex.append(byte)
                if len(sysex) <= LIMIT:
                    yield 0xf0, sysex
                sysex = None
                continue
            sysex, status, data, kept = None, None, [], None
            if byte < 0xf0:
                status = kept = byte
            elif byte == 0xf0:
                sysex = [byte]
            elif byte == 0xf6:
                yield byte, []
            elif byte in SYSTEM:
                status = byte
            continue
        if sysex is not None:
            sysex.append(byte)
        elif status is not None:
            data.append(byte)
            want = SYSTEM.get(status, LENGTH.get(status >> 4))
            if len(data) == want:
                yield status, data
                data, status = [], kept


def text(value):
    if value is None:
        return ''
    if isinstance(value, bytes):
        return ' x"%s"' % value.hex()
    return ' ' + json.dumps(value, separators=(',', ':'), sort_keys=True)


class Reader:
    """Messages as lines."""

    def __init__(self, options):
        self.doc = '--profile=doc' in options
        self.base = '/midi' if self.doc else '/midi/default'
        self.clock = '--clock' in options
        self.sysex = '--sysex' in options
        self.mtc = '--mtc' in options
        self.wide = {}
        if '--nrpn' in options or '--nrpn=7' in options:
            self.wide['nrpn'] = '--nrpn=7' not in options
        if '--rpn' in options or '--rpn=7' in options:
            self.wide['rpn'] = '--rpn=7' not in options
        self.cc14 = range(32) if '--cc14=0-31' in options else ()
        self.high = {}                  # (channel, cc): MSB
        self.number = {}                # (channel, kind): [msb, lsb]
        self.chosen = {}                # channel: kind
        self.value = {}                 # (channel, kind, number)
        self.pieces = []

    def set(self, leaf, value):
        return self.base + '/' + leaf + text(value)

    def event(self, leaf, value=None):
        return self.base + '/' + leaf + ' event' + text(value)

    def unit(self, v):
        return v / 127 if self.doc else v

    def lines(self, status, data):
        if status >= 0xf0:
            yield from self.system(status, data)
            return
        ch = 'ch/%d/' % ((status & 15) + self.doc)
        kind = status >> 4
        if kind in (8, 9):
            on = kind == 9 and data[1] > 0
            if self.doc:
                yield self.event(ch + 'note/%d' % data[0],
                                 data[1] / 127 if on else 0.0)
            else:
                yield self.event(ch + 'note', {'note': data[0], 'on': on,
                                               'velocity': data[1]})
        elif kind == 0xa:
            yield self.set(ch + 'poly/%d' % data[0], self.unit(data[1]))
        elif kind == 0xb:
            yield from self.controller(status & 15, ch, *data)
        elif kind == 0xc:
            yield (self.set if self.doc else self.event)(ch + 'program',
                                                         data[0])
        elif kind == 0xd:
            yield self.set(ch + 'pressure', self.unit(data[0]))
        elif self.doc:
            yield self.set(ch + 'pitch', (data[1] * 128 + data[0]) / 16383)
        else:
            yield self.set(ch + 'bend', data[1] * 128 + data[0] - 8192)

    def controller(self, channel, ch, cc, v):
        if self.wide and cc in (98, 99, 100, 101):
            kind = 'nrpn' if cc < 100 else 'rpn'
            number = self.number.setdefault((channel, kind), [None, None])
            number[cc in (98, 100)] = v
            whole = None not in number and number != [127, 127]
            self.chosen[channel] = kind if whole else None
            if kind in self.wide:
                return
        elif self.wide and cc in (6, 38, 96, 97):
            kind = self.chosen.get(channel)
            if kind is None:
                return
            if kind in self.wide:
                yield from self.entry(channel, kind, ch, cc, v)
                return
        if cc < 64 and cc % 32 in self.cc14:
            if cc < 32:
                self.high[channel, cc] = v
                low = 0
            else:
                cc, low = cc - 32, v
            yield self.set(ch + 'cc14/%d' % cc,
                           self.high.get((channel, cc), 0) * 128 + low)
            return
        yield self.set(ch + 'cc/%d' % cc, self.unit(v))

    def entry(self, channel, kind, ch, cc, v):
        msb, lsb = self.number[channel, kind]
        number = msb * 128 + lsb
        key = channel, kind, number
        old = self.value.get(key, 0)
        most = 16383 if self.wide[kind] else 127
        if cc == 38 and not self.wide[kind]:
            return
        self.value[key] = (
            (v * 128 if self.wide[kind] else v) if cc == 6 else
            old // 128 * 128 + v if cc == 38 else
            min(old + 1, most) if cc == 96 else max(old - 1, 0))
        yield self.set(ch + '%s/%d' % (kind, number), self.value[key])

    def time(self, rate, hour, minute, second, frame):
        return self.event('mtc', {
            'frame': frame, 'hour': hour, 'minute': minute,
            'rate': (24, 25, 29.97, 30)[rate], 'second': second})

    def system(self, status, data):
        if status == 0xf0:
            if self.mtc and len(data) == 10 and data[1] == 0x7f and \
                    data[3:5] == [1, 1]:
                yield self.time(data[5] >> 5 & 3, data[5] & 31, *data[6:9])
            if self.sysex:
                yield self.event('sysex', bytes(data))
        elif status == 0xf1 and self.mtc:
            piece = data[0] >> 4
            if piece == 0:
                self.pieces = []
            if piece != len(self.pieces):
                self.pieces = []
                return
            self.pieces.append(data[0] & 15)
            if piece == 7:
                p, self.pieces = self.pieces, []
                yield self.time(p[7] >> 1 & 3, (p[7] & 1) * 16 + p[6],
                                (p[5] & 3) * 16 + p[4],
                                (p[3] & 3) * 16 + p[2],
                                (p[1] & 1) * 16 + p[0])
        elif status == 0xf2:
            yield self.event('songpos', data[1] * 128 + data[0])
        elif status == 0xf3:
            yield self.event('songselect', data[0])
        elif status == 0xf6:
            yield self.event('tune')
        elif status == 0xf8 and self.clock:
            yield self.event('clock')
        elif status in (0xfa, 0xfb, 0xfc):
            yield self.event('transport', {0xfa: 'start', 0xfb: 'continue',
                                           0xfc: 'stop'}[status])
        elif status == 0xff:
            yield self.event('reset')


def stream(r, count):
    """Bytes that are often, not always, good MIDI."""
    out = bytearray()

    def seven(n):
        return [r.choice((0, 1, 63, 64, 127, r.randrange(128)))
                for _ in range(n)]

    for _ in range(count):
        kind = r.randrange(20)
        if kind < 5:
            out += bytes([r.randrange(0x80, 0xf0)] + seven(r.randrange(6)))
        elif kind < 12:
            # controllers that mean something together, on two channels
            out += bytes([0xb0 + r.randrange(2)])
            for _ in range(r.randrange(1, 6)):
                out += bytes([r.choice((6, 38, 96, 97, 98, 99, 100, 101, 1,
                                        33, 7, 39)),
                              r.choice((0, 1, 2, 126, 127))])
        elif kind < 14:
            first, last = r.choice(((0, 8), (0, 8), (0, 8), (3, 8), (0, 5),
                                    (7, -1)))
            for piece in range(first, last, 1 if last > first else -1):
                out += bytes([0xf1, piece * 16 + r.randrange(16)])
        elif kind < 15:
            out += bytes([0xf0, 0x7f, r.randrange(128), 1, 1] + seven(4) +
                         [0xf7])
        elif kind < 17:
            out += bytes([0xf0] + seven(r.choice((0, 1, 2, 3, 100))))
            out += bytes([r.choice((0xf7, 0xf7, 0xf7, 0x90, 0xf4, 0xf0))])
        elif kind < 18:
            out += bytes([r.randrange(0xf0, 0x100)])
        else:
            out += r.randbytes(r.randrange(8))
        while r.random() < 0.1:
            out.insert(r.randrange(max(0, len(out) - 6), len(out) + 1),
                       r.randrange(0xf8, 0x100))
    long = bytes(r.choices(range(128), k=LIMIT))
    for n in (LIMIT - 2, LIMIT - 1):    # the longest, and one too long
        out += b'\xf0' + long[:n] + b'\xf7'
    return bytes(out) + b'\xb0\x07\x01'


# ------------------------------------------------------------------ out

def half_away(x):
    if math.isinf(x):
        return x
    return math.floor(x + 0.5) if x >= 0 else -math.floor(-x + 0.5)


def number(value, low, high):
    """A value as a number of MIDI; None: it is none."""
    if isinstance(value, bool):
        return high if value else 0
    if not isinstance(value, (int, float)) or value != value:
        return None
    return int(min(max(half_away(value), low), high))


def share(value, most):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return number(value, 0, most)
    if isinstance(value, float):
        return number(value * most, 0, most)
    return most if value == 1 else number(value, 0, most)


class Writer:
    """Lines as messages."""

    def __init__(self, options):
        self.options = options
        self.doc = '--profile=doc' in options
        self.base = '/midi' if self.doc else '/midi/default'
        self.wide = {'nrpn': '--nrpn=7' not in options,
                     'rpn': '--rpn=7' not in options}

    def bytes(self, address, value):
        if not address.startswith(self.base + '/'):
            return b''
        leaf = address[len(self.base) + 1:].split('/')
        out = self.channel(leaf, value) if leaf[0] == 'ch' else \
            self.system(leaf, value)
        return b'' if not out or None in list(out) else bytes(out)

    def channel(self, leaf, value):
        channel, name = int(leaf[1]) - self.doc, leaf[2]
        n = int(leaf[3]) if len(leaf) > 3 else None
        if not 0 <= channel < 16:
            return None
        unit = share(value, 127) if self.doc else number(value, 0, 127)
        control = 0xb0 + channel
        if name == 'note':
            return self.note(channel, n, value)
        if name in ('cc', 'poly'):
            return None if n > 127 else [
                (0xb0 if name == 'cc' else 0xa0) + channel, n, unit]
        if name == 'pressure':
            return [0xd0 + channel, unit]
        if name == 'program':
            return [0xc0 + channel, number(value, 0, 127)]
        if name in ('bend', 'pitch'):
            if self.doc != (name == 'pitch'):
                return None
            v = share(value, 16383) if self.doc else \
                number(value, -8192, 8191)
            if v is None:
                return None
            v += 0 if self.doc else 8192
            return [0xe0 + channel, v % 128, v // 128]
        narrow = name in self.wide and not self.wide[name]
        v = number(value, 0, 127 if narrow else 16383)
        if v is None or n > (31 if name == 'cc14' else 16383):
            return None
        if name == 'cc14':
            return [control, n, v // 128, control, n + 32, v % 128]
        first = 99 if name == 'nrpn' else 101
        out = [control, first, n // 128, control, first - 1, n % 128]
        return out + ([control, 6, v] if narrow else
                      [control, 6, v // 128, control, 38, v % 128])

    def note(self, channel, n, value):
        if self.doc:
            if n is None or n > 127:
                return None
            v = share(value, 127)
            if v == 0 and isinstance(value, float) and value > 0:
                v = 1
            return [(0x90 if v else 0x80) + channel, n, v]
        if n is not None or not isinstance(value, dict):
            return None
        v = number(value.get('velocity', 64), 0, 127)
        if 'on' in value:
            on = number(value['on'], 0, 1)
        elif 'velocity' in value:
            on = v
        else:
            return None
        if on is None:
            return None
        return [(0x90 if on and v else 0x80) + channel,
                number(value.get('note'), 0, 127), v]

    def system(self, leaf, value):
        name = leaf[0]
        if len(leaf) > 1:
            return None
        if name in ('tune', 'reset'):
            return [0xf6 if name == 'tune' else 0xff]
        if name == 'clock':
            return [0xf8] if '--clock' in self.options else None
        if name == 'transport':
            words = {'start': 0xfa, 'continue': 0xfb, 'stop': 0xfc}
            return [words[value]] if str(value) in words else None
        if name == 'songselect':
            return [0xf3, number(value, 0, 127)]
        if name == 'songpos':
            v = number(value, 0, 16383)
            return None if v is None else [0xf2, v % 128, v // 128]
        if name == 'sysex':
            good = isinstance(value, bytes) and len(value) >= 2 and \
                len(value) <= LIMIT and value[0] == 0xf0 and \
                value[-1] == 0xf7 and max(value[1:-1], default=0) < 128
            return value if good and '--sysex' in self.options else None
        return None


def written(value):
    """A value as it stands in a line."""
    if isinstance(value, float) and (value != value or math.isinf(value)):
        return 'nan' if value != value else 'inf' if value > 0 else '-inf'
    return text(value).strip()


def some_value(r):
    return r.choice((
        lambda: r.randrange(-5, 140), lambda: r.randrange(-9000, 20000),
        lambda: r.randrange(0, 260) / 2, lambda: r.random(),
        lambda: r.choice((0, 1, 2, 0.0, 0.5, 1.0, 1e-9, 1e300, -1e300,
                          float('nan'), float('inf'), float('-inf'),
                          2 ** 63 - 1, -2 ** 63)),
        lambda: r.choice((True, False, 'start', 'continue', 'stop', 'x')),
        lambda: [1, 2],
        lambda: bytes([0xf0] + r.choices(range(128), k=r.randrange(30)) +
                      [0xf7]),
        lambda: r.choice((b'', b'\xf0', b'\xf7', b'\xf0\x90\xf7',
                          b'\xf0\xf7\xf7', b'\x90<d')),
        lambda: some_note(r)))()


def some_note(r):
    note = {'note': r.randrange(-3, 131), 'velocity': r.randrange(-3, 131),
            'on': r.choice((True, False, 0, 1)), 'more': 'x'}
    for name in list(note):
        if r.random() < 0.15:
            del note[name]
        elif r.random() < 0.1:
            note[name] = r.choice((60.5, 60.4999, '60', 1e9, None, 0.4))
    return note


def some_address(r, base):
    ch = '/ch/%d/' % r.choice((0, 1, 15, 16, 17, r.randrange(16)))
    return base + r.choice((
        lambda: ch + 'cc/%d' % r.randrange(130),
        lambda: ch + 'note', lambda: ch + 'note/%d' % r.randrange(130),
        lambda: ch + 'poly/%d' % r.randrange(130),
        lambda: ch + r.choice(('pressure', 'program', 'bend', 'pitch')),
        lambda: ch + 'cc14/%d' % r.randrange(34),
        lambda: ch + '%s/%d' % (r.choice(('nrpn', 'rpn')),
                                r.randrange(16400)),
        lambda: '/' + r.choice(('tune', 'reset', 'clock', 'transport',
                                'songpos', 'songselect', 'sysex',
                                'sysex/1'))))()


def lines_out(r, count, writer):
    lines, want = [], b''
    for _ in range(count):
        address = some_address(r, writer.base)
        value = some_note(r) if address.endswith('/note') and \
            r.random() < 0.8 else some_value(r)
        verb = r.choice(('', ' event', ' stream'))
        lines.append('%s%s %s' % (address, verb, written(value)))
        want += writer.bytes(address, value)
    return '\n'.join(lines) + '\n', want


def running(stream_):
    """The same bytes with running status."""
    out, last = bytearray(), None
    for status, data in messages(stream_):
        if status == 0xf0:
            out += bytes(data)
        else:
            if status != last or status >= 0xf0:
                out.append(status)
            out += bytes(data)
        if status < 0xf8:
            last = status if status < 0xf0 else None
    return bytes(out)


# ------------------------------------------------------------------ tests

def same(ours, theirs):
    if ours == theirs:
        return True
    a, b = ours.rsplit(' ', 1), theirs.rsplit(' ', 1)
    try:        # floats may be written in more than one way
        return a[0] == b[0] and float(a[1]) == float(b[1]) and \
            ('.' in a[1] or 'e' in a[1])
    except ValueError:
        return False


def in_pieces(r, command, bytes_):
    """What a program makes of bytes that come cut anywhere."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out,
                                 bufsize=0)
        at = 0
        while at < len(bytes_):
            n = r.choice((1, 1, 2, 3, 5, 4096))
            child.stdin.write(bytes_[at:at + n])
            at += n
        child.stdin.close()
        if child.wait() != 0:
            sys.exit('exit code %d' % child.returncode)
        out.seek(0)
        return out.read()


def test_in(seed, count, options):
    bytes_ = stream(random.Random(seed), count)
    reader = Reader(options)
    want = [line for m in messages(bytes_) for line in reader.lines(*m)]
    got = in_pieces(random.Random(seed), ['clasp-midi-in', '-q', '-d', '-'] +
                    options, bytes_).decode().splitlines()
    for i, (a, b) in enumerate(zip(got, want)):
        if not same(a, b):
            sys.exit('line %d\n got %.200s\nwant %.200s' % (i + 1, a, b))
    if len(got) != len(want):
        sys.exit('%d lines instead of %d' % (len(got), len(want)))
    print('%d lines' % len(got))


def test_out(seed, count, options):
    text_, want = lines_out(random.Random(seed), count, Writer(options))
    if '--running-status' in options:
        want = running(want)
    got = subprocess.run(['clasp-midi-out', '-q', '-d', '-', '--on-exit',
                          'hold'] + options, input=text_.encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    for i, (a, b) in enumerate(zip(got, want)):
        if a != b:
            sys.exit('byte %d\n got %s\nwant %s' % (
                i, got[max(0, i - 9):i + 9].hex(),
                want[max(0, i - 9):i + 9].hex()))
    if len(got) != len(want):
        sys.exit('%d bytes instead of %d' % (len(got), len(want)))
    print('%d bytes' % len(got))


if __name__ == '__main__':
    {'in': test_in, 'out': test_out}[sys.argv[1]](
        int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
