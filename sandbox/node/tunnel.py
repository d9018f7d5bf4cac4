"""The WireGuard interface: the kernel's, else wireguard-go's, else a stand-in for both."""

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.node import stand_in_nft, stand_in_wg
from sandbox.node.commands import CommandFailed, run, start_child, stop
from sandbox.node.keys import kept_interface_key
from sandbox.node.ready import WireGuardKind

START_SECONDS = 10.0
POLL_SECONDS = 0.02
STARTS = 3
"""wireguard-go has been seen to end at once, and to run when it was started again."""
LAST_WORDS = 500


@dataclass(frozen=True)
class Tunnel:
    """An interface; once raised it is up, has its key and port, and no peers."""

    kind: WireGuardKind
    interface: str
    wg: str
    nft: str
    """The tool that limits speeds, or what stands in for it."""
    public_key: str = ""
    listen_port: int = 0
    daemon: asyncio.subprocess.Process | None = None

    async def close(self) -> None:
        """Take the interface away, and the speeds that its peers were held to."""
        if self.kind is not WireGuardKind.STAND_IN:
            with contextlib.suppress(CommandFailed):  # Mostly there are none.
                await run(self.nft, "delete", "table", "inet", f"wgshop_limits_{self.interface}")
        if self.daemon is not None:
            await stop(self.daemon)
        elif self.kind is WireGuardKind.KERNEL:
            await run("ip", "link", "delete", "dev", self.interface)


async def raise_tunnel(interface: str, data: Path, *, stand_in: bool) -> Tunnel:
    """Make the interface, the best that this machine allows unless a stand-in is asked for."""
    key_file = kept_interface_key(data / "interface.key")
    port = _kept_port(data / "listen_port")
    bare = await _make(interface, data, stand_in=stand_in)
    try:
        await run(bare.wg, "set", interface, "private-key", key_file, "listen-port", str(port))
        if bare.kind is not WireGuardKind.STAND_IN:
            await run("ip", "link", "set", "dev", interface, "up")
        public_key = await run(bare.wg, "pubkey", stdin=key_file.read_bytes())
    except BaseException:
        await bare.close()
        raise
    return replace(bare, public_key=public_key.strip(), listen_port=port)


async def _make(interface: str, data: Path, *, stand_in: bool) -> Tunnel:
    """An interface without key or port."""
    wg, ip = shutil.which("wg"), shutil.which("ip")
    stand_in_for_nft = str(_stand_in(data, "nft", stand_in_nft.__file__))
    if wg and ip and os.geteuid() == 0 and not stand_in:
        nft = shutil.which("nft") or stand_in_for_nft
        if await _kernel_makes(interface):
            return Tunnel(WireGuardKind.KERNEL, interface, wg, nft)
        if shutil.which("wireguard-go"):
            daemon = await _start_wireguard_go(interface, wg, data)
            return Tunnel(WireGuardKind.WIREGUARD_GO, interface, wg, nft, daemon=daemon)
    stand_in_for_wg = str(_stand_in(data, "wg", stand_in_wg.__file__))
    return Tunnel(WireGuardKind.STAND_IN, interface, stand_in_for_wg, stand_in_for_nft)


async def _kernel_makes(interface: str) -> bool:
    """Whether the kernel has WireGuard; then the interface is there, made anew."""
    with contextlib.suppress(CommandFailed):  # Only a node that was killed has left one behind.
        await run("ip", "link", "delete", "dev", interface)
    try:
        await run("ip", "link", "add", "dev", interface, "type", "wireguard")
    except CommandFailed:
        return False
    return True


async def _start_wireguard_go(interface: str, wg: str, data: Path) -> asyncio.subprocess.Process:
    """Start the userspace implementation, a few times where it ends at once."""
    log = data / "wireguard-go.log"
    for _ in range(STARTS):
        daemon = await _try_wireguard_go(interface, wg, log)
        if daemon.returncode is None:
            return daemon
    words = log.read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:].strip()
    raise CommandFailed(f"wireguard-go ended at once, {STARTS} times: {words or 'without a word'}")


async def _try_wireguard_go(interface: str, wg: str, log: Path) -> asyncio.subprocess.Process:
    """Start it and wait until it answers, or is over."""
    daemon = await start_child(["wireguard-go", "--foreground", interface], log)
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _answers(interface, wg):
                if daemon.returncode is not None:
                    break
                await asyncio.sleep(POLL_SECONDS)
    except BaseException:
        await stop(daemon)
        raise
    return daemon


async def _answers(interface: str, wg: str) -> bool:
    try:
        await run(wg, "show", interface)
    except CommandFailed:
        return False
    return True


def _stand_in(data: Path, tool: str, program: str) -> Path:
    """An executable that takes the tool's arguments and keeps what it is told in a file."""
    launcher = data / tool
    command = [sys.executable, "-IS", program, str(data / f"stand_in_{tool}.json")]
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    launcher.chmod(0o700)
    return launcher


def _kept_port(path: Path) -> int:
    """The UDP port of the last run, so that issued configurations stay true, or a free one."""
    kept = int(path.read_text(encoding="ascii")) if path.exists() else 0
    try:
        port = _free_udp_port(kept)
    except OSError:
        port = _free_udp_port(0)
    path.write_text(str(port), encoding="ascii")
    return port


def _free_udp_port(wanted: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", wanted))  # noqa: S104 - WireGuard listens on every address
        return int(probe.getsockname()[1])
