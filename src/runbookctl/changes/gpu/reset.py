"""Reset one GPU, or every GPU of a node."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, NodeCall, Read
from runbookctl.model import NodeCommand, Subject

INVERSE = None
LEVEL = "gpu"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`gpu`: PCI address as the driver prints it, or UUID; without it every GPU of the node."""

    node: str
    gpu: str | None = None


def plan(params: Params) -> Mutation:
    """Reset through nvidia-smi; it refuses while a program uses the GPU.

    Source: nvidia-smi(1): `--gpu-reset` needs root; `-i` takes an index, a UUID or a PCI address. Boards that share an
    NVSwitch may have to be reset together: nvidia-smi says so, and then `gpu` is left out.
    """
    node = _holes.node(params.node)
    gpu = None if params.gpu is None else _holes.gpu(params.gpu)
    which = () if gpu is None else ("-i", gpu)
    argv = ("sudo", "nvidia-smi", "--gpu-reset", *which)
    users = ("nvidia-smi", "--query-compute-apps=gpu_uuid,pid,process_name", "--format=csv", *which)
    if gpu is None:
        subject = Subject(node=node)
    elif gpu.startswith("GPU-"):
        subject = Subject(node=node, gpu_uuid=gpu)
    else:
        subject = Subject(node=node, gpu=gpu)
    return Mutation(
        subjects=(subject,),
        calls=(NodeCall(node=node, argv=argv),),
        commands=(_holes.over_ssh(node, argv),),
        says=f"resets {'every GPU' if gpu is None else f'GPU {gpu}'} of {node}",
        reads=(Read(id="users", request=NodeCommand(form="unrecognised", node=node, argv=users), keep=((),)),),
    )
