"""The text of `nvidia-smi -q`, whole or with `-d ECC,ROW_REMAPPER`, of any driver version.

Pure. Sections are told by indentation, values by ` : `. One GPU, shortened:

    GPU 00000000:52:00.0
        Product Name                          : NVIDIA H100 80GB HBM3
        GPU Recovery Action                   : None
        ECC Errors
            Volatile
                SRAM Uncorrectable Parity     : 0
                DRAM Uncorrectable            : 1
        Remapped Rows
            Pending                           : Yes
            Remapping Failure Occurred        : No
"""

from __future__ import annotations

import datetime as dt

from runbookctl.forms import Named
from runbookctl.forms._gpu_facts import GpuFacts, SmiReport, Value, note, observe, readable
from runbookctl.forms._kernel_stamps import dated, month
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "nvidia-smi -q"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()

_STARTS = ("==============NVSMI LOG==============", "GPU 0000")
_LATE = ("temperature/", "power readings", "gpu power readings", "clocks/", "processes")  # stand after Remapped Rows
_COUNTS = {
    "sram correctable": "sram.corrected",
    "sram uncorrectable": "sram.uncorrected",
    "sram uncorrectable parity": "sram.uncorrected.parity",
    "sram uncorrectable sec-ded": "sram.uncorrected.secded",
    "dram correctable": "dram.corrected",
    "dram uncorrectable": "dram.uncorrected",
    "single bit/total": "total.corrected",
    "double bit/total": "total.uncorrected",
}
_PLAIN = {
    "retired pages/single bit ecc": "retired.single",
    "retired pages/double bit ecc": "retired.double",
    "retired pages/pending page blacklist": "retired.pending",
    "retired pages/pending": "retired.pending",
    "remapped rows/correctable error": "remap.corrected",
    "remapped rows/uncorrectable error": "remap.uncorrected",
    "remapped rows/pending": "remap.pending",
    "remapped rows/remapping failure occurred": "remap.failure",
    "remapped rows": "remap",
    "retired pages": "retired",
    "gpu recovery action": "recovery_action",
    "gpu reset status/reset required": "reset_required",
    "ecc errors/channel repair pending": "repair.channel",
    "ecc errors/tpc repair pending": "repair.tpc",
    "ecc errors/unrepairable memory": "unrepairable",
    "ecc errors/aggregate/sram threshold exceeded": "sram_threshold",
    "product architecture": "architecture",
    "product brand": "brand",
    "mig mode/current": "mig",
    "fabric/state": "fabric",
}


def parse(body: bytes) -> tuple[SmiReport, bool]:
    """Return what the text says, and whether something was cut out of it."""
    found, cut = SmiReport(), False
    gpu: GpuFacts | None = None
    path: list[tuple[int, str]] = []  # indentation and name of the open sections
    for line in numbered(body):
        if isinstance(line, Gap):
            cut = cut or not line.harmless
            path = []
            continue
        text = line.text.expandtabs(8).rstrip()
        indent = len(text) - len(text.lstrip())
        name, mark, value = f"{text.strip()} ".partition(" : ")
        name = name.strip()
        if not name:
            continue
        if indent == 0 and name.startswith("GPU ") and not mark:
            gpu = GpuFacts(address=name[4:].strip(), line=line.number)
            found.gpus.append(gpu)
            path = []
            continue
        while path and path[-1][0] >= indent:
            path.pop()
        if mark:
            _keep(found, gpu, "/".join([*(part for _, part in path), name.casefold()]), value.strip(), line.number)
            continue
        path.append((indent, name.casefold()))
        if gpu is not None and indent:
            gpu.error = gpu.error or (name if "GPU is lost" in name else None)
        elif not name.startswith(("==", "--")):
            found.errors.append(Value(name, line.number))
    return found, cut


def _keep(found: SmiReport, gpu: GpuFacts | None, key: str, value: str, line: int) -> None:
    if gpu is None:
        _head(found, key, value)
        return
    observe(gpu, value)
    if gpu.name is not None and key.startswith(_LATE) and "ecc.volatile" in " ".join(gpu.values):
        gpu.whole = True
    match key:
        case "gpu uuid":
            gpu.uuid = value if value.startswith("GPU-") else None
        case "serial number":
            gpu.serial = value if value.isalnum() else None
        case "product name":
            gpu.name = readable(value)
        case "minor number":
            gpu.index = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
        case "pci/bus id":
            gpu.address = value
    if key in _PLAIN:
        note(gpu, _PLAIN[key], value, line)
    words = key.split("/", 2)
    if words[0] == "ecc errors" and len(words) == 3 and words[1] in ("volatile", "aggregate") and words[2] in _COUNTS:
        note(gpu, f"ecc.{words[1]}.{_COUNTS[words[2]]}", value, line)


def _head(found: SmiReport, key: str, value: str) -> None:
    match key:
        case "driver version":
            found.driver = value
        case "cuda version" | "cuda umd version":
            found.cuda = value
        case "timestamp":
            found.timestamp = value


def recognise(head: str, name: str) -> int:
    """Tell the log by its title, or by a GPU section."""
    del name
    if _STARTS[0] in head:
        return 96
    if "\nAttached GPUs" in head and "\nDriver Version" in head:
        return 90
    return 80 if head.lstrip().startswith("GPU 0000") and " : " in head else 0


def starts(line: str) -> bool:
    """Tell the title line."""
    return line.strip() == _STARTS[0]


def when(stamp: str | None) -> Time | None:
    """Return the time of `Fri Oct 24 11:07:12 2025` (local to the node, taken as UTC)."""
    words = (stamp or "").split()
    if len(words) != 5 or not words[4].isdigit() or not words[2].isdigit():
        return None
    return dated(int(words[4]), month(words[1]), words[2], words[3])


def names(raw: Raw) -> Named:
    """Name nothing (the text holds no host name); tell the time and count the GPUs."""
    found, _ = parse(raw.body)
    count = len(found.gpus)
    now: dt.datetime | None = when(found.timestamp)
    return Named(subject=Subject(), now=now, summary=f"{count} GPU{'' if count == 1 else 's'}")
