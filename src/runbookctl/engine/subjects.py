"""When do two readings speak of the same thing? Subjects, their second names, and who agrees with whom. Pure.

Source: the rules of docs/language.md, "Subjects".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import structs

from runbookctl.model import LEVELS, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEYS = tuple(key for key in Subject.__struct_fields__ if key != "container_id")
_WIDE = frozenset({"cluster", "namespace"})  # shared by so many things that sharing them alone says nothing
_SECOND = {"gpu_uuid": "gpu", "pod_uid": "pod"}
_OF_A_MACHINE = frozenset({"piece", "gpu", "gpu_uuid", "mig"})
_DEPTH = {key: LEVELS.index(_SECOND.get(key, key)) for key in _KEYS}


@lru_cache(maxsize=100_000)
def keys(subject: Subject) -> Mapping[str, str]:
    """Return the names that a subject gives, by key.

    A container id names one instance of a container: it only leads to the container's name, and two ids do not make
    two containers.
    """
    return {key: value for key in _KEYS if (value := getattr(subject, key)) is not None}


@lru_cache(maxsize=100_000)
def deepest(subject: Subject) -> str:
    """Return the deepest level that a subject names, or nothing."""
    named = keys(subject)
    return LEVELS[max(_DEPTH[key] for key in named)] if named else ""


def unnamed(subject: Subject) -> bool:
    """Tell whether a subject names nothing but the piece it stands in."""
    return not (keys(subject).keys() - {"piece"})


@lru_cache(maxsize=100_000)
def has_level(subject: Subject, level: str) -> bool:
    """Tell whether a subject names a level, by either name."""
    return any(_SECOND.get(key, key) == level for key in keys(subject))


def differ(left: Subject, right: Subject) -> bool:
    """Tell whether two subjects give a level different names."""
    names = keys(right)
    return any(names.get(key, value) != value for key, value in keys(left).items())


def agree(left: Subject, right: Subject) -> bool:
    """Tell whether two subjects name a common level and differ in none.

    A shared cluster or namespace alone is common only with something that names nothing deeper: two pods whose
    names are told in different ways (one by uid, one by name) do not agree because they share a namespace.
    """
    ours, theirs = keys(left), keys(right)
    common = False
    wide = False
    for key, value in ours.items():
        other = theirs.get(key)
        if other is None:
            continue
        if other != value:
            return False
        if key in _WIDE:
            wide = True
        else:
            common = True
    return common or (wide and (_only_wide(ours) or _only_wide(theirs)))


def _only_wide(names: Mapping[str, str]) -> bool:
    return all(key in _WIDE for key in names)


@lru_cache(maxsize=100_000)
def at_level(subject: Subject, level: str) -> Subject | None:
    """Return the part of a subject down to `level` (`about: node`), or None when it does not name that level."""
    if not has_level(subject, level):
        return None
    named = keys(subject)
    if level in ("pod", "workload", "service", "job", "namespace"):
        keep: tuple[str, ...] = ("cluster", "namespace")
    elif level == "container":
        keep = ("cluster", "namespace", "pod", "pod_uid")
    elif level in ("gpu", "mig"):
        keep = ("cluster", "node", "gpu", "gpu_uuid")
    else:
        keep = ("cluster",)
    own = tuple(key for key in named if _SECOND.get(key, key) == level)
    return Subject(**{key: named[key] for key in (*keep, *own) if key in named})


def _called(path: str, name: str) -> bool:
    """Tell whether a file name holds a name as a word of its own."""
    start = path.find(name)
    while start >= 0:
        before, after = path[start - 1 : start], path[start + len(name) : start + len(name) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        start = path.find(name, start + 1)
    return False


def _short_names(nodes: set[str]) -> dict[str, str]:
    """Return for short names of nodes the whole name (`gpu-7` for `gpu-7.example.org`), where there is only one."""
    whole: dict[str, set[str]] = {}
    for node in nodes:
        short, dot, _ = node.partition(".")
        if dot:
            whole.setdefault(short, set()).add(node)
    return {short: names.pop() for short, names in whole.items() if len(names) == 1 and short in nodes}


class Names:
    """Second names: learns which uid is which pod, which UUID is which GPU, and completes subjects with them."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        """Learn from every subject that gives two names of one thing."""
        self._containers: dict[tuple[str, str], set[str]] = {}
        self._known: dict[tuple[str, ...], dict[str, str | None]] = {}
        known = set(subjects)
        self._short = _short_names({subject.node for subject in known if subject.node})
        for subject in known:
            self._learn(self._with_whole_node(subject))
        self._completed: dict[Subject, Subject] = {}
        nodes = {self._short.get(subject.node, subject.node) for subject in known if subject.node}
        self._only_node = nodes.pop() if len(nodes) == 1 else None

    def _learn(self, subject: Subject) -> None:
        pod = (subject.namespace, subject.pod)
        if subject.namespace and subject.pod:
            known = self._containers.setdefault((subject.namespace, subject.pod), set())
            known |= {subject.container} if subject.container else set()
        facts = {"namespace": subject.namespace, "pod": subject.pod, "pod_uid": subject.pod_uid, "node": subject.node}
        if subject.pod_uid:
            self._note(("pod_uid", subject.pod_uid), facts)
        if subject.pod and subject.namespace:
            self._note(("pod name", subject.pod), facts)
            self._note(("pod", *(part or "" for part in pod)), facts)
        if subject.container_id:
            more = {**facts, "container": subject.container, "container_id": subject.container_id}
            self._note(("container_id", subject.container_id), more)
        gpu = {"gpu": subject.gpu, "gpu_uuid": subject.gpu_uuid, "node": subject.node}
        if subject.gpu_uuid:
            self._note(("gpu_uuid", subject.gpu_uuid), gpu)
        if subject.gpu:
            self._note(("gpu", subject.node or "", subject.gpu), gpu)

    def _note(self, name: tuple[str, ...], facts: Mapping[str, str | None]) -> None:
        known = self._known.setdefault(name, {})
        for key, value in facts.items():
            if value is None:
                continue
            if key in known and known[key] != value:
                known[key] = None  # two answers: no answer (a StatefulSet's pod has had two uids)
            else:
                known.setdefault(key, value)

    def complete(self, subject: Subject) -> Subject:
        """Return the subject with every further name that is known of it without doubt."""
        done = self._completed.get(subject)
        if done is None:
            named = self._of_file(subject) if subject.piece and unnamed(subject) else subject
            done = self._completed[subject] = self._complete(self._with_whole_node(named))
        return done

    def on_the_only_node(self, subject: Subject) -> Subject:
        """Return a machine, or a GPU, that names no node under the one node that all the evidence names."""
        if self._only_node is None or keys(subject).keys() - _OF_A_MACHINE:
            return subject
        return structs.replace(subject, node=self._only_node, piece=None)

    def _with_whole_node(self, subject: Subject) -> Subject:
        """Give a node that is named by its short name (a kernel log's host) the one whole name that is known of it."""
        whole = self._short.get(subject.node) if subject.node else None
        return structs.replace(subject, node=whole) if whole else subject

    def _of_file(self, subject: Subject) -> Subject:
        """Name the pod of a file that is called by exactly one known pod (`logs-trainer-0-app.txt`)."""
        path = subject.piece or ""
        found = {pod for pod in self._containers if _called(path, pod[1])}
        longest = {pod for pod in found if not any(pod[1] != other[1] and pod[1] in other[1] for other in found)}
        if len(longest) != 1:
            return subject
        namespace, pod = longest.pop()
        rest = path.replace(pod, "/", 1)
        containers = self._containers[namespace, pod]
        named = {name for name in containers if _called(rest, name)} or containers
        container = named.pop() if len(named) == 1 else None
        return Subject(namespace=namespace, pod=pod, container=container)

    def _complete(self, subject: Subject) -> Subject:
        for name in self._names_of(subject):
            more = {
                key: value
                for key, value in self._known.get(name, {}).items()
                if value is not None and getattr(subject, key) is None
            }
            if more:
                subject = structs.replace(subject, **more)
        return subject

    @staticmethod
    def _names_of(subject: Subject) -> Iterable[tuple[str, ...]]:
        if subject.container_id:
            yield ("container_id", subject.container_id)
        if subject.pod_uid:
            yield ("pod_uid", subject.pod_uid)
        if subject.pod and not subject.namespace:
            yield ("pod name", subject.pod)
        if subject.pod and subject.namespace:
            yield ("pod", subject.namespace, subject.pod)
        if subject.gpu_uuid:
            yield ("gpu_uuid", subject.gpu_uuid)
        if subject.gpu:
            yield ("gpu", subject.node or "", subject.gpu)
