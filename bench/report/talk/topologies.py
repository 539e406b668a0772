"""The shapes that programs have, drawn: four pictures, each a function of nothing.

Boxes are servers, circles are clients, drums are databases. A solid line is request/reply;
in the web a dashed one is a stream, a dotted one a pipeline: not all of it is calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from random import Random

WIDTH, HEIGHT = 1200, 560
CLIENT, SERVER, DATABASE = "client", "server", "database"
RPC, STREAM, PIPE = "rpc", "stream", "pipe"
SEED = 20
TRIES, SPACE, SINGLE = 400, 12, 0.7
"""The settings of the web: its seed, how often a place is sought, the pixels between
shapes, the share of clients with one link."""


@dataclass(frozen=True)
class Node:
    x: float
    y: float
    kind: str
    label: str = ""
    r: float = 44.0


@dataclass
class Picture:
    """Nodes and the links between them; ``title`` says it to those who cannot see it."""

    title: str
    nodes: list[Node] = field(default_factory=list)
    links: list[tuple[Node, Node, str]] = field(default_factory=list)

    def node(self, x: float, y: float, kind: str, label: str = "", r: float = 44.0) -> Node:
        made = Node(x, y, kind, label, r)
        self.nodes.append(made)
        return made

    def link(self, first: Node, second: Node, kind: str = RPC) -> None:
        self.links.append((first, second, kind))


def _shape(node: Node) -> str:
    x, y, r = node.x, node.y, node.r
    if node.kind == CLIENT:
        return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{r:.0f}" class="client"/>'
    if node.kind == SERVER:
        w, h = 2.5 * r, 1.7 * r
        return (
            f'<rect x="{x - w / 2:.0f}" y="{y - h / 2:.0f}" width="{w:.0f}" '
            f'height="{h:.0f}" rx="{r / 5:.0f}" class="server"/>'
        )
    w, h, lid = 1.1 * r, 0.95 * r, 0.3 * r
    left, right, top, bottom = x - w, x + w, y - h, y + h
    return (
        f'<path d="M{left:.0f} {top:.0f} V{bottom:.0f} A{w:.0f} {lid:.0f} 0 0 0 '
        f'{right:.0f} {bottom:.0f} V{top:.0f}" class="database"/>'
        f'<ellipse cx="{x:.0f}" cy="{top:.0f}" rx="{w:.0f}" ry="{lid:.0f}" '
        'class="database"/>'
    )


def _drawn(picture: Picture) -> Iterable[str]:
    for first, second, kind in picture.links:
        yield (
            f'<line x1="{first.x:.0f}" y1="{first.y:.0f}" x2="{second.x:.0f}" '
            f'y2="{second.y:.0f}" class="{kind}"/>'
        )
    for node in picture.nodes:
        yield _shape(node)
        if node.label:
            yield (
                f'<text x="{node.x:.0f}" y="{node.y + 8:.0f}">{escape(node.label)}</text>'
            )


def svg(picture: Picture) -> str:
    """Return a picture as an SVG that takes the page's colours from its classes."""
    return (
        f'<svg class="topology" role="img" aria-label="{escape(picture.title)}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(_drawn(picture))}</svg>'
    )


def single() -> Picture:
    made = Picture("One client that calls one server")
    client = made.node(350, 280, CLIENT, "client", 88)
    server = made.node(830, 280, SERVER, "server", 88)
    made.link(client, server)
    return made


def database() -> Picture:
    made = Picture("One client that calls one server that calls one database")
    client = made.node(180, 280, CLIENT, "client", 84)
    server = made.node(590, 280, SERVER, "server", 84)
    store = made.node(1010, 280, DATABASE, "database", 84)
    made.link(client, server)
    made.link(server, store)
    return made


def servers(clients: int = 7, count: int = 3) -> Picture:
    """Many clients behind something that hands them round servers with one database."""
    made = Picture(
        "Many clients, something that hands them round several servers, one database"
    )
    middle = made.node(430, 280, SERVER, "round robin", 74)
    store = made.node(1060, 280, DATABASE, "database", 78)
    step = HEIGHT / clients
    for number in range(clients):
        last = number == clients - 2
        client = made.node(
            110,
            step * (number + 0.5),
            CLIENT,
            "\N{MIDLINE HORIZONTAL ELLIPSIS}" if last else "",
            30,
        )
        made.link(client, middle)
    for number in range(count):
        y = HEIGHT * (number + 0.5) / count
        server = made.node(
            755, y, SERVER, f"server {number + 1}" if number < count - 1 else "server N", 62
        )
        made.link(middle, server)
        made.link(server, store)
    return made


def _room(node: Node) -> float:
    """Return how far from its center a shape reaches, at most."""
    return node.r * (1.0 if node.kind == CLIENT else 1.5)


def _gap(first: Node, second: Node) -> float:
    """Return how far two shapes are apart at least; negative where they may touch."""
    between = math.hypot(first.x - second.x, first.y - second.y)
    return between - _room(first) - _room(second)


def web() -> Picture:
    """Peers of all sizes, each joined to those near it that came before, large ones first.

    Only the smallest have one link; everybody reaches everybody, and not through one node.
    """
    made = Picture("A web of peers of different sizes: databases, servers and clients")
    random = Random(SEED)
    wanted = (
        [(DATABASE, 42)] * 3 + [(SERVER, 40)] * 5 + [(SERVER, 24)] * 9
        + [(DATABASE, 22)] * 4 + [(CLIENT, 16)] * 36
    )  # fmt: skip
    for kind, r in wanted:
        for _ in range(TRIES):
            x, y = random.uniform(70, WIDTH - 70), random.uniform(50, HEIGHT - 50)
            node = Node(x, y, kind, "", r)
            if all(_gap(node, other) > SPACE for other in made.nodes):
                break
        else:
            continue
        near = sorted(made.nodes, key=lambda other: _gap(node, other))
        links = 1 if kind == CLIENT and random.random() < SINGLE else 2
        for other in near[:links]:
            made.link(node, other, random.choice((RPC, RPC, STREAM, PIPE)))
        made.nodes.append(node)
    return made


TOPOLOGIES: dict[str, Callable[[], Picture]] = {
    "single": single,
    "database": database,
    "servers": servers,
    "web": web,
}
