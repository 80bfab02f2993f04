"""What nvidia-smi says about one GPU, whatever its output format: one vocabulary of keys, values as printed.

Pure. Keys of `values`: `ecc.<volatile|aggregate>.<total|sram|dram>.<corrected|uncorrected[.parity|.secded]>`,
`sram_threshold`, `retired.<single|double|pending>`, `remap.<corrected|uncorrected|pending|failure>`,
`recovery_action`, `repair.<channel|tpc>`, `unrepairable`, `architecture`, `brand`, `mig`.
"""

from __future__ import annotations

import re2
from msgspec import Struct, field

# Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU
# Unable to determine the device handle for GPU3: 0000:5F:00.0: Unknown Error
NO_HANDLE = re2.compile(
    r"Unable to determine the device handle for (?:gpu|GPU) ?(?:\d{1,3}: ?)?"
    r"([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-9a-fA-F])?:? ?(.*)"
)
_COUNT = re2.compile(r"(\d{1,19})(?: .*)?")
_LOST = "gpu is lost"
_RESET = "requires reset"
_UNREADABLE = ("unknown error", "err!", "insufficient perm", "uninitialized", "timeout", "in use", _LOST, _RESET)
_NONE = ("n/a", "not supported", "not available", "[n/a]", "[not supported]")


class Value(Struct, frozen=True):
    """A value as it is printed, and its 1-based line."""

    text: str
    line: int


class GpuFacts(Struct):
    """One GPU. A name that is not printed is None."""

    address: str | None = None
    line: int = 0
    index: int | None = None
    uuid: str | None = None
    serial: str | None = None
    name: str | None = None
    values: dict[str, Value] = field(default_factory=dict)
    answered: bool = False  # at least one value was really read from the GPU
    error: str | None = None  # what NVML said in place of values
    whole: bool = False  # everything that nvidia-smi prints about a GPU is here: what is not printed is not there


class SmiReport(Struct):
    """Everything one run of nvidia-smi printed: versions, GPUs, and lines that say what is wrong."""

    driver: str | None = None
    tool: str | None = None
    cuda: str | None = None
    timestamp: str | None = None
    gpus: list[GpuFacts] = field(default_factory=list)
    errors: list[Value] = field(default_factory=list)


def note(gpu: GpuFacts, key: str, text: str, line: int) -> None:
    """Keep a value of a GPU, and what it tells about the GPU itself."""
    gpu.values[key] = Value(text, line)
    observe(gpu, text)


def observe(gpu: GpuFacts, text: str) -> None:
    """Learn from any printed value whether the GPU answers."""
    low = text.casefold()
    if _LOST in low or _RESET in low:
        gpu.error = gpu.error or text.strip("[] ")
    elif text and not any(word in low for word in (*_UNREADABLE, *_NONE)):
        gpu.answered = True


def readable(text: str) -> str | None:
    """Return a name that was read; None for `GPU is lost` and the like in its place."""
    return None if any(word in text.casefold() for word in (*_UNREADABLE, *_NONE)) else text or None


def number(value: Value | None) -> int | None:
    """Return a count; None for anything else."""
    match = _COUNT.fullmatch(value.text.strip()) if value else None
    return int(match[1]) if match else None


def not_there(value: Value) -> bool:
    """Tell `N/A`, `[Not Supported]`: the source says there is none."""
    return value.text.casefold().strip() in _NONE


def truth(value: Value | None) -> bool | None:
    """Return True for Yes or 1, False for No or 0; None for anything else."""
    words = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
    return words.get(value.text.casefold().strip()) if value else None


def no_handle(text: str) -> tuple[str | None, str] | None:
    """Read a GPU that nvidia-smi cannot open: its address if it is printed, and why."""
    match = NO_HANDLE.search(text)
    return (match[1], (match[2] or "").strip()) if match else None
