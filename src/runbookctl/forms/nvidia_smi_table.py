"""The table that plain `nvidia-smi` prints, of any driver version.

Pure. Per GPU it tells name, address and uncorrected volatile ECC errors; the ECC cell says `N/A` without ECC, `Off`
when ECC is off, `On` when MIG is on. Two lines of it:

    | NVIDIA-SMI 550.144.03             Driver Version: 550.144.03     CUDA Version: 12.4     |
    |   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |
"""

from __future__ import annotations

import re2

from runbookctl.forms import Named
from runbookctl.forms._gpu_facts import GpuFacts, SmiReport, Value, note, observe
from runbookctl.forms._kernel_stamps import dated, month
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "nvidia-smi"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()

# | NVIDIA-SMI 550.144.03             Driver Version: 550.144.03     CUDA Version: 12.4     |
# | NVIDIA-SMI 595.45.04              KMD Version: 595.45.04     CUDA UMD Version: 13.2     |
_VERSIONS = re2.compile(r"\| NVIDIA-SMI (\S+) +(?:Driver|KMD) Version: (\S+)(?: +CUDA (?:UMD )?Version: (\S+))? *\|")
# |   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |
# |ERR!  NVIDIA H100 80GB HBM3         ERR! |   00000000:DA:00.0 Off |                 ERR! |
_GPU = re2.compile(
    r"\| *(\d{1,3}|ERR!) +(\S.*?)(?: +(?:On|Off|N/A|ERR!))? *\| +"
    r"([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-9a-fA-F]) +(?:On|Off|N/A|ERR!)? *\| *(\S.*?) *\|"
)
# Fri Oct 24 11:07:12 2025
_DATE = re2.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4}) *")


def parse(body: bytes) -> tuple[SmiReport, bool]:
    """Return what the table says, and whether something was cut out."""
    found, cut = SmiReport(), False
    for line in numbered(body):
        if isinstance(line, Gap):
            cut = cut or not line.harmless
            continue
        text = line.text.strip()
        if match := _VERSIONS.match(text):
            found.tool, found.driver, found.cuda = match[1], match[2], match[3]
        elif match := _GPU.match(text):
            index = int(match[1]) if match[1].isdigit() else None
            found.gpus.append(_gpu(index, match[2].strip(), match[3], match[4], line.number))
        elif "GPU is lost" in text and text.startswith("|") and found.gpus:
            found.gpus[-1].error = found.gpus[-1].error or "GPU is lost"
        elif _DATE.fullmatch(text):
            found.timestamp = text
        elif text and text[0] not in "|+=-":
            found.errors.append(Value(text, line.number))
    return found, cut


def _gpu(index: int | None, name: str, address: str, ecc: str, line: int) -> GpuFacts:
    gpu = GpuFacts(address=address, line=line, index=index, name=name)
    observe(gpu, ecc)
    if ecc.isdigit() or ecc in ("N/A", "Off"):
        gpu.answered = True
        note(gpu, "ecc.volatile.total.uncorrected", "N/A" if ecc == "Off" else ecc, line)
    elif ecc == "On":  # MIG: the errors stand in the table of its devices
        gpu.answered = True
        note(gpu, "mig", "Enabled", line)
    elif ecc == "ERR!":
        note(gpu, "ecc.volatile.total.uncorrected", ecc, line)
    return gpu


def recognise(head: str, name: str) -> int:
    """Tell the table by its first row."""
    del name
    return 95 if "| NVIDIA-SMI " in head else 0


def starts(line: str) -> bool:
    """Tell the row that names the versions (the frame above it belongs to what stands before)."""
    return line.startswith("| NVIDIA-SMI ")


def names(raw: Raw) -> Named:
    """Name nothing (the table holds no host name); tell the time and count the GPUs."""
    found, _ = parse(raw.body)
    count = len(found.gpus)
    return Named(subject=Subject(), now=_when(found.timestamp), summary=f"{count} GPU{'' if count == 1 else 's'}")


def _when(stamp: str | None) -> Time | None:
    match = _DATE.match(stamp) if stamp else None
    return dated(int(match[4]), month(match[1]), match[2], match[3]) if match else None
