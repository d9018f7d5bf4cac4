"""A question to a DNS server as a bare IPv4 packet, to be sent through a tunnel.

It asks for the root's name servers, which every resolver knows, and no name of anybody's.
"""

import struct
from ipaddress import IPv4Address

UDP = 17
DNS_PORT = 53
HOPS = 64
RECURSION_DESIRED = 0x0100
QUESTION = b"\x00" + struct.pack("!HH", 2, 1)
"""The name of the root, type NS, class IN (RFC 1035)."""
IPV4_HEADER = struct.Struct("!BBHHHBBH4s4s")
UDP_HEADER = struct.Struct("!HHHH")
DNS_HEADER = struct.Struct("!HHHHHH")


def question(source: IPv4Address, resolver: IPv4Address, port: int, number: int) -> bytes:
    """The packet.

    Args:
        source: the tunnel's own address.
        resolver: whom to ask.
        port: where the answer shall come.
        number: what the answer shall repeat.
    """
    dns = DNS_HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + QUESTION
    # A checksum of 0 is none, which UDP over IPv4 allows (RFC 768).
    datagram = UDP_HEADER.pack(port, DNS_PORT, UDP_HEADER.size + len(dns), 0) + dns
    return _ipv4_header(source, resolver, len(datagram)) + datagram


def is_answer(packet: bytes, resolver: IPv4Address, port: int, number: int) -> bool:
    """Whether a packet that came back answers it, whatever it says."""
    try:
        first, *_, protocol, _, sender, _ = IPV4_HEADER.unpack_from(packet)
        length = (first & 15) * 4
        from_port, to_port, *_ = UDP_HEADER.unpack_from(packet, length)
        told, *_ = DNS_HEADER.unpack_from(packet, length + UDP_HEADER.size)
    except struct.error:
        return False
    came_from = (first >> 4, protocol, sender, from_port)
    return came_from == (4, UDP, resolver.packed, DNS_PORT) and (to_port, told) == (port, number)


def _ipv4_header(source: IPv4Address, target: IPv4Address, payload: int) -> bytes:
    def header(checksum: int) -> bytes:
        length = IPV4_HEADER.size + payload
        ends = (source.packed, target.packed)
        return IPV4_HEADER.pack(0x45, 0, length, 0, 0, HOPS, UDP, checksum, *ends)

    total = sum(struct.unpack("!10H", header(0)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header(~total & 0xFFFF)
