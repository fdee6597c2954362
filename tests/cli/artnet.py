# artnet.py - the other side of the Art-Net programs, in plain Python.
#
#	artnet.py listen PORTFILE [ADDRESS [PORT]]
#	    prints each packet as a line:
#	    SECONDS dmx UNIVERSE seq=N phys=N LENGTH SLOTS
#	    SECONDS poll FLAGS | sync
#	    SECONDS reply net=N sub=N index=N types=HEX in=HEX out=HEX
#	        good=HEX NAME
# where SLOTS is hex without the zeros at its end.  The port is written to
# PORTFILE.
#	artnet.py node PORTFILE ADDRESS PORT BROADCAST UNIVERSE [DELAY]
#	    the same, also of what is broadcast; says to who polls that it
#	    takes a universe, after DELAY seconds
#	artnet.py send [ADDRESS:]PORT HEX ...
#	    {00*N} stands for N zero bytes; ADDRESS may be a broadcast one
#	artnet.py from ADDRESS [ADDRESS:]PORT HEX ...
#	    the same, sent from ADDRESS and the same port
#	artnet.py ask PORT [HEX]	an ArtPoll; prints the replies to its port

import re
import select
import socket
import struct
import sys
import threading
import time

ID = b'Art-Net\0'
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)


def show(b):
    at = '%.3f' % time.monotonic()
    op, = struct.unpack('<H', b[8:10])
    if op == 0x5000:
        seq, phys, universe = struct.unpack('<BBH', b[12:16])
        length, = struct.unpack('>H', b[16:18])
        assert len(b) == 18 + length, len(b)
        print(at, 'dmx', universe, 'seq=%d' % seq, 'phys=%d' % phys, length,
              b[18:].rstrip(b'\0').hex(), flush=True)
    elif op == 0x2000:
        print(at, 'poll', b[12:].hex(), flush=True)
    elif op == 0x5200:
        print(at, 'sync', flush=True)
    elif op == 0x2100:
        assert len(b) == 239, len(b)
        n = b[173]
        print(at, 'reply', 'net=%d' % b[18], 'sub=%d' % b[19],
              'index=%d' % b[211], 'types=' + b[174:174 + n].hex(),
              'in=' + b[186:186 + n].hex(), 'out=' + b[190:190 + n].hex(),
              'good=' + b[182:182 + n].hex(),
              b[26:44].split(b'\0')[0].decode(), flush=True)


def bind(portfile, address='127.0.0.1', port='0'):
    s.bind((address, int(port)))
    with open(portfile, 'w') as f:
        f.write('%d\n' % s.getsockname()[1])


def listen(*where):
    bind(*where)
    while True:
        show(s.recv(2048))


def reply(universe):
    b = bytearray(239)
    b[0:10] = ID + b'\0\x21'
    b[14:16] = b'\x36\x19'
    b[18] = universe >> 8
    b[19] = universe >> 4 & 15
    b[173] = 1
    b[174] = 0x80
    b[190] = universe & 15
    b[211] = 1
    return bytes(b)


def node(portfile, address, port, broadcast, universe, delay=0):
    everybody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    everybody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    everybody.bind((broadcast, int(port)))
    bind(portfile, address, port)
    while True:
        for ready in select.select([s, everybody], [], [])[0]:
            b, sender = ready.recvfrom(2048)
            show(b)
            if b[8:10] == b'\0\x20':
                threading.Timer(float(delay), s.sendto,
                                (reply(int(universe)), sender)).start()


def pack(p):
    p = re.sub(r'\{00\*(\d+)\}', lambda m: '00' * int(m[1]), p)
    return bytes.fromhex(p)


def send(to, *packets):
    host, port = ('127.0.0.1:' + to).split(':')[-2:]
    for p in packets:
        s.sendto(pack(p), (host, int(port)))


def send_from(address, to, *packets):
    s.bind((address, int(to.split(':')[-1])))
    send(to, *packets)


def ask(port, poll=ID.hex() + '0020000e0200'):
    s.sendto(pack(poll), ('127.0.0.1', int(port)))
    s.settimeout(3)
    try:
        while True:
            show(s.recv(2048))
            s.settimeout(0.3)
    except TimeoutError:
        pass


globals()[sys.argv[1].replace('from', 'send_from')](*sys.argv[2:])
