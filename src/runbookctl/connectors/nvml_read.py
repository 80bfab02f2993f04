"""Ask NVML everything about every GPU of this machine and print it as JSON (the shape of `runbookctl.forms.nvml`).

Stands alone: run as a program of its own (`python -I -S nvml_read.py FOLDER_OF_PYNVML [LIBRARY]`), because a lost GPU
can hang or crash the library, and then only this process is lost with it.

Null: the GPU, the driver or the library does not know the question. A key that is left out: it may not be asked.
Source: NVML API reference 13; names and codes of nvidia-ml-py 13.615.71.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import Any

# INVALID_ARGUMENT, NOT_SUPPORTED, FUNCTION_NOT_FOUND, ARGUMENT_VERSION_MISMATCH, DEPRECATED
_UNSUPPORTED = (2, 3, 13, 25, 26)
_NO_PERMISSION = 4
_FABRIC = ("not_supported", "not_started", "in_progress", "completed")


def read(library: str | None) -> dict[str, Any]:
    """Return the whole document; an error of NVML is part of it."""
    import pynvml as nvml

    if library:
        _load(library)
    document: dict[str, Any] = {"error": None, "gpus": []}
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return document | {"error": _error(nvml, error), "library_version": _library_version()}
    try:
        top = _Questions(nvml, document)
        top.ask("driver_version", nvml.nvmlSystemGetDriverVersion)
        top.ask("nvml_version", nvml.nvmlSystemGetNVMLVersion)
        top.ask("cuda_driver_version", lambda: _cuda(nvml.nvmlSystemGetCudaDriverVersion_v2()))
        count = nvml.nvmlDeviceGetCount()
        document["gpus"] = [_gpu(nvml, index) for index in range(count)]
    except nvml.NVMLError as error:
        document["error"] = _error(nvml, error)
    return document


class _Questions:
    """Asks one thing after the other about one GPU; the first real error of it is kept, the rest is still asked."""

    def __init__(self, nvml: Any, answers: dict[str, Any]) -> None:
        self.nvml = nvml
        self.answers = answers

    def ask(self, key: str, question: Callable[[], Any], into: dict[str, Any] | None = None) -> None:
        """Store the answer under `key`."""
        answers = self.answers if into is None else into
        try:
            answers[key] = question()
        except (UnicodeDecodeError, ValueError):
            answers[key] = None
        except self.nvml.NVMLError as error:
            if error.value == _NO_PERMISSION:
                return
            answers[key] = None
            if error.value not in _UNSUPPORTED and not self.answers.get("error"):
                self.answers["error"] = _error(self.nvml, error)


def _gpu(nvml: Any, index: int) -> dict[str, Any]:
    gpu: dict[str, Any] = {"index": index, "error": None}
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        return gpu | {"error": _error(nvml, error)}
    questions = _Questions(nvml, gpu)
    ask = questions.ask
    ask("pci", lambda: _text(nvml.nvmlDeviceGetPciInfo(handle).busId))
    ask("uuid", lambda: nvml.nvmlDeviceGetUUID(handle))
    ask("serial", lambda: nvml.nvmlDeviceGetSerial(handle))
    ask("name", lambda: nvml.nvmlDeviceGetName(handle))
    ask("brand", lambda: _brand(nvml, nvml.nvmlDeviceGetBrand(handle)))
    ask("compute_capability", lambda: ".".join(map(str, nvml.nvmlDeviceGetCudaComputeCapability(handle))))
    ask("persistence_mode", lambda: bool(nvml.nvmlDeviceGetPersistenceMode(handle)))
    ask("ecc_mode", lambda: _mode(nvml.nvmlDeviceGetEccMode(handle)))
    ask("mig_mode", lambda: _mode(nvml.nvmlDeviceGetMigMode(handle)))
    gpu["ecc"] = _ecc(nvml, handle, questions)
    names = ("correctable", "uncorrectable", "pending", "failure")
    ask("remapped_rows", lambda: _rows(names, nvml.nvmlDeviceGetRemappedRows(handle)))
    gpu["retired_pages"] = _retired(nvml, handle, questions)
    ask("recovery_action", lambda: _field(nvml, handle, nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION))
    ask("clocks_event_reasons", lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    if gpu.get("clocks_event_reasons") is None:  # the name of the same question before driver 535
        ask("clocks_event_reasons", lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
    ask("temperature", lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
    ask("fabric", lambda: _fabric(nvml, handle))
    return gpu


def _ecc(nvml: Any, handle: Any, questions: _Questions) -> dict[str, Any]:
    corrected, uncorrected = nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED
    kinds = {"corrected": corrected, "uncorrected": uncorrected}
    places = {"sram": nvml.NVML_MEMORY_LOCATION_SRAM, "dram": nvml.NVML_MEMORY_LOCATION_DRAM}
    found: dict[str, Any] = {}
    for span, counter in (("volatile", nvml.NVML_VOLATILE_ECC), ("aggregate", nvml.NVML_AGGREGATE_ECC)):
        into: dict[str, Any] = {}
        for name, kind in kinds.items():
            questions.ask(name, _later(nvml.nvmlDeviceGetTotalEccErrors, handle, kind, counter), into)
            for place, number in places.items():
                question = _later(nvml.nvmlDeviceGetMemoryErrorCounter, handle, kind, counter, number)
                questions.ask(f"{place}_{name}", question, into)
        found[span] = into
    questions.ask("sram_threshold_exceeded", lambda: _sram_threshold(nvml, handle), found)
    return found


def _retired(nvml: Any, handle: Any, questions: _Questions) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cause in (("single_bit", 0), ("double_bit", 1)):
        questions.ask(name, _count(nvml.nvmlDeviceGetRetiredPages, handle, cause), found)
    questions.ask("pending", lambda: bool(nvml.nvmlDeviceGetRetiredPagesPendingStatus(handle)), found)
    return found


def _later(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _count(function: Callable[..., Any], *arguments: Any) -> Callable[[], int]:
    return lambda: len(function(*arguments))


def _rows(names: tuple[str, ...], values: Any) -> dict[str, Any]:
    row = dict(zip(names, values, strict=False))
    return row | {name: bool(row[name]) for name in ("pending", "failure") if name in row}


def _sram_threshold(nvml: Any, handle: Any) -> bool:
    status = nvml.c_nvmlEccSramErrorStatus_v1_t()
    status.version = nvml.nvmlEccSramErrorStatus_v1
    nvml.nvmlDeviceGetSramEccErrorStatus(handle, ctypes.byref(status))
    return bool(status.bThresholdExceeded)


def _field(nvml: Any, handle: Any, field: int) -> int:
    value = nvml.nvmlDeviceGetFieldValues(handle, [field])[0]
    if value.nvmlReturn:
        raise nvml.NVMLError(value.nvmlReturn)
    return int(value.value.ullVal if value.valueType in (2, 3) else value.value.uiVal)


def _fabric(nvml: Any, handle: Any) -> dict[str, Any]:
    found = nvml.c_nvmlGpuFabricInfo_t()
    nvml.nvmlDeviceGetGpuFabricInfo(handle, ctypes.byref(found))
    state = int(found.state)
    return {"state": _FABRIC[state] if state < len(_FABRIC) else str(state), "status": int(found.status)}


def _mode(pair: Any) -> dict[str, bool]:
    return {"current": bool(pair[0]), "pending": bool(pair[1])}


def _cuda(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _brand(nvml: Any, number: int) -> str | None:
    names = (name for name in dir(nvml) if name.startswith("NVML_BRAND_") and getattr(nvml, name) == number)
    found = min(names, key=len, default=None)
    return found.removeprefix("NVML_BRAND_").replace("_", "").lower() if found else None


def _text(value: bytes | str) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def _error(nvml: Any, error: Any) -> dict[str, Any]:
    number = int(error.value)
    names = (name for name in dir(nvml) if name.startswith("NVML_ERROR_") and getattr(nvml, name) == number)
    return {"code": number, "name": min(names, key=len, default=f"NVML_ERROR_{number}")}


def _load(path: str) -> None:
    """Load the library from a path: a later `libnvidia-ml.so.1` by name is then this one."""
    try:
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return  # NVML says "library not found" itself


def _library_version() -> str | None:
    """Return the version that the file name of the loaded library has: `libnvidia-ml.so.555.42.06`."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123 - stands alone
            path = next((line.split()[-1] for line in maps if "/libnvidia-ml.so" in line), "")
    except OSError:
        return None
    version = os.path.basename(os.path.realpath(path)).partition(".so.")[2]  # noqa: PTH119 - stands alone
    return version if "." in version else None


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    json.dump(read(sys.argv[2] if len(sys.argv) > 2 else None), sys.stdout, indent=1)
