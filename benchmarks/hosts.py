"""Two hosts on one machine: network namespaces with a router between them, whose cable can be pulled.

::

    near 10.99.1.2 --- 10.99.1.1 router 10.99.2.1 --- 10.99.2.2 far        the link that is cut
    near 10.99.3.2 --- 10.99.3.1 this machine 10.99.4.1 --- 10.99.4.2 far  the world outside (Slack), never cut

The router stops forwarding when the link is cut: packets vanish without a word, as they do when something between two
machines fails, and neither end's own card notices.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

#: Where both hosts find the world outside, and where the far host finds the near one.
OUTSIDE, NEAR, FAR = "10.99.3.1", "10.99.1.2", "10.99.2.2"


class RefusedError(RuntimeError):
    """Network namespaces are not allowed here."""


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)  # noqa: S603, S607 - our own words
    if done.returncode:
        raise RefusedError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The two hosts and what is between them, by the names of their namespaces."""

    near: str
    far: str
    router: str

    def on(self, name: str) -> tuple[str, ...]:
        """What a command begins with that is to run on a host."""
        return ("ip", "netns", "exec", name)

    def cut(self) -> None:
        """Let nothing pass between the two."""
        self._forward("0")

    def join(self) -> None:
        """Let everything pass again."""
        self._forward("1")

    def _forward(self, value: str) -> None:
        write = f"echo {value} > /proc/sys/net/ipv4/ip_forward"
        subprocess.run([*self.on(self.router), "sh", "-c", write], check=True)  # noqa: S603 - our own words


@contextmanager
def two_hosts() -> Iterator[Hosts]:
    """Both hosts, joined, until the block ends.

    Raises
    ------
    RefusedError
        Not root, or network namespaces are refused.
    """
    mark = os.getpid() % 100_000
    hosts = Hosts(near=f"tocsin-near-{mark}", far=f"tocsin-far-{mark}", router=f"tocsin-mid-{mark}")
    with ExitStack() as at_end:
        for name in (hosts.near, hosts.far, hosts.router):
            _ip("netns", "add", name)
            at_end.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            _ip("-n", name, "link", "set", "lo", "up")
        _cable(mark, 1, (hosts.near, "10.99.1.2"), (hosts.router, "10.99.1.1"))
        _cable(mark, 2, (hosts.far, "10.99.2.2"), (hosts.router, "10.99.2.1"))
        _cable(mark, 3, (hosts.near, "10.99.3.2"), ("", "10.99.3.1"))
        _cable(mark, 4, (hosts.far, "10.99.4.2"), ("", "10.99.4.1"))
        _ip("-n", hosts.near, "route", "add", "10.99.2.0/30", "via", "10.99.1.1")
        _ip("-n", hosts.far, "route", "add", "10.99.1.0/30", "via", "10.99.2.1")
        _ip("-n", hosts.far, "route", "add", "10.99.3.0/30", "via", "10.99.4.1")
        hosts.join()
        yield hosts


def _cable(mark: int, number: int, *ends: tuple[str, str]) -> None:
    """A cable between two namespaces (empty: this machine's own), each end with its address."""
    names = [f"tc{number}{side}{mark}" for side in "ab"]
    _ip("link", "add", names[0], "type", "veth", "peer", "name", names[1])
    for name, (namespace, address) in zip(names, ends, strict=True):
        if namespace:
            _ip("link", "set", name, "netns", namespace)
        inside = ("-n", namespace) if namespace else ()
        _ip(*inside, "address", "add", f"{address}/30", "dev", name)
        _ip(*inside, "link", "set", name, "up")
