"""Read all GPUs of this machine through NVML, in a process of its own; of another node through `nvidia-smi -q`."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path

from runbookctl.connectors import commands, local, nvml_read, ssh
from runbookctl.connectors.answer import Answer, Settings, now
from runbookctl.connectors.bounded import Capture
from runbookctl.model import Missing, NodeCommand, NvmlRead

FORM = "nvml"
FORM_OF_ANOTHER_NODE = "nvidia_smi_q"

# nvidia-smi prints what is wrong on standard output: 9 driver not loaded, 15 a GPU is lost, 18 version mismatch ...
# Source: nvidia-smi(1), RETURN VALUE.
_ACCEPT = (0, *range(2, 22), 255)


def ask(request: NvmlRead, settings: Settings, timeout: float, cancel: threading.Event) -> Answer | Missing:
    """Return the JSON of `forms.nvml`, or from another node the text of `nvidia-smi -q`."""
    if not local.is_here(request.node):
        command = NodeCommand(form=FORM_OF_ANOTHER_NODE, node=request.node, argv=("nvidia-smi", "-q"), accept=_ACCEPT)
        return ssh.ask(command, settings, timeout, cancel)
    found = importlib.util.find_spec("pynvml")
    if found is None or found.origin is None or not sys.executable:
        return Missing(why="nvidia-ml-py is not installed", obtain="pip install nvidia-ml-py")
    argv = [sys.executable, "-I", "-S", nvml_read.__file__, str(Path(found.origin).parent)]
    argv += [settings.nvml_library] if settings.nvml_library else []
    at = now()
    capture = Capture(settings.limit, key=settings.hash_key)
    ended = commands.run(argv, timeout=timeout, cancel=cancel, capture=capture)
    missing = local.unanswered(ended, ("NVML",), (0,), timeout, request.printed())
    if missing:
        why = missing.why if "NVML" in missing.why else f"NVML: {missing.why}"
        return Missing(why=why, obtain=missing.obtain, kind=missing.kind)
    return Answer(body=ended.body, form=FORM, source=local.SOURCE, shortened=ended.shortening, at=at)
