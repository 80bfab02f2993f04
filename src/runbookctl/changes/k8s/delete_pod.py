"""Delete one pod, so that its owner makes a new one."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import ApiCall, Fill, Mutation

INVERSE = None  # the new pod is another one
LEVEL = "pod"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`pod`: trainer-0 or ml/trainer-0."""

    pod: str
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Delete exactly the pod that was read: another one of the same name gives 409 (threat model S33)."""
    pod = cluster.pod(params.pod, params.namespace)
    call = ApiCall(
        method="DELETE",
        segments=pod.segments(),
        body={"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {}},
        fills=(Fill(into=("preconditions", "uid"), read="pod", take=("metadata", "uid")),),
    )
    return Mutation(
        subjects=(pod.subject(),),
        calls=(call,),
        commands=(cluster.kubectl("delete", "pod", pod.name, namespace=pod.namespace),),
        says=f"deletes {pod.subject()}; its owner makes another one",
        reads=(pod.read(("metadata", "ownerReferences")),),
    )
