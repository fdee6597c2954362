# sacn.py - the other side of the sACN programs, in plain Python.
#
#	sacn.py listen PORTFILE [GROUP ...]	prints each packet as a line:
#	    SECONDS data UNIVERSE seq=N prio=N opt=XX sync=N cid=XXXX NAME SLOTS
#	    SECONDS sync ADDRESS seq=N
#	    SECONDS list PAGE/LAST ttl=N UNIVERSES
# where SLOTS is hex without the zeros at its end.  With PORTFILE a number that
# port is used, else a free one is written there.
#	sacn.py send PORT HEX ...		{00*N} stands for N zero bytes

import re
import socket
import struct
import sys
import time

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def show(b, ttl):
    at = '%.3f' % time.monotonic()
    if b[18:22] == b'\0\0\0\x04':
        name = b[44:108].split(b'\0')[0].decode()
        prio, sync, seq, opt, universe = struct.unpack('>BHBBH', b[108:115])
        slots = b[126:].rstrip(b'\0').hex()
        print(at, 'data', universe, 'seq=%d' % seq, 'prio=%d' % prio,
              'opt=%02x' % opt, 'sync=%d' % sync, 'cid=' + b[22:38].hex(),
              name, len(b) - 126, slots, flush=True)
    elif b[43] == 1:
        print(at, 'sync', *struct.unpack('>H', b[45:47]), 'seq=%d' % b[44],
              flush=True)
    else:
        listed = struct.unpack('>%dH' % ((len(b) - 120) // 2), b[120:])
        print(at, 'list', '%d/%d' % (b[118], b[119]), 'ttl=%d' % ttl,
              *listed, flush=True)


def listen(portfile, *groups):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port = int(portfile) if portfile.isdigit() else 0
    s.bind(('0.0.0.0' if groups else '127.0.0.1', port))
    for g in groups:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton(g) + socket.inet_aton('127.0.0.1'))
    if not port:
        with open(portfile, 'w') as f:
            f.write('%d\n' % s.getsockname()[1])
    s.setsockopt(socket.IPPROTO_IP, 12, 1)      # IP_RECVTTL
    while True:
        b, more, _, _ = s.recvmsg(2048, 64)
        show(b, struct.unpack('i', more[0][2])[0])


def send(port, *packets):
    for p in packets:
        p = re.sub(r'\{00\*(\d+)\}', lambda m: '00' * int(m[1]), p)
        s.sendto(bytes.fromhex(p), ('127.0.0.1', int(port)))


globals()[sys.argv[1]](*sys.argv[2:])
