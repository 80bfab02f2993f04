"""`nvidia-smi --query-gpu=... --format=csv` (also --query-remapped-rows and --query-retired-pages), with its header.

Pure. Without a header the columns are known only from the command that was asked. One line:

    00000000:3B:00.0, GPU-6f2c..., 0, 1, Yes, No
"""

from __future__ import annotations

from runbookctl.forms import Named, _pci
from runbookctl.forms._gpu_facts import GpuFacts, SmiReport, Value, note, observe
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import NodeCommand, Raw, Subject, Writer

LABEL = "nvidia-smi csv"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()

_KEYS = {
    "ecc.errors.corrected.volatile.total": "ecc.volatile.total.corrected",
    "ecc.errors.uncorrected.volatile.total": "ecc.volatile.total.uncorrected",
    "ecc.errors.corrected.aggregate.total": "ecc.aggregate.total.corrected",
    "ecc.errors.uncorrected.aggregate.total": "ecc.aggregate.total.uncorrected",
    "ecc.errors.corrected.volatile.sram": "ecc.volatile.sram.corrected",
    "ecc.errors.uncorrected.volatile.sram": "ecc.volatile.sram.uncorrected",
    "ecc.errors.corrected.aggregate.sram": "ecc.aggregate.sram.corrected",
    "ecc.errors.uncorrected.aggregate.sram": "ecc.aggregate.sram.uncorrected",
    "ecc.errors.corrected.volatile.dram": "ecc.volatile.dram.corrected",
    "ecc.errors.uncorrected.volatile.dram": "ecc.volatile.dram.uncorrected",
    "ecc.errors.corrected.aggregate.dram": "ecc.aggregate.dram.corrected",
    "ecc.errors.uncorrected.aggregate.dram": "ecc.aggregate.dram.uncorrected",
    "remapped_rows.correctable": "remap.corrected",
    "remapped_rows.uncorrectable": "remap.uncorrected",
    "remapped_rows.pending": "remap.pending",
    "remapped_rows.failure": "remap.failure",
    "retired_pages.single_bit_ecc.count": "retired.single",
    "retired_pages.sbe": "retired.single",
    "retired_pages.double_bit.count": "retired.double",
    "retired_pages.dbe": "retired.double",
    "retired_pages.pending": "retired.pending",
    "gpu_recovery_action": "recovery_action",
    "mig.mode.current": "mig",
    "compute_cap": "compute_capability",
}
_ADDRESS = ("pci.bus_id", "gpu_bus_id", "gpu_bdf")
_UUID = ("uuid", "gpu_uuid")
_NAMES = frozenset((*_KEYS, *_ADDRESS, *_UUID, "index", "name", "gpu_name", "serial", "gpu_serial", "driver_version"))


def parse(raw: Raw) -> tuple[SmiReport, bool]:
    """Return what the rows say, and whether something was cut out."""
    found, cut = SmiReport(), False
    columns = _asked(raw)
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            cut = cut or not line.harmless
            continue
        cells = _cells(line.text)
        if header := _header(cells):
            columns = header
        elif columns and len(cells) == len(columns):
            _row(found, columns, cells, line.number)
        elif line.text.strip():
            found.errors.append(Value(line.text.strip(), line.number))
    return found, cut


def _row(found: SmiReport, columns: tuple[str, ...], cells: list[str], line: int) -> None:
    row = dict(zip(columns, cells, strict=True))
    gpu = _same(found, row)
    if gpu is None:
        gpu = GpuFacts(line=line)
        found.gpus.append(gpu)
    for name, text in row.items():
        observe(gpu, text)
        if name in _ADDRESS:
            gpu.address = text
        elif name in _UUID:
            gpu.uuid = text if text.startswith("GPU-") else None
        elif name in _KEYS:
            note(gpu, _KEYS[name], text, line)
        elif name in ("name", "gpu_name"):
            gpu.name = text
        elif name in ("serial", "gpu_serial"):
            gpu.serial = text if text.isalnum() else None
        elif name == "index" and text.isascii() and text.isdigit() and len(text) < 6:
            gpu.index = int(text)
        elif name == "driver_version":
            found.driver = text


def _same(found: SmiReport, row: dict[str, str]) -> GpuFacts | None:
    """Return the GPU of an earlier table that this row is about."""
    address = next((_pci.normal(row[name]) for name in _ADDRESS if name in row), None)
    uuid = next((row[name] for name in _UUID if name in row), None)
    for gpu in found.gpus:
        if (uuid and gpu.uuid == uuid) or (address and gpu.address and _pci.normal(gpu.address) == address):
            return gpu
    return None


def _header(cells: list[str]) -> tuple[str, ...] | None:
    """Return the column names of a header line (units in brackets removed); None for any other line."""
    columns = tuple(cell.partition(" [")[0].strip() for cell in cells)
    known = sum(column in _NAMES for column in columns)
    return columns if known and known * 2 >= len(columns) else None


def _asked(raw: Raw) -> tuple[str, ...] | None:
    argv = raw.request.argv if isinstance(raw.request, NodeCommand) else ()
    for word in argv:
        option, mark, value = word.partition("=")
        if mark and option.startswith("--query-"):
            return tuple(value.split(","))
    return None


def _cells(line: str) -> list[str]:
    """Split a line; nvidia-smi quotes nothing, and none of its values holds a comma."""
    return [cell.strip() for cell in line[: 16 * 1024].split(",")] if line.strip() else []


def recognise(head: str, name: str) -> int:
    """Tell the table by its header line."""
    del name
    lines = (line for line in head.split("\n", 40)[:40] if "," in line)
    return 88 if any((columns := _header(_cells(line))) and len(columns) > 1 for line in lines) else 0


def starts(line: str) -> bool:
    """Tell a header line."""
    columns = _header(_cells(line)) if "," in line and ("_" in line or "uuid" in line) else None
    return columns is not None and len(columns) > 1


def names(raw: Raw) -> Named:
    """Name nothing (the table holds no host name); count the GPUs."""
    found, _ = parse(raw)
    count = len(found.gpus)
    return Named(subject=Subject(), now=None, summary=f"{count} GPU{'' if count == 1 else 's'}")
