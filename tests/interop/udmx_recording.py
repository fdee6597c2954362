#!/usr/bin/env python3
"""The control transfers of a uDMX as a recording that umockdev replays.

usage: udmx_recording.py OUT TRANSFER ...

TRANSFER is REQUEST:VALUE:INDEX[:HEX][:STATUS]: what the device is to be sent,
and how it answers: 0, a negative errno as -32 (a stall of the pipe) or -19
(it is gone), or how many bytes it took.  HEX may be BYTE*N.
OUT becomes a pcap of the kernel's usbmon (link type 220), bus 1, device 5.
"""

import struct
import sys

LINUX_USB = 220
CONTROL = 2


def packet(number, kind, setup, data, status, length):
    head = struct.pack("<QBBBBHBB", number, ord(kind), CONTROL, 0, 5, 1,
                       0 if kind == "S" else ord("-"),
                       0 if data else ord(">"))
    head += struct.pack("<qii", 0, 0, status)
    head += struct.pack("<II", length, len(data))
    head += setup if kind == "S" else bytes(8)
    head += struct.pack("<iiII", 0, 0, 0, 0)
    return head + data


def payload(text):
    if "*" in text:
        byte, count = text.split("*")
        return bytes.fromhex(byte) * int(count)
    return bytes.fromhex(text)


def main():
    packets = []
    for number, text in enumerate(sys.argv[2:], 1):
        request, value, index, *rest = text.split(":")
        data = payload(rest[0]) if rest else b""
        status = int(rest[1]) if len(rest) > 1 else 0
        setup = struct.pack("<BBHHH", 0x40, int(request), int(value),
                            int(index), len(data))
        packets.append(packet(number, "S", setup, data, -115, len(data)))
        taken = len(data) if status == 0 else max(status, 0)
        packets.append(packet(number, "C", setup, b"", min(status, 0), taken))
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535,
                              LINUX_USB))
        for i, p in enumerate(packets):
            out.write(struct.pack("<IIII", 1000, i * 1000, len(p), len(p)))
            out.write(p)


main()
