"""Names that wait for each other in a circle. Pure, and without recursion: a hostile file may name thousands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

Graph = Mapping[str, Collection[str]]


def in_order(graph: Graph) -> list[tuple[str, ...]]:
    """Return the names, each after those it needs; names of one circle come together (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    stacked: set[str] = set()
    groups: list[tuple[str, ...]] = []
    for root in graph:
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(()))]
        while work:
            name, needs = work[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
                stacked.add(name)
                needs = iter(sorted(each for each in graph[name] if each in graph))
                work[-1] = (name, needs)
            following = next(needs, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    groups.append(_unwound(stack, stacked, name))
            elif following not in index:
                work.append((following, iter(())))
            elif following in stacked:
                low[name] = min(low[name], index[following])
    return groups


def _unwound(stack: list[str], stacked: set[str], name: str) -> tuple[str, ...]:
    group = []
    while True:
        last = stack.pop()
        stacked.discard(last)
        group.append(last)
        if last == name:
            return tuple(sorted(group))


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """Return one circle of each group of names that need each other, its first name repeated at the end."""
    return [_walk(graph, group) for group in in_order(graph) if len(group) > 1 or group[0] in graph[group[0]]]


def _walk(graph: Graph, group: tuple[str, ...]) -> tuple[str, ...]:
    """Return the shortest way from the first name of a group back to itself."""
    start, members = group[0], set(group)
    came_from: dict[str, str] = {}
    ring = [start]
    while ring:
        following = []
        for name in ring:
            for need in sorted(graph[name]):
                if need == start:
                    way = [name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return (*reversed(way), start)
                if need in members and need not in came_from:
                    came_from[need] = name
                    following.append(need)
        ring = following
    return (*group, start)
