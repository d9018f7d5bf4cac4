"""Whether a server is well: as the shop sees it, and as a customer does."""

import typer

from domain.canaries import Canary, CanaryReport
from domain.errors import InstallationFailed, ServerRefused, ServerUnavailable
from domain.health import differences
from domain.servers import Server
from infra.canary.probe import probe
from infra.peer_sets import limits_speeds
from infra.wireguard import SshPeerGateway


async def prove(peers: SshPeerGateway, canary: Canary, server: Server) -> None:
    """Raises `InstallationFailed` unless the server is well."""
    problems = await find_problems(peers, canary, server)
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise InstallationFailed(
            f"{server.slug} is installed, but something is wrong; a new server takes no customers "
            f"before that is mended and the same command has run again:\n{listed}"
        )


async def find_problems(
    peers: SshPeerGateway, canary: Canary, server: Server, *, must_limit_speeds: bool = False
) -> list[str]:
    """Look at the server from all sides, telling what is seen; what is wrong, and what to do."""
    problems: list[str] = []
    try:
        await peers.ensure_peer(canary.peer_on(server))
        info = await peers.info(server)
        typer.echo(f"program {info.version} answers the shop's key; {info.peer_count} peers")
        upgrade = f"`wgshop server upgrade {server.slug}` puts that right"
        problems += [f"{what}: {upgrade}" for what in differences(server, info)]
        if must_limit_speeds and not limits_speeds(info.version):
            problems.append(cannot_limit_speeds(server.slug, info.version))
    except (ServerUnavailable, ServerRefused) as error:
        problems.append(str(error))
    report = await probe(canary, server)
    typer.echo(f"canary: {_words(report)}")
    if not report.is_well:
        problems.append(_advice(server, report))
    return problems


def cannot_limit_speeds(slug: str, version: str) -> str:
    """What a plan with a limit asks of an older program."""
    return (
        f"its program {version} cannot hold customers to their plans' speed, so they have all of "
        f"it: `wgshop server upgrade {slug}`"
    )


def _words(report: CanaryReport) -> str:
    if report.took is None:
        return f"{report.handshake} ({report.detail})"
    milliseconds = report.took.total_seconds() * 1000
    passes = {True: ", and DNS answers through the tunnel", False: ", but no DNS", None: ""}
    return f"handshake in {milliseconds:.0f} ms{passes[report.passes]}"


def _advice(server: Server, report: CanaryReport) -> str:
    if report.passes is False:
        return (
            f"the tunnel stands, and {server.dns[0]} does not answer through it: another firewall "
            "on the machine or at the hoster stops what is forwarded, or that DNS is down"
        )
    return (
        f"UDP {server.endpoint_host}:{server.endpoint_port} does not greet back: open the port in "
        "the hoster's firewall and in the machine's own (ufw, firewalld), and see that this "
        "machine may send UDP there"
    )
