"""Where an address is: on this machine, or beyond it."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own: ``localhost``, 127.0.0.0/8, ::1."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
