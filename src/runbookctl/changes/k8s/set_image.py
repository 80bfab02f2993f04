"""Set the image of one container of a workload."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Mutation

INVERSE = "k8s.set_image"
LEVEL = "workload"
_KINDS = ("deployment", "statefulset", "daemonset", "cronjob")


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`owner`: deployment/ml/trainer. `image`: a reference, best with a digest."""

    owner: str
    container: str
    image: str
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Patch the pod template, as `kubectl set image` does: the workload replaces its pods."""
    owner = cluster.owner(params.owner, params.namespace, "k8s.set_image", _KINDS)
    container, image = _holes.container(params.container), _holes.image(params.image)
    path = (*owner.pod_spec(), "containers")
    body: Any = [{"name": container, "image": image}]
    for key in reversed(path):
        body = {key: body}
    return Mutation(
        subjects=(owner.subject(),),
        calls=(owner.patch(body),),
        commands=(
            cluster.kubectl("set", "image", owner.argument(), f"{container}={image}", namespace=owner.namespace),
        ),
        says=f"image of {container}: {image}",
        reads=(owner.read(path),),
    )
