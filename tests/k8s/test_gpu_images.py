"""Images of GPU containers: what names and specs say of CUDA, and what they do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from k8s_reading import cuts, raw, readings
from msgspec import UNSET


def pods(*containers: dict[str, Any], phase: str = "Running") -> str:
    """Return a list of one pod."""
    return json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [{
        "metadata": {"name": "train-0", "namespace": "ml", "uid": "u1"},
        "spec": {"nodeName": "gpu7", "containers": list(containers)}, "status": {"phase": phase},
    }]})  # fmt: skip


def gpu(image: str = "x", resource: str = "nvidia.com/gpu", **fields: Any) -> dict[str, Any]:
    """Return a container that asks for one GPU."""
    return {"name": "app", "image": image, "resources": {"limits": {resource: "1"}}, **fields}


def of(*containers: dict[str, Any], **fields: Any) -> list[Any]:
    """Read a list of one pod."""
    return readings("k8s.gpu_images", raw(pods(*containers, **fields), "kubernetes_objects"))


def test_only_containers_that_ask_for_a_gpu_count() -> None:
    """GPU or MIG device; a sidecar without one does not."""
    found = of(gpu(), {"name": "mesh", "image": "y"}, {**gpu(resource="nvidia.com/mig-1g.10gb"), "name": "small"})
    assert [(one.container, one.gpus, one.node) for one in found] == [("app", 1, "gpu7"), ("small", 1, "gpu7")]


def test_finished_pods_hold_no_gpu() -> None:
    """What has ended needs no driver."""
    assert of(gpu(), phase="Succeeded") == []


@pytest.mark.parametrize(
    ("image", "cuda"),
    [
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", "12.4.1"),
        ("nvcr.io/nvidia/cuda:12.8.0-base-ubi9", "12.8.0"),
        ("docker.io/pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime", "12.1"),
        ("ghcr.io/acme/serve:1.2-cu124", "12.4"),
        ("lab.local/trainer:v2.3", UNSET),
        ("registry.lab.local:5000/cuda-app/serve:1.2", UNSET),
        ("acme/cuda:latest", UNSET),
        ("acme/x@sha256:cu124cu124", UNSET),
    ],
)
def test_a_tag_tells_cuda_only_where_it_names_it(image: str, cuda: object) -> None:
    """By NVIDIA's and PyTorch's way of naming; anything else is unknown."""
    assert of(gpu(image))[0].cuda == cuda


def test_variables_of_the_spec_are_told_and_those_of_the_image_are_not() -> None:
    """The API does not have an image's own environment; a redacted value is no value."""
    set_ = gpu(
        env=[
            {"name": "NVIDIA_REQUIRE_CUDA", "value": "cuda>=12.4 brand=tesla,driver>=470,driver<471"},
            {"name": "CUDA_VERSION", "value": "12.4.1"},
        ]
    )
    (one,) = of(set_)
    assert (one.require, one.cuda) == ("cuda>=12.4 brand=tesla,driver>=470,driver<471", "12.4.1")
    (bare,) = of(gpu())
    assert (bare.require, bare.compat_library) == (UNSET, UNSET)
    (hidden,) = of(gpu(env=[{"name": "NVIDIA_REQUIRE_CUDA", "value": "[redacted]"}]))
    assert hidden.require is UNSET


@pytest.mark.parametrize("env", [None, {}, [1], [{"name": 1}], "x"])
def test_an_environment_of_another_shape_tells_nothing(env: object) -> None:
    """The rest of the container is read."""
    assert of(gpu(env=env))[0].require is UNSET


def test_a_text_without_pods_says_nothing() -> None:
    """A node is no answer about images."""
    node = json.dumps({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}})
    assert [cut.nothing for cut in cuts("k8s.gpu_images", raw(node, "kubernetes_objects"))] == [True]
