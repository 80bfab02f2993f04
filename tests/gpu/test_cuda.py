"""NVIDIA_REQUIRE_CUDA as the container runtime evaluates it, and CUDA against drivers."""

from __future__ import annotations

from typing import Any

import pytest
from gpu_reading import read, readings
from msgspec import UNSET

from runbookctl.catalog import cuda
from runbookctl.model import Compute, to_json
from runbookctl.probes.catalog import cuda_requirement
from runbookctl.probes.catalog.cuda_requirement import Image, Params

BELOW = "below"  # older than the documentation allows, accepted by the image's label (forward compatibility)
REFUSED = "refused"  # allowed by the documentation, refused by the label

# Computed with NVIDIA's own evaluator (libnvidia-container, dsl.c), brand Tesla.
PAIRS = [
    *((f"12.{minor}", "470.256.02", "11.4", BELOW) for minor in ("0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "8.1")),
    *(("13.0.2", driver, served, BELOW) for driver, served in (
        ("535.183.06", "12.2"), ("535.288.01", "12.2"), ("550.54.14", "12.4"), ("550.144.03", "12.4"), ("565.57.01", "12.7"),
        ("570.26", "12.8"), ("570.124.06", "12.8"), ("575.57.08", "12.9"))),
    ("11.7.1", "510.108.03", "11.6", REFUSED), ("11.8.0", "510.108.03", "11.6", REFUSED), ("11.8.0", "515.105.01", "11.7", REFUSED),
    *((f"12.{minor}.0", "530.30.02", "12.1", REFUSED) for minor in (2, 3, 4, 5, 6)),
    *((f"12.{minor}.0", "545.23.08", "12.3", REFUSED) for minor in (4, 5, 6)),
    ("12.5.0", "525.147.05", "12.0", REFUSED), ("12.6.0", "525.147.05", "12.0", REFUSED), ("12.6.0", "555.42.06", "12.5", REFUSED),
    *((version, driver, served, REFUSED) for version in ("12.8.1", "12.9.1") for driver, served in (
        ("525.147.05", "12.0"), ("530.30.02", "12.1"), ("545.23.08", "12.3"), ("555.42.06", "12.5"))),
]  # fmt: skip


@pytest.mark.parametrize(("image", "driver", "served", "case"), PAIRS)
def test_label_and_documentation_disagree_as_nvidia_computed(image: str, driver: str, served: str, case: str) -> None:
    """For these pairs the image's label says the opposite of the documentation, in the runtime's words."""
    expression = cuda.label(image)
    assert expression is not None
    found = cuda.evaluate_requirement(expression, driver=driver, driver_cuda=served, arch="8.0", brand="Tesla")
    assert found.satisfied is (case == BELOW)
    assert cuda.by_documentation(image, driver) is (case == REFUSED)
    assert cuda.served_by(driver) == served
    if case == REFUSED:
        minor = ".".join(image.split(".")[:2])
        assert found.reason == f"unsatisfied condition: cuda>={minor}{cuda.ADVICE}"


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("cuda>=12.4", True), ("cuda>=12.5", False), ("cuda>=12", True), ("cuda>12.4", False), ("cuda=12.4", True),
        ("cuda!=12.4", False), ("cuda<=12.4.0", True), ("cuda<12.10", True), ("driver>=550,driver<551", True),
        ("driver<550.144.3", False), ("driver<550.144.03.1", True), ("arch>=9.0", True), ("arch<9.0", False),
        ("brand=tesla", False), ("brand=NVIDIA", True), ("brand!=tesla", True), ("brand<tesla", False),
        ("cuda>=13.0 brand=nvidia,driver>=550,driver<551", True), ("cuda>=13.0 brand=tesla,driver>=550", False),
        ("cuda>=13.0  driver>=500,", True), ("", True), ("   ", True), ("nonsense", None), ("cuda>=x", None),
        ("nonsense cuda>=12.0", True), ("cuda>=13.0 nonsense", None), ("cuda>=13.0,nonsense", False),
    ],
)  # fmt: skip
def test_an_expression(expression: str, outcome: bool | None) -> None:
    """A space is "or", a comma is "and", versions compare number by number; nonsense decides nothing."""
    found = cuda.evaluate_requirement(expression, driver="550.144.03", driver_cuda="12.4", arch="9.0", brand="nvidia")
    assert found.satisfied is outcome
    assert bool(found.reason) is (outcome is not True)


def test_a_fact_that_is_not_known_leaves_its_conditions_unknown() -> None:
    """Unknown never refuses and never accepts, unless another condition decides."""
    nothing: dict[str, Any] = {"driver": None, "driver_cuda": None, "arch": None, "brand": None}
    assert cuda.evaluate_requirement("cuda>=12.4", **nothing).satisfied is None
    some = nothing | {"driver": "545.23.08", "driver_cuda": "12.3"}
    assert cuda.evaluate_requirement("cuda>=12.4 brand=tesla,driver>=535,driver<536", **some).satisfied is False
    assert cuda.evaluate_requirement("cuda>=12.4 brand=tesla,driver>=545,driver<546", **some).satisfied is None


def test_toolkits() -> None:
    """A version without a patch is its newest patch; unknown ones are None."""
    newest = cuda.toolkit("12.4")
    assert newest is not None
    assert (newest.cuda, newest.bundled, newest.minimum) == ("12.4.1", "550.54.15", "525.60.13")
    assert cuda.toolkit("99.9") is None
    assert cuda.toolkit("twelve") is None
    assert cuda.by_documentation("10.0", "410.47") is False
    assert cuda.by_documentation("99.9", "550.54.15") is None


def judged(image: Image, **facts: str) -> Any:
    """Return the reading of one image."""
    request = cuda_requirement.request(Params(images=(image,), **facts))
    assert isinstance(request, Compute)
    (one,) = readings("catalog.cuda_requirement", to_json(request.values), request.form)
    return one


@pytest.mark.parametrize(
    ("image", "satisfied"),
    [
        (Image(image="nvcr.io/nvidia/cuda:12.6.3-base-ubuntu22.04", cuda="12.6.3"), True),  # branch 550 is listed in it
        (Image(image="nvcr.io/nvidia/cuda:13.1.0-base-ubuntu24.04", cuda="13.1.0"), False),
        (Image(image="nvidia/cuda:12.4.1-runtime", cuda="12.4.1"), True),
        (Image(image="lab/serve:1-cu124", cuda="12.4"), True),
        (Image(image="lab/serve:1-cu126", cuda="12.6"), UNSET),  # the image may or may not carry the label
        (Image(image="lab/serve:1-cu130", cuda="13.0"), UNSET),  # only with the compatibility package
        (Image(image="lab/serve:1-cu131", cuda="13.1"), False),
        (Image(image="lab/serve:1", require="cuda>=12.8"), False),
        (Image(image="lab/serve:1", require="cuda>=12.8 brand=nvidia,driver>=550,driver<551"), True),
    ],
)
def test_an_image_against_a_driver(image: Image, satisfied: Any) -> None:
    """A known requirement is evaluated; a mere CUDA version is certain only at both ends."""
    one = judged(image, driver="550.144.03", arch="9.0", brand="nvidia")
    assert one.satisfied is satisfied
    if satisfied is False:
        assert "550.144.03 (CUDA 12.4)" in one.reason


def test_nvidias_own_image_is_judged_by_its_label() -> None:
    """The same image is refused on a card whose brand its label does not list."""
    image = Image(image="nvidia/cuda:12.6.3-base", cuda="12.6.3")
    one = judged(image, driver="550.144.03", arch="8.9", brand="geforce")
    assert one.satisfied is False
    assert one.requires.startswith("cuda>=12.6 brand=")
    assert (
        one.reason
        == f"nvidia/cuda:12.6.3-base: unsatisfied condition: cuda>=12.6{cuda.ADVICE}; driver 550.144.03 (CUDA 12.4)"
    )


def test_an_image_that_names_nothing_is_not_judged() -> None:
    """Without a requirement or a version there is nothing to say; broken parameters are a cut."""
    body = to_json(cuda_requirement.request(Params(images=(Image(image="x"),), driver="550.54.15")).values)  # type: ignore[attr-defined]
    assert read("catalog.cuda_requirement", body, "computed") == []
    (cut,) = read("catalog.cuda_requirement", body[:20], "computed")
    assert cut.why
