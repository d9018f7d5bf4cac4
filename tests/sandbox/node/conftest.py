"""Nodes that tests start and end."""

import os
import shutil
from pathlib import Path

import asyncssh
import pytest

PROGRAM = Path("infra/node/wgshop_peer.py")

needs_root = [
    pytest.mark.root,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("wg") or not shutil.which("wireguard-go"),
        reason="needs root and Debian's wireguard-tools and wireguard-go",
    ),
]


@pytest.fixture
def shop() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def authorized_key(shop: asyncssh.SSHKey) -> str:
    return shop.export_public_key().decode().strip()


@pytest.fixture
def program() -> Path:
    return PROGRAM
