"""Probes: what to ask (`request`) and how to read the answer (`read`). The id of a probe is its path.

Pure: a probe imports `model`, `forms` and `catalog`, never a client. A probe module has

    '''One line that `runbookctl list probes` prints.'''
    FORMS = ("kernel log",)                     # forms its `read` understands (runbookctl.forms)
    SUBJECT = {"node": "node", "gpu": "pci"}    # subject key -> field of Reading that names it
    KIND = "event"                              # event: things that happened; state: how a thing is, one per subject
    ONE = False                                 # True: the step is the one reading, not a list
    PARTIAL = ("nvidia_smi_csv",)               # optional: forms that tell only a part by their nature; what a pasted
                                                # text of such a form leaves out counts as not given
    KEY = ("type",)                             # optional, state: fields that tell readings of one subject apart
    ALL_NODES = True                            # optional: readings about nodes; an item that has no node is concerned
                                                # by all of them (any node could take a pod that waits for one)
    class Params(Struct, frozen=True, forbid_unknown_fields=True): ...
    class Reading(model.Reading, frozen=True, kw_only=True): ...
    def request(params: Params) -> Request | tuple[Request, ...]: ...
    def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]: ...
    def obtain(subject: Subject) -> str: ...    # the command that gets this evidence for that subject

A parameter declared as one value (`node: str`) that is given a list is asked once per value.
"""

from __future__ import annotations

from types import ModuleType

from runbookctl import by_path


def load(probe: str) -> ModuleType | None:
    """Return the module of a probe (`gpu.xid`), or None when there is none."""
    return by_path.load(__name__, probe)


def ids() -> tuple[str, ...]:
    """Return the ids of all shipped probes, sorted."""
    return by_path.ids(__name__)
