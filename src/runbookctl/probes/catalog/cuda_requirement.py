"""Whether the images on a node get along with its driver: their CUDA requirement, evaluated as the runtime does.

Pure; asks nothing outside. An image whose requirement is known is judged by it. Of an image that only names its CUDA
version in its tag the answer is certain at both ends (driver new enough for that CUDA; driver older than its major
version allows) and unknown between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import cuda as catalogue
from runbookctl.catalog import versions
from runbookctl.catalog.cuda import Requirement
from runbookctl.model import Compute, Cut, Raw, Request, Subject, Version

FORMS = ("computed",)
SUBJECT = {
    "namespace": "namespace", "pod": "pod", "pod_uid": "pod_uid", "container": "container", "node": "node",
    "workload": "owner",
}  # fmt: skip
KIND = "state"
ONE = False

_OFFICIAL = "/nvidia/cuda:"  # on any registry
_Text = str | None


class Image(Struct, frozen=True):
    """What is needed of a reading of `k8s.gpu_images`."""

    namespace: _Text = None
    pod: _Text = None
    pod_uid: _Text = None
    container: _Text = None
    node: _Text = None
    owner: _Text = None
    image: _Text = None
    cuda: _Text = None
    require: _Text = None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The images, and what `gpu.driver_versions` says of the node's driver."""

    images: tuple[Image, ...]
    driver: Version | None = None
    cuda: Version | None = None
    arch: Version | None = None
    brand: str | None = None


class Reading(model.Reading, frozen=True, kw_only=True):
    """One container's image against the driver."""

    satisfied: Annotated[bool | UnsetType, Meta(description="unset where it cannot be said")] = UNSET
    reason: Annotated[str, Meta(description="why not, in the runtime's own words where it would refuse")] = ""
    image: str | UnsetType = UNSET
    owner: Annotated[str | UnsetType, Meta(description="workload: deployment/trainer")] = UNSET
    namespace: str | UnsetType = UNSET
    pod: str | UnsetType = UNSET
    pod_uid: str | UnsetType = UNSET
    container: str | UnsetType = UNSET
    node: str | UnsetType = UNSET
    requires: Annotated[str | UnsetType, Meta(description="the expression that was evaluated")] = UNSET
    cuda: Annotated[Version | UnsetType, Meta(description="CUDA version of the image")] = UNSET
    driver: Annotated[Version | UnsetType, Meta(description="driver of the node")] = UNSET


def request(params: Params) -> Request:
    """Compute from readings of other steps."""
    return Compute(form="computed", values=msgspec.to_builtins(params))


def obtain(subject: Subject) -> str:
    """Return the command that shows image and driver of the subject's node."""
    where = f" --field-selector spec.nodeName={subject.node}" if subject.node else ""
    return f"kubectl get pods -A{where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read the parameters, and judge each image that names a requirement or a CUDA version."""
    try:
        params = msgspec.json.decode(raw.body, type=Params)
    except (ValueError, RecursionError):
        yield Cut(why="the parameters are not whole")
        return
    for image in params.images:
        if image.require or image.cuda:
            yield _reading(image, params)


def _reading(image: Image, params: Params) -> Reading:
    expression, outcome = _judged(image, params)
    return Reading(
        satisfied=UNSET if outcome.satisfied is None else outcome.satisfied,
        reason=_sentence(image, params, outcome),
        image=image.image or UNSET,
        owner=image.owner or UNSET,
        namespace=image.namespace or UNSET,
        pod=image.pod or UNSET,
        pod_uid=image.pod_uid or UNSET,
        container=image.container or UNSET,
        node=image.node or UNSET,
        requires=expression or UNSET,
        cuda=image.cuda or UNSET,
        driver=params.driver or UNSET,
    )


def _judged(image: Image, params: Params) -> tuple[str, Requirement]:
    """Return the expression that was evaluated (empty: none is known), and the outcome."""
    served = params.cuda or (catalogue.served_by(params.driver) if params.driver else None)
    official = bool(image.image and image.cuda) and _OFFICIAL in f"/{image.image}"
    expression = image.require or ((catalogue.label(image.cuda or "") or "") if official else "")
    if expression:
        return expression, catalogue.evaluate_requirement(
            expression, driver=params.driver, driver_cuda=served, arch=params.arch, brand=params.brand
        )
    return "", _by_version(image.cuda or "", params.driver, served)


def _by_version(cuda: str, driver: str | None, served: str | None) -> Requirement:
    numbers = versions.parts(cuda) or ()
    enough = versions.compare(served, ".".join(map(str, numbers[:2]))) if served and len(numbers) > 1 else None
    if enough is not None and enough >= 0:
        return Requirement(satisfied=True, reason="")
    allowed = catalogue.by_documentation(cuda, driver) if driver else None
    if allowed is False:
        one = catalogue.toolkit(cuda)
        if one is not None and versions.branch(driver) in one.compat_branches:
            return Requirement(satisfied=None, reason="runs only with the forward-compatibility package in the image")
        return Requirement(satisfied=False, reason=f"CUDA {cuda} needs driver {_lowest(cuda)} or newer")
    return Requirement(satisfied=None, reason="not known what the image's NVIDIA_REQUIRE_CUDA asks for")


def _lowest(cuda: str) -> str:
    one = catalogue.toolkit(cuda)
    return "" if one is None else (one.bundled if one.own_driver else one.minimum or one.bundled)


def _sentence(image: Image, params: Params, outcome: Requirement) -> str:
    if outcome.satisfied is True or not outcome.reason:
        return outcome.reason
    served = params.cuda or (catalogue.served_by(params.driver) if params.driver else None)
    driver = f"driver {params.driver}" if params.driver else "driver not known"
    return f"{image.image or 'image'}: {outcome.reason}; {driver}{f' (CUDA {served})' if served else ''}"
