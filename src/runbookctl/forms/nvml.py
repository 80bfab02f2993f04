"""GPU state as one JSON document, written by the NVML connector (no program of NVIDIA prints this).

Pure: decodes bytes; NVML itself is asked in `connectors/nvml.py`, which writes exactly this shape. A key that is null
means "this GPU, driver or library does not support the question" (NVML_ERROR_NOT_SUPPORTED, FUNCTION_NOT_FOUND,
INVALID_ARGUMENT of an older driver); a key that is left out was not, or may not be, asked. Neither is ever 0. Example
(one GPU, shortened):

    {"driver_version": "550.144.03", "nvml_version": "12.550.144.03", "cuda_driver_version": "12.4", "error": null,
     "gpus": [
       {"index": 0, "pci": "00000000:3B:00.0", "uuid": "GPU-6f2c...", "serial": "1652823054567",
        "name": "NVIDIA H100 80GB HBM3", "brand": "nvidia", "compute_capability": "9.0", "error": null,
        "persistence_mode": true, "ecc_mode": {"current": true, "pending": true},
        "mig_mode": {"current": false, "pending": false},
        "ecc": {"volatile":  {"corrected": 0, "uncorrected": 0, "sram_corrected": 0, "sram_uncorrected": 0,
                              "dram_corrected": 0, "dram_uncorrected": 0},
                "aggregate": {"corrected": 0, "uncorrected": 2, "sram_corrected": 0, "sram_uncorrected": 0,
                              "dram_corrected": 0, "dram_uncorrected": 2},
                "sram_threshold_exceeded": false},
        "remapped_rows": {"correctable": 0, "uncorrectable": 2, "pending": true, "failure": false},
        "retired_pages": {"single_bit": 0, "double_bit": 0, "pending": false},
        "recovery_action": 1, "clocks_event_reasons": 4, "temperature": 41,
        "fabric": {"state": "completed", "status": 0}}]}

* `error` (top): why NVML gave nothing, `{"code": 18, "name": "NVML_ERROR_LIB_RM_VERSION_MISMATCH"}`: the return value
  of nvmlInit or of the first call; `gpus` is then empty or absent.
* `error` (of a GPU): a handle or a question of this GPU failed with anything but "not supported", first one wins:
  `{"code": 15, "name": "NVML_ERROR_GPU_IS_LOST"}`, `{"code": 16, "name": "NVML_ERROR_RESET_REQUIRED"}`. What could be
  read before stands beside it.
* `driver_version` is nvmlSystemGetDriverVersion: the library's driver branch equals it, because NVML refuses to start
  against another one; `library_version` may say where libnvidia-ml came from when NVML would not start ("555.42.06").
* `cuda_driver_version` is nvmlSystemGetCudaDriverVersion_v2 as "major.minor"; `brand` the name of nvmlBrandType_t in
  lower case without the prefix ("tesla", "geforce", "geforcertx", "quadro", "nvidia", "nvidiartx", "titan", ...).
* `ecc.*.corrected`/`uncorrected` are nvmlDeviceGetTotalEccErrors; `sram_*`, `dram_*` nvmlDeviceGetMemoryErrorCounter
  with NVML_MEMORY_LOCATION_SRAM and _DRAM (or DEVICE_MEMORY); `sram_threshold_exceeded` comes from
  nvmlDeviceGetSramEccErrorStatus.
* `remapped_rows` is nvmlDeviceGetRemappedRows; `retired_pages` counts of nvmlDeviceGetRetiredPages per cause and
  nvmlDeviceGetRetiredPagesPendingStatus; `recovery_action` field NVML_FI_DEV_GET_GPU_RECOVERY_ACTION as a number
  (0 none, 1 reset, 2 reboot, 3 drain P2P, 4 drain and reset, 5 recover IMEX domain).
* `clocks_event_reasons` is the bit mask of nvmlDeviceGetCurrentClocksEventReasons; `temperature` in degrees Celsius;
  `fabric.state` one of not_supported, not_started, in_progress, completed, with its NVML status code.

Source: nvidia-ml-py 13.615.71 (names of functions, fields and error codes).
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType

from runbookctl.forms import Named
from runbookctl.model import Raw, Subject, Writer

LABEL = "NVML read"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()
WHOLE = True

GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIB_RM_VERSION_MISMATCH = 18


class NvmlError(Struct, frozen=True):
    """A return value of NVML that is not success."""

    code: int | None = None
    name: str = ""


class Mode(Struct, frozen=True):
    """A setting now and after the next reset."""

    current: bool | UnsetType | None = UNSET
    pending: bool | UnsetType | None = UNSET


class Errors(Struct, frozen=True):
    """ECC error counts since boot (volatile) or for life (aggregate)."""

    corrected: int | UnsetType | None = UNSET
    uncorrected: int | UnsetType | None = UNSET
    sram_corrected: int | UnsetType | None = UNSET
    sram_uncorrected: int | UnsetType | None = UNSET
    dram_corrected: int | UnsetType | None = UNSET
    dram_uncorrected: int | UnsetType | None = UNSET


class Ecc(Struct, frozen=True):
    """Both sets of counters and the SRAM threshold flag."""

    volatile: Errors | UnsetType | None = UNSET
    aggregate: Errors | UnsetType | None = UNSET
    sram_threshold_exceeded: bool | UnsetType | None = UNSET


class RemappedRows(Struct, frozen=True):
    """Row remapping (Ampere and newer): rows done by cause, and whether one waits or failed."""

    correctable: int | UnsetType | None = UNSET
    uncorrectable: int | UnsetType | None = UNSET
    pending: bool | UnsetType | None = UNSET
    failure: bool | UnsetType | None = UNSET


class RetiredPages(Struct, frozen=True):
    """Page retirement (before Ampere): pages by cause, and whether one waits for a reboot."""

    single_bit: int | UnsetType | None = UNSET
    double_bit: int | UnsetType | None = UNSET
    pending: bool | UnsetType | None = UNSET


class Fabric(Struct, frozen=True):
    """NVLink fabric registration of the GPU."""

    state: str | UnsetType | None = UNSET
    status: int | UnsetType | None = UNSET


class Gpu(Struct, frozen=True):
    """One GPU as NVML sees it."""

    index: int | UnsetType | None = UNSET
    pci: str | UnsetType | None = UNSET
    uuid: str | UnsetType | None = UNSET
    serial: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    brand: str | UnsetType | None = UNSET
    compute_capability: str | UnsetType | None = UNSET
    error: NvmlError | None = None
    persistence_mode: bool | UnsetType | None = UNSET
    ecc_mode: Mode | UnsetType | None = UNSET
    mig_mode: Mode | UnsetType | None = UNSET
    ecc: Ecc | UnsetType | None = UNSET
    remapped_rows: RemappedRows | UnsetType | None = UNSET
    retired_pages: RetiredPages | UnsetType | None = UNSET
    recovery_action: int | UnsetType | None = UNSET
    clocks_event_reasons: int | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    fabric: Fabric | UnsetType | None = UNSET


class Nvml(Struct, frozen=True):
    """The whole document."""

    driver_version: str | UnsetType | None = UNSET
    nvml_version: str | UnsetType | None = UNSET
    cuda_driver_version: str | UnsetType | None = UNSET
    library_version: str | UnsetType | None = UNSET
    error: NvmlError | None = None
    gpus: tuple[Gpu, ...] | None = None


def decode(body: bytes) -> Nvml:
    """Return the document; raises ValueError (msgspec.DecodeError, msgspec.ValidationError) for anything else."""
    try:
        return msgspec.json.decode(body, type=Nvml)
    except RecursionError as error:
        msg = "nested too deep"
        raise ValueError(msg) from error


def recognise(head: str, name: str) -> int:
    """Tell the connector's JSON by its three own keys."""
    del name
    start = head.lstrip()
    if not start.startswith("{"):
        return 0
    keys = sum(f'"{key}"' in start for key in ("driver_version", "nvml_version", "cuda_driver_version", "gpus"))
    return 95 if keys >= 3 else 0


def names(raw: Raw) -> Named:
    """Name nothing (the document holds no host name); count the GPUs."""
    try:
        document = decode(raw.body)
    except ValueError:
        return Named(subject=Subject(), now=None, summary="not readable")
    if document.error is not None:
        return Named(subject=Subject(), now=None, summary=document.error.name or f"NVML error {document.error.code}")
    count = len(document.gpus or ())
    return Named(subject=Subject(), now=None, summary=f"{count} GPU{'' if count == 1 else 's'}")
