"""Replace the pods of a workload by new ones of the same kind."""

from __future__ import annotations

from msgspec import Struct, structs

from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Fill, Mutation

INVERSE = None  # the pods that ended do not come back
LEVEL = "workload"
_KINDS = ("deployment", "statefulset", "daemonset")
_STAMP = "kubectl.kubernetes.io/restartedAt"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`owner`: deployment/ml/trainer."""

    owner: str
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Stamp the pod template with the time of the call, as `kubectl rollout restart` does."""
    owner = cluster.owner(params.owner, params.namespace, "k8s.rollout_restart", _KINDS)
    annotations = ("spec", "template", "metadata", "annotations")
    call = owner.patch({"spec": {"template": {"metadata": {"annotations": {}}}}})
    stamp = Fill(into=(*annotations, _STAMP), read="call", take=("time",))
    return Mutation(
        subjects=(owner.subject(),),
        calls=(structs.replace(call, fills=(*call.fills, stamp)),),
        commands=(cluster.kubectl("rollout", "restart", owner.argument(), namespace=owner.namespace),),
        says=f"replaces every pod of {owner}",
        reads=(owner.read((*annotations, _STAMP)),),
    )
