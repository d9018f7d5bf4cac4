"""Ports that servers of the sandbox are told to listen on."""

import socket

from sandbox.ports import LOOPBACK, UNUSED, free_ports


def test_free_ports_are_different_and_beside_those_of_outgoing_connections() -> None:
    ports = list(free_ports(0, 0, 0))
    assert len(set(ports)) == len(ports)
    assert all(port in UNUSED for port in ports)


def test_the_wanted_port_is_taken_where_it_is_free_and_replaced_where_it_is_not() -> None:
    (wanted,) = free_ports(0)
    assert list(free_ports(wanted)) == [wanted]
    with socket.create_server((LOOPBACK, wanted)):
        (other,) = free_ports(wanted)
    assert other != wanted
