"""The commands `wgshop server ...`."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from domain.errors import SettingsError
from domain.servers import ServerState
from workers.bootstrap import Login, Target

server = typer.Typer(
    name="server", help="Add VPN servers and look after them.", no_args_is_help=True
)

Slug = Annotated[str, typer.Argument(help="The server's name, such as nl1.")]
KeyFile = Annotated[
    Path | None, typer.Option(help="A private SSH key that opens the account, used this once.")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="A file with the password; without either it is asked for.")
]
Fingerprint = Annotated[
    str | None,
    typer.Option(help="The host key's SHA256:... fingerprint, confirmed in advance."),
]


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@server.command()
def add(
    machine: Annotated[str, typer.Argument(help="root@HOST or root@HOST:PORT.")],
    *,
    location: Annotated[str | None, typer.Option(help="As plans name it, such as nl.")] = None,
    name: Annotated[str | None, typer.Option(help="Default: the location and a number.")] = None,
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    fingerprint: Fingerprint = None,
    endpoint_host: Annotated[
        str | None, typer.Option(help="What customers connect to; best a DNS name of yours.")
    ] = None,
    endpoint_port: Annotated[int | None, typer.Option(help="UDP; default 51820.")] = None,
    interface: Annotated[str | None, typer.Option(help="Default: wg0, or awg0.")] = None,
    dns: Annotated[list[str] | None, typer.Option(help="Customers' DNS; may be repeated.")] = None,
    mtu: Annotated[int | None, typer.Option(help="Default: 1420.")] = None,
    network_v4: Annotated[str | None, typer.Option(help="Default: a free 10.x.0.0/16.")] = None,
    network_v6: Annotated[str | None, typer.Option(help="Default: a free /64.")] = None,
    capacity: Annotated[int | None, typer.Option(help="Devices, at most; default 250.")] = None,
    amneziawg: Annotated[
        bool, typer.Option(help="Disguise the packets; AmneziaWG has to be on the machine.")
    ] = False,
    standby_of: Annotated[
        str | None,
        typer.Option(help="It waits to take that server's customers, with its key and networks."),
    ] = None,
    replace: Annotated[
        bool, typer.Option(help="The machine takes the place of the server of that --name.")
    ] = False,
) -> None:
    """Turn a bare Debian or Ubuntu machine into a selling VPN server; safe to run again."""
    from infra.postgres.enlisting import Wishes  # noqa: PLC0415
    from workers.installation import problems_in  # noqa: PLC0415
    from workers.servers import add_server  # noqa: PLC0415

    told = {
        "slug": name,
        "location": location,
        "endpoint_host": endpoint_host,
        "endpoint_port": endpoint_port,
        "interface": interface,
        "dns": dns or (),
        "mtu": mtu,
        "network_v4": network_v4,
        "network_v6": network_v6,
        "capacity": capacity,
        "is_disguised": amneziawg,
        "standby_of": standby_of,
        "replaces": replace,
    }
    try:
        wishes = Wishes.model_validate(told)
    except ValidationError as error:
        problems = "\n".join(problems_in(error))
        raise SettingsError(f"The server cannot be like that:\n{problems}") from None
    login = Login(key_file, password_file)
    _run(add_server(Target.parse(machine), login, fingerprint, wishes))


@server.command()
def upgrade(
    slug: Slug,
    user: Annotated[str, typer.Option(help="Root's account.")] = "root",
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    fingerprint: Fingerprint = None,
) -> None:
    """Bring a server's program, files and packages up to this release's."""
    from workers.servers import upgrade_server  # noqa: PLC0415

    _run(upgrade_server(slug, user, Login(key_file, password_file), fingerprint))


@server.command()
def check(slug: Slug) -> None:
    """Look at a server as the shop and as a customer; exit code 1 when something is wrong."""
    from workers.servers import check_server  # noqa: PLC0415

    if not asyncio.run(check_server(slug)):
        raise typer.Exit(1)


@server.command()
def reconcile(
    slug: Slug,
    remove_strangers: Annotated[
        bool, typer.Option(help="Take off what the ledger does not know, too.")
    ] = False,
) -> None:
    """Bring a server's peers to the ledger now; exit code 1 when that is not all in order."""
    from workers.reconcile import reconcile_server  # noqa: PLC0415

    if not asyncio.run(reconcile_server(slug, removes_strangers=remove_strangers)):
        raise typer.Exit(1)


@server.command("list")
def list_all() -> None:
    """Print every server with its room."""
    from workers.servers import list_servers  # noqa: PLC0415

    _run(list_servers())


@server.command()
def evacuate(
    slug: Slug,
    *,
    to: Annotated[str, typer.Option(help="The server that takes its customers.")],
    pace: Annotated[int, typer.Option(help="Devices a second, at most.", min=1, max=50)] = 5,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without asking.")] = False,
) -> None:
    """Move every customer to another server; run it again to watch one that is under way."""
    from domain.evacuation import EvacuationOrder  # noqa: PLC0415
    from workers.evacuating import evacuate_server  # noqa: PLC0415

    order = EvacuationOrder(source=slug, target=to, pace=pace)
    _run(evacuate_server(order, is_sure=yes))


@server.command("rotate-key")
def rotate(
    slug: Slug,
    *,
    pace: Annotated[int, typer.Option(help="New files a second, at most.", min=1, max=50)] = 5,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without asking.")] = False,
    user: Annotated[str, typer.Option(help="Root's account.")] = "root",
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    fingerprint: Fingerprint = None,
) -> None:
    """Give a server another key, and every customer on it a new file; safe to run again."""
    from workers.rotating import rotate_key  # noqa: PLC0415

    login = Login(key_file, password_file)
    if not asyncio.run(rotate_key(slug, user, login, fingerprint, pace=pace, is_sure=yes)):
        raise typer.Exit(1)


@server.command()
def drain(slug: Slug) -> None:
    """Give a server no new customers; those that it has stay."""
    from workers.servers import set_server_state  # noqa: PLC0415

    _run(set_server_state(slug, ServerState.DRAINING))


@server.command()
def resume(slug: Slug) -> None:
    """Let a server take new customers again."""
    from workers.servers import set_server_state  # noqa: PLC0415

    _run(set_server_state(slug, ServerState.SELLING))


@server.command()
def remove(
    slug: Slug,
    clean_as: Annotated[
        str | None, typer.Option(help="Root's account: take the installation off the machine too.")
    ] = None,
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
) -> None:
    """Forget a server that holds nobody."""
    from workers.servers import remove_server  # noqa: PLC0415

    _run(remove_server(slug, clean_as, Login(key_file, password_file)))


@server.command()
def register(
    description: Annotated[typer.FileText, typer.Argument(help="A JSON file, or - for stdin.")],
) -> None:
    """Register a VPN server that was set up by hand, or bring its entry up to date."""
    from workers.installation import register_vpn_server  # noqa: PLC0415

    _run(register_vpn_server(description.read()))
