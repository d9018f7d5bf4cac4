#!/usr/bin/env python3
"""Starts Chromium deaf to changes of the machine's network; its arguments are the browser's.

Whenever an interface comes or goes, Chromium drops every connection it has, to loopback too
(`net::ERR_NETWORK_CHANGED`), and tests beside these bring up real tunnels. It learns of changes
through a routing netlink socket and does well without one ("assume always online"), so that a
seccomp filter refuses it exactly this kind of socket. Nothing here is about safety.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

CHROMIUM = "/usr/bin/chromium"
SOCKET_CALLS = {"x86_64": 41, "aarch64": 198}
"""The number of socket(2), by machine."""

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_SECCOMP_MODE_FILTER = 2
_LOAD, _SKIP_UNLESS_EQUAL, _RETURN = 0x20, 0x15, 0x06
_REFUSE, _ALLOW = 0x00050000 | errno.EAFNOSUPPORT, 0x7FFF0000
_CALL, _FAMILY, _PROTOCOL = 0, 16, 32
"""Offsets in `struct seccomp_data`: the call's number, its first and its third argument."""


class _Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter(socket_call: int) -> bytes:
    """`struct sock_filter`s that refuse routing netlink sockets, and allow everything else."""
    wanted = ((_CALL, socket_call), (_FAMILY, socket.AF_NETLINK), (_PROTOCOL, 0))
    length = 2 * len(wanted) + 2
    steps: list[tuple[int, int, int, int]] = []
    for offset, value in wanted:
        steps.append((_LOAD, 0, 0, offset))
        steps.append((_SKIP_UNLESS_EQUAL, 0, length - len(steps) - 2, value))
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _refuse_routing_news() -> None:
    call = SOCKET_CALLS.get(platform.machine())
    if call is None:
        return
    code = _filter(call)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


if __name__ == "__main__":
    _refuse_routing_news()
    os.execv(CHROMIUM, [CHROMIUM, *sys.argv[1:]])
