"""Reasons for which a container waits, and what they prove by themselves.

Pure. Source: kubernetes pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go, pkg/kubelet/kuberuntime.
"""

from __future__ import annotations

IMAGE = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
})  # fmt: skip
"""The image cannot be had: name, tag, registry, credentials or pull policy."""

STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""Nothing wrong yet."""


def means(reason: str | None) -> str | None:
    """Return the cause code that a reason proves without its message; None when it proves none.

    CreateContainerConfigError, CreateContainerError and RunContainerError have several causes: the message decides.
    """
    return "image_pull_failure" if reason in IMAGE else None
