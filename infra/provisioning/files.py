"""The files of a VPN server, rendered."""

from infra.provisioning.installation import ACCOUNT, Installation, Machine

MADE_BY = "# Made by wgshop, which writes it anew: see `wgshop server upgrade`."
PRIVATE_V4 = (
    "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "
    "192.168.0.0/16"
)
"""Networks beside the server: its hoster's, its neighbours', the cloud's metadata (RFC 6890)."""
PRIVATE_V6 = "::1/128, fc00::/7, fe80::/10"

INTERFACE = """\
{made_by}
[Interface]
Address = {addresses}
ListenPort = {port}
MTU = {mtu}
{disguise}PostUp = {tool} set %i private-key {key_file}
PostUp = nft -f {firewall_file}
PostDown = nft delete table inet {table}
"""

FIREWALL = """\
{made_by}
table inet {table}
delete table inet {table}
table inet {table} {{
    chain forward {{
        type filter hook forward priority filter; policy accept;
        iifname "{interface}" oifname "{interface}" drop comment "customers do not see each other"
        iifname "{interface}" ip daddr {{ {private_v4} }} drop
        iifname "{interface}" ip6 daddr {{ {private_v6} }} drop
        iifname "{interface}" tcp flags syn tcp option maxseg size set rt mtu
        oifname "{interface}" tcp flags syn tcp option maxseg size set rt mtu
        oifname "{interface}" ct state established,related accept
        oifname "{interface}" drop comment "nobody calls on customers"
    }}
    chain input {{
        type filter hook input priority filter; policy accept;
        iifname "{interface}" drop comment "nor do customers see the server itself"
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {network_v4} oifname != "{interface}" masquerade
        ip6 saddr {network_v6} oifname != "{interface}" masquerade
    }}
}}
"""

UNIT = """\
{made_by}
[Unit]
Description=Put the shop's peers back onto {interface}
Requires={quick}@{interface}.service
After={quick}@{interface}.service
PartOf={quick}@{interface}.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={call}
StandardInput=data
StandardInputText={{"op": "apply"}}

[Install]
WantedBy=multi-user.target {quick}@{interface}.service
"""


def interface_file(wanted: Installation, machine: Machine) -> bytes:
    """What wg-quick(8) reads. The key stays in a file of its own; the peers are the program's."""
    addresses = [str(wanted.ipv4), *([str(wanted.ipv6)] if machine.has_ipv6 else [])]
    disguise = () if wanted.obfuscation is None else wanted.obfuscation.lines()
    return INTERFACE.format(
        made_by=MADE_BY,
        addresses=", ".join(addresses),
        port=wanted.listen_port,
        mtu=wanted.mtu,
        disguise="".join(f"{line}\n" for line in disguise),
        tool=wanted.tool,
        key_file=wanted.key_file,
        firewall_file=wanted.firewall_file,
        table=wanted.firewall_table,
    ).encode()


def firewall_file(wanted: Installation) -> bytes:
    """What nft(8) reads: it replaces the table as a whole, at once."""
    return FIREWALL.format(
        made_by=MADE_BY,
        table=wanted.firewall_table,
        interface=wanted.interface,
        private_v4=PRIVATE_V4,
        private_v6=PRIVATE_V6,
        network_v4=wanted.network_v4,
        network_v6=wanted.network_v6,
    ).encode()


def sysctl_file(machine: Machine) -> bytes:
    """What sysctl(8) reads.

    A kernel that forwards IPv6 ignores router advertisements, and with them its own default
    route, unless it is told otherwise for that interface.
    """
    lines = [MADE_BY, "net.ipv4.ip_forward = 1"]
    if machine.has_ipv6:
        if machine.ipv6_uplink:
            lines.append(f"net/ipv6/conf/{machine.ipv6_uplink}/accept_ra = 2")
        lines.append("net.ipv6.conf.all.forwarding = 1")
    return "\n".join([*lines, ""]).encode()


def sudoers_file(wanted: Installation) -> bytes:
    """The one command that the account may run as root."""
    return f"{MADE_BY}\n{ACCOUNT} ALL=(root) NOPASSWD: {wanted.program_call}\n".encode()


def authorized_keys_file(wanted: Installation) -> bytes:
    """The shop's key, good for that command and nothing else."""
    forced = f'restrict,command="sudo -n {wanted.program_call}"'
    return f"{forced} {wanted.shop_key} wgshop\n".encode()


def unit_file(wanted: Installation) -> bytes:
    """What systemd reads."""
    return UNIT.format(
        made_by=MADE_BY,
        interface=wanted.interface,
        quick=wanted.quick,
        call=wanted.program_call,
    ).encode()
