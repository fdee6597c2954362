"""A client of bare frames, each with its length in front.

	rawtcp.py PORT MODE [CA]

CA: under TLS, trusting this file.  Prints "ok" when all went as it should,
else what did not.  It knows the bytes on the wire and nothing of ours.
"""
import os
import select
import socket
import ssl
import struct
import sys

PORT, MODE = int(sys.argv[1]), sys.argv[2]
LIMIT = 10 * int(os.environ.get("SLOW", "1"))
HELLO = b"\x53\x01\x00\x09\x01\x01\x80\x00\x02c1\x00\x00"
PING = b"\x53\x01\x00\x01\x41"
PONG = b"\x53\x01\x00\x01\x42"


def wrap(frame):
    return struct.pack(">I", len(frame)) + frame


def dial():
    s = socket.create_connection(("127.0.0.1", PORT), LIMIT)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if len(sys.argv) > 3:
        context = ssl.create_default_context(cafile=sys.argv[3])
        s = context.wrap_socket(s, server_hostname="localhost",
                                suppress_ragged_eofs=False)
    return s


def exactly(s, n):
    got = b""
    while len(got) < n:
        piece = s.recv(n - len(got))
        if not piece:
            raise EOFError("closed after %r" % got)
        got += piece
    return got


def unit(s):
    return exactly(s, struct.unpack(">I", exactly(s, 4))[0])


def kind(frame):
    return frame[4]


def greeted(s):
    welcome, snapshot = unit(s), unit(s)
    assert kind(welcome) == 0x02, welcome
    assert kind(snapshot) == 0x23, snapshot


def closed(s):
    """The relay says no more; what it said last, as kinds and codes."""
    said = []
    try:
        while True:
            frame = unit(s)
            code = frame[5:7] if kind(frame) == 0x51 else b""
            said.append((kind(frame), int.from_bytes(code, "big")))
    except (EOFError, ConnectionResetError):
        return said


def bytewise():
    s = dial()
    for byte in wrap(HELLO) + wrap(PING):
        s.sendall(bytes([byte]))
    greeted(s)
    assert unit(s) == PONG


def splits():
    whole = wrap(HELLO) + wrap(PING)
    for at in range(1, len(whole)):
        s = dial()
        s.sendall(whole[:at])
        s.sendall(whole[at:])
        greeted(s)
        assert unit(s) == PONG
        s.close()


def several():
    s = dial()
    s.sendall(wrap(HELLO) + wrap(PING + PING) + wrap(PING))
    greeted(s)
    assert [unit(s) for _ in range(3)] == [PONG] * 3
    # the longest frame there is: its payload says nothing we know
    s.sendall(wrap(b"\x53\x21" + b"\xff\xff" + b"\0" * 8 + b"\x7f" * 65535))
    assert kind(unit(s)) == 0x51
    s.sendall(wrap(PING))
    assert unit(s) == PONG
    # behind a frame stands something that is none
    s.sendall(wrap(PING + b"rest"))
    assert unit(s) == PONG
    s.shutdown(socket.SHUT_WR)
    closed(s)


def broken():
    for rubbish in (struct.pack(">I", 0), struct.pack(">I", 65548),
                    wrap(b"\x53\x01\x00\x09\x41")):
        s = dial()
        s.sendall(wrap(HELLO) + wrap(PING))
        greeted(s)
        assert unit(s) == PONG
        s.sendall(rubbish + wrap(PING))
        said = closed(s)
        assert (0x42, 0) not in said, said
    s = dial()
    s.sendall(wrap(HELLO))
    greeted(s)
    s.sendall(wrap(PING + b"rest") + wrap(PING))
    assert unit(s) == PONG
    error = unit(s)
    assert kind(error) == 0x51 and error[5:7] == b"\x00\x64", error
    assert unit(s) == PONG
    # before HELLO nothing is said
    s = dial()
    s.sendall(wrap(b"\x53\x01\x00\x01\x41"[:4] + b"\xee"))
    assert closed(s) == []


def address(text):
    return struct.pack(">H", len(text)) + text


def message(kind, body):
    body = bytes([kind]) + body
    return wrap(b"\x53\x01" + struct.pack(">H", len(body)) + body)


def flood():
    """Ask and ask without reading an answer, then read them all."""
    count = 4000
    s = dial()
    s.sendall(wrap(HELLO))
    greeted(s)
    get = message(0x22, address(b"/big"))
    s.setblocking(False)
    todo = memoryview(get * count + wrap(PING))
    blocked = 0
    while todo and blocked < 20:
        try:
            todo = todo[s.send(todo[:16384]):]
            blocked = 0
        except (BlockingIOError, ssl.SSLWantWriteError):
            blocked += 1
            select.select([], [s], [], 0.05)
    got, parts = b"", 0
    while True:
        try:
            if todo:
                todo = todo[s.send(todo[:16384]):]
        except (BlockingIOError, ssl.SSLWantWriteError):
            pass
        try:
            piece = s.recv(1 << 20)
            assert piece, "closed after %d answers" % parts
            got += piece
        except (BlockingIOError, ssl.SSLWantReadError):
            select.select([s], [s] if todo else [], [], LIMIT)
        while len(got) >= 4:
            n = struct.unpack(">I", got[:4])[0]
            if len(got) < 4 + n:
                break
            frame, got = got[4:4 + n], got[4 + n:]
            if frame == PONG:
                assert parts == count, parts
                return
            assert kind(frame) == 0x23, frame[:20]
            parts += 1


def drain():
    """Leave 10 MB of answers unread until we are told to go on."""
    s = dial()
    s.sendall(wrap(HELLO))
    greeted(s)
    s.sendall(message(0x22, address(b"/big")) * 200 + wrap(PING))
    assert kind(unit(s)) == 0x23
    print("there", flush=True)
    sys.stdin.readline()
    for _ in range(199):
        assert kind(unit(s)) == 0x23
    assert unit(s) == PONG
    frame = unit(s)
    assert kind(frame) == 0x51 and b"shutting down" in frame, frame
    assert s.recv(1) == b""


def end():
    """Wait for the end, which must be one that was meant."""
    s = dial()
    s.sendall(wrap(HELLO))
    greeted(s)
    print("there", flush=True)
    frame = unit(s)
    assert kind(frame) == 0x51 and b"shutting down" in frame, frame
    # without a goodbye of TLS this is an exception
    assert s.recv(1) == b""


def rubbish():
    held = []
    for i in range(300):
        s = dial()
        if i % 3 == 1:
            s.sendall(b"\x16\x03\x01\xff\xff" + os.urandom(200))
        elif i % 3 == 2:
            s.sendall(b"\x16" + os.urandom(50))
        held.append(s)
    s = dial()
    s.sendall(wrap(HELLO) + wrap(PING))
    greeted(s)
    assert unit(s) == PONG


{"bytes": bytewise, "splits": splits, "several": several, "broken": broken,
 "flood": flood, "drain": drain, "end": end, "rubbish": rubbish}[MODE]()
print("ok")
