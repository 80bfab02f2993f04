"""Load the installed NVIDIA kernel modules in place of the old ones."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, NodeCall, Read
from runbookctl.errors import InputError
from runbookctl.model import ReadFile, Subject

INVERSE = None
LEVEL = "node"
# Holders before what they hold. Source: NVIDIA driver README, "Installed Components"; gpu-driver-container scripts.
_MODULES = ("nvidia_peermem", "nvidia_uvm", "nvidia_drm", "nvidia_modeset", "nvidia")
_NOT_THERE = 5  # systemctl: one of the units is not loaded


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`services`: what keeps the devices open on this node; stopped before and started after."""

    node: str
    services: tuple[str, ...] = ("nvidia-persistenced",)


def plan(params: Params) -> Mutation:
    """Stop the services, remove the modules, load them again, start the services.

    A module that a program still uses is not removed, and nothing after that is done.
    """
    node = _holes.node(params.node)
    units = tuple(_holes.unit(each) for each in params.services)
    if len(units) > 20:
        raise InputError("node.reload_nvidia stops at most 20 services")
    steps: list[tuple[tuple[str, ...], tuple[int, ...]]] = [
        (("sudo", "modprobe", "-r", *_MODULES), (0,)),
        (("sudo", "modprobe", "-a", "nvidia", "nvidia_modeset", "nvidia_drm", "nvidia_uvm"), (0,)),
    ]
    if units:
        steps.insert(0, (("sudo", "systemctl", "stop", *units), (0, _NOT_THERE)))
        steps.append((("sudo", "systemctl", "start", *units), (0, _NOT_THERE)))
    loaded = ReadFile(form="unrecognised", node=node, path="/proc/driver/nvidia/version")
    return Mutation(
        subjects=(Subject(node=node),),
        calls=tuple(NodeCall(node=node, argv=argv, accept=accept) for argv, accept in steps),
        commands=tuple(_holes.over_ssh(node, argv) for argv, _ in steps),
        says=f"loads the installed NVIDIA modules on {node}",
        reads=(Read(id="loaded", request=loaded, keep=((),)),),
    )
