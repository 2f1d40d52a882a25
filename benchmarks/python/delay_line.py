"""Gives a network namespace an eth0 whose other end, in a second namespace, gets all that is sent later, and at a limited rate: what the kernel's
netem does, for kernels that are built without it.

    delay_line.py --host NAMESPACE --hub NAMESPACE --port NAME --delay-ms N --bits-per-second N --queue-bytes N

NAME is what the other end is called. It prints a line of JSON when both are there, and works until it is told to stop. Large packets of the
kernel pass uncut, so that it keeps up with a gigabit.
"""

import argparse
import collections
import ctypes
import fcntl
import json
import os
import select
import struct
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
TUNSETOFFLOAD = 0x400454D0
TUNSETVNETHDRSZ = 0x400454D8
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
IFF_VNET_HDR = 0x4000
OFFLOADS = 0x01 | 0x02 | 0x04  # Checksums and segmentation, IPv4 and IPv6.
VNET_HEADER_BYTES = 12
PACKET_BYTES_MAX = 70_000
PACKETS_AT_ONCE = 64

libc = ctypes.CDLL(None, use_errno=True)


def parse_arguments():
    parser = argparse.ArgumentParser()
    for name in ("--host", "--hub", "--port"):
        parser.add_argument(name, required=True)
    for name in ("--delay-ms", "--bits-per-second", "--queue-bytes"):
        parser.add_argument(name, required=True, type=float)
    return parser.parse_args()


def open_device(namespace, name):
    """A network device belongs to the namespace in which it is opened."""
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(device, TUNSETVNETHDRSZ, struct.pack("i", VNET_HEADER_BYTES))
    fcntl.ioctl(device, TUNSETOFFLOAD, OFFLOADS)
    return device


def read_packets(device):
    for _ in range(PACKETS_AT_ONCE):
        try:
            yield os.read(device, PACKET_BYTES_MAX)
        except BlockingIOError:
            return


def write_packet(device, packet):
    try:
        os.write(device, packet)
    except OSError:
        pass  # A device that is full or not up yet drops it, as a wire would.


def main():
    arguments = parse_arguments()
    host = open_device(arguments.host, "eth0")
    hub = open_device(arguments.hub, arguments.port)
    print(json.dumps({"event": "ready"}), flush=True)

    delay = arguments.delay_ms / 1000
    seconds_per_byte = 8 / arguments.bits_per_second
    queue = collections.deque()
    queued_bytes = 0
    free_at = 0.0
    while True:
        timeout = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        readable, _, _ = select.select([host, hub], [], [], timeout)
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, packet = queue.popleft()
            queued_bytes -= len(packet)
            write_packet(hub, packet)
        if hub in readable:
            for packet in read_packets(hub):
                write_packet(host, packet)
        if host in readable:
            for packet in read_packets(host):
                if queued_bytes + len(packet) > arguments.queue_bytes:
                    continue
                free_at = max(free_at, now) + (len(packet) - VNET_HEADER_BYTES) * seconds_per_byte
                queued_bytes += len(packet)
                queue.append((free_at + delay, packet))


main()
