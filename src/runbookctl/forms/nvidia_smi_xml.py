"""The XML of `nvidia-smi -q -x`.

Pure. Read with expat in one pass; entity declarations are refused, a document cut short gives what came before the cut.
Elements of one GPU, shortened:

    <gpu id="00000000:3B:00.0"><uuid>GPU-6f2c...</uuid><gpu_recovery_action>None</gpu_recovery_action>
      <ecc_errors><volatile><sram_correctable>0</sram_correctable><dram_uncorrectable>1</dram_uncorrectable></volatile>
      <remapped_rows><remapped_row_pending>Yes</remapped_row_pending></remapped_rows></gpu>
"""

from __future__ import annotations

from xml.parsers import expat

from runbookctl.forms import Named
from runbookctl.forms._gpu_facts import GpuFacts, SmiReport, note, observe, readable
from runbookctl.forms.nvidia_smi_q import when
from runbookctl.model import Raw, Subject, Writer

LABEL = "nvidia-smi -q -x"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()
WHOLE = True

_DEEPEST = 64
_COUNTS = {
    "sram_correctable": "sram.corrected",
    "sram_uncorrectable": "sram.uncorrected",
    "sram_uncorrectable_parity": "sram.uncorrected.parity",
    "sram_uncorrectable_secded": "sram.uncorrected.secded",
    "dram_correctable": "dram.corrected",
    "dram_uncorrectable": "dram.uncorrected",
    "single_bit/total": "total.corrected",
    "double_bit/total": "total.uncorrected",
}
_PLAIN = {
    "retired_pages/multiple_single_bit_retirement/retired_count": "retired.single",
    "retired_pages/double_bit_retirement/retired_count": "retired.double",
    "retired_pages/pending_blacklist": "retired.pending",
    "retired_pages/pending_retirement": "retired.pending",
    "remapped_rows/remapped_row_corr": "remap.corrected",
    "remapped_rows/remapped_row_unc": "remap.uncorrected",
    "remapped_rows/remapped_row_pending": "remap.pending",
    "remapped_rows/remapped_row_failure": "remap.failure",
    "remapped_rows": "remap",
    "gpu_recovery_action": "recovery_action",
    "gpu_reset_status/reset_required": "reset_required",
    "ecc_errors/channel_repair_pending": "repair.channel",
    "ecc_errors/tpc_repair_pending": "repair.tpc",
    "ecc_errors/unrepairable_memory": "unrepairable",
    "ecc_errors/aggregate/sram_threshold_exceeded": "sram_threshold",
    "product_architecture": "architecture",
    "product_brand": "brand",
    "mig_mode/current_mig": "mig",
    "fabric/state": "fabric",
}


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """The document declares an entity, or nests too deep."""


class _Reader:
    """Collects what the elements say."""

    def __init__(self) -> None:
        self.found = SmiReport()
        self._gpu: GpuFacts | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._line = 0
        self._parser = expat.ParserCreate()
        self._parser.EntityDeclHandler = self._entity
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append

    def read(self, body: bytes) -> bool:
        """Read the document; return whether it is whole."""
        try:
            self._parser.Parse(body, True)
        except (expat.ExpatError, _Refused, ValueError):
            return False
        return True

    def _entity(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise _Refused
        self._text.clear()
        self._line = self._parser.CurrentLineNumber
        if self._path == ["nvidia_smi_log", "gpu"]:
            self._gpu = GpuFacts(address=attributes.get("id"), line=self._line)
            self.found.gpus.append(self._gpu)

    def _end(self, name: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if text and self._gpu is None:
            _head(self.found, name, text)
        elif text and self._gpu is not None and len(self._path) > 2:
            _keep(self._gpu, "/".join(self._path[2:]), text, self._line)
        self._path.pop()
        if len(self._path) == 1:
            if self._gpu is not None:
                self._gpu.whole = self._gpu.name is not None
            self._gpu = None


def parse(body: bytes) -> tuple[SmiReport, bool]:
    """Return what the document says, and whether it was cut short."""
    start = body.find(b"<")
    reader = _Reader()
    whole = reader.read(body[max(start, 0) :])
    return reader.found, not whole


def _head(found: SmiReport, name: str, text: str) -> None:
    match name:
        case "driver_version":
            found.driver = text
        case "cuda_version":
            found.cuda = text
        case "timestamp":
            found.timestamp = text


def _keep(gpu: GpuFacts, key: str, text: str, line: int) -> None:
    observe(gpu, text)
    match key:
        case "uuid":
            gpu.uuid = text if text.startswith("GPU-") else None
        case "serial":
            gpu.serial = text if text.isalnum() else None
        case "product_name":
            gpu.name = readable(text)
        case "minor_number":
            gpu.index = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    if key in _PLAIN:
        note(gpu, _PLAIN[key], text, line)
    words = key.split("/", 2)
    if words[0] == "ecc_errors" and len(words) == 3 and words[1] in ("volatile", "aggregate") and words[2] in _COUNTS:
        note(gpu, f"ecc.{words[1]}.{_COUNTS[words[2]]}", text, line)


def recognise(head: str, name: str) -> int:
    """Tell the document by its root element."""
    del name
    return 98 if "<nvidia_smi_log" in head or "<!DOCTYPE nvidia_smi_log" in head else 0


def starts(line: str) -> bool:
    """Tell the line that begins the document."""
    return line.startswith(("<?xml", "<!DOCTYPE nvidia_smi_log", "<nvidia_smi_log"))


def names(raw: Raw) -> Named:
    """Name nothing (the document holds no host name); tell the time and count the GPUs."""
    found, _ = parse(raw.body)
    count = len(found.gpus)
    return Named(subject=Subject(), now=when(found.timestamp), summary=f"{count} GPU{'' if count == 1 else 's'}")
