"""Names under which GPUs are requested and offered in Kubernetes, and labels that say that a node has some.

Pure. Sources: NVIDIA/k8s-device-plugin README (resource names, `.shared`, MIG strategies), gpu-feature-discovery and
gpu-operator (labels `nvidia.com/gpu.*`), kubernetes-sigs/node-feature-discovery (PCI labels), documents of GKE, AKS,
EKS Auto Mode and Karpenter (their accelerator labels), ROCm/k8s-device-plugin, intel-device-plugins-for-kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

NVIDIA_GPU = "nvidia.com/gpu"
_GPUS = ("nvidia.com/gpu", "nvidia.com/mig-", "amd.com/gpu", "gpu.intel.com/")
_NVIDIA = ("nvidia.com/gpu", "nvidia.com/mig-")
_OTHER_PURPOSE = (
    "nvidia.com/gpu.workload.config",
    "nvidia.com/gpu.deploy.device-plugin",
    "nvidia.com/gpu.deploy.operands",
)
_NO = ("false", "vm-", "paused-for-")
# Labels whose presence says it, whatever their value; those with values say it with the value given.
_LABELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("nvidia.com/gpu.present", frozenset({"true"})),
    ("nvidia.com/gpu.count", frozenset()),
    ("nvidia.com/gpu.product", frozenset()),
    ("feature.node.kubernetes.io/pci-10de.present", frozenset({"true"})),
    ("feature.node.kubernetes.io/pci-0302_10de.present", frozenset({"true"})),
    ("feature.node.kubernetes.io/pci-0300_10de.present", frozenset({"true"})),
    ("cloud.google.com/gke-accelerator", frozenset()),
    ("karpenter.k8s.aws/instance-gpu-manufacturer", frozenset({"nvidia"})),
    ("eks.amazonaws.com/instance-gpu-manufacturer", frozenset({"nvidia"})),
    ("k8s.amazonaws.com/accelerator", frozenset()),
    ("kubernetes.azure.com/accelerator", frozenset({"nvidia"})),
    ("accelerator", frozenset({"nvidia"})),
)


def is_gpu(resource: str) -> bool:
    """Tell whether a resource is a GPU or a part of one; `nvidia.com/` also names network devices, which are none."""
    return resource.startswith(_GPUS)


def is_nvidia(resource: str) -> bool:
    """Tell whether a resource is an NVIDIA GPU or a MIG device, as its device plugin advertises them."""
    return resource.startswith(_NVIDIA)


def has_nvidia(labels: Mapping[str, str]) -> bool:
    """Tell whether a node's labels say that it has NVIDIA GPUs for containers."""
    if any(labels.get(key, "").startswith(_NO) for key in _OTHER_PURPOSE):
        return False  # its GPUs go to virtual machines, or for now nothing shall advertise them
    if labels.get("nvidia.com/gpu.count") == "0":
        return False
    return any(key in labels and (not values or labels[key] in values) for key, values in _LABELS)
