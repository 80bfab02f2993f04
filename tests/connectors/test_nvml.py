"""NVML through the real binding and the real way to load a library; the library is a small stand-in built here."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbookctl.connectors import Answer, Connectors, Settings, checks, nvml
from runbookctl.forms import nvml as form
from runbookctl.model import Missing, NvmlRead

SOURCE = Path(__file__).with_name("nvml_stand_in.c")
HEALTHY = {
    "init": "0", "driver": "550.144.03", "nvml": "12.550.144.03", "cuda": "12040", "count": "1", "handle0": "0",
    "pci": "00000000:3B:00.0", "uuid": "GPU-6f2c", "serial": "1652823054567", "name": "NVIDIA H100 80GB HBM3",
    "brand": "14", "capability": "9", "persistence": "1", "ecc_mode": "1", "mig_mode": "0", "ecc_0_0": "0",
    "ecc_1_0": "0", "ecc_0_1": "0", "ecc_1_1": "2", "ecc_1_1_2": "2", "ecc_1_1_7": "0", "remapped": "2",
    "retired_0": "!3", "retired_pending": "!3", "recovery": "1", "reasons": "4", "temperature": "41", "fabric": "3",
}  # fmt: skip

Ask = Callable[..., Answer | Missing]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the stand-in."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to build the stand-in with")
    folder = tmp_path_factory.mktemp("nvml")
    path = folder / "libnvidia-ml.so.555.42.06"
    argv = [compiler, "-shared", "-fPIC", "-Wall", "-Wl,-soname,libnvidia-ml.so.1"]
    subprocess.run([*argv, f'-DANSWERS="{folder}/answers"', "-o", str(path), str(SOURCE)], check=True)
    return path


@pytest.fixture
def ask(library: Path) -> Ask:
    """Read the GPUs of a machine that answers as told."""

    def send(timeout: float = 10, **changed: str) -> Answer | Missing:
        answers = HEALTHY | changed
        (library.parent / "answers").write_text("".join(f"{name} {value}\n" for name, value in answers.items()))
        settings = Settings(nvml_library=str(library))
        return nvml.ask(NvmlRead(form="nvml", node=None), settings, timeout, threading.Event())

    return send


def document(answer: Answer | Missing) -> Any:
    """Return the JSON."""
    assert isinstance(answer, Answer), answer
    return json.loads(answer.body)


def test_a_healthy_gpu_is_read_whole(ask: Ask) -> None:
    """Every field of the form, and null where the GPU does not know the question."""
    answer = ask()
    found = document(answer)
    assert (found["driver_version"], found["cuda_driver_version"], found["error"]) == ("550.144.03", "12.4", None)
    (gpu,) = found["gpus"]
    none = dict.fromkeys(("sram_corrected", "sram_uncorrected", "dram_corrected", "dram_uncorrected"))
    assert gpu == {
        "index": 0, "error": None, "pci": "00000000:3B:00.0", "uuid": "GPU-6f2c", "serial": "1652823054567",
        "name": "NVIDIA H100 80GB HBM3", "brand": "nvidia", "compute_capability": "9.0", "persistence_mode": True,
        "ecc_mode": {"current": True, "pending": True}, "mig_mode": {"current": False, "pending": False},
        "ecc": {
            "volatile": {"corrected": 0, "uncorrected": 0} | none,
            "aggregate": {"corrected": 0, "uncorrected": 2} | none | {"sram_uncorrected": 0, "dram_uncorrected": 2},
            "sram_threshold_exceeded": None,
        },
        "remapped_rows": {"correctable": 0, "uncorrectable": 2, "pending": True, "failure": False},
        "retired_pages": {"single_bit": None, "double_bit": None, "pending": None},
        "recovery_action": 1, "clocks_event_reasons": 4, "temperature": 41,
        "fabric": {"state": "completed", "status": 0},
    }  # fmt: skip
    assert isinstance(answer, Answer)
    assert form.decode(answer.body).gpus is not None
    assert (answer.form, answer.source) == ("nvml", "this machine")


def test_retired_pages_are_counted_by_cause(ask: Ask) -> None:
    """Boards before Ampere retire pages."""
    (gpu,) = document(ask(retired_0="3", retired_1="0", retired_pending="1"))["gpus"]
    assert gpu["retired_pages"] == {"single_bit": 3, "double_bit": 0, "pending": True}


@pytest.mark.parametrize(
    ("code", "name"),
    [(9, "NVML_ERROR_DRIVER_NOT_LOADED"), (18, "NVML_ERROR_LIB_RM_VERSION_MISMATCH"), (4, "NVML_ERROR_NO_PERMISSION"),
     (999, "NVML_ERROR_UNKNOWN"), (777, "NVML_ERROR_777")],
)  # fmt: skip
def test_an_nvml_that_does_not_start_says_why(ask: Ask, code: int, name: str) -> None:
    """The error is evidence, with the version of the library that refused."""
    found = document(ask(init=f"!{code}"))
    assert found == {
        "error": {"code": code, "name": name}, "gpus": [], "library_version": "555.42.06",
    }  # fmt: skip


def test_a_lost_gpu_does_not_hide_the_others(ask: Ask) -> None:
    """One handle fails, one GPU is lost in the middle of the questions: both are said, the rest is read."""
    found = document(ask(count="2", handle1="!15", temperature="!15"))
    first, second = found["gpus"]
    lost = {"code": 15, "name": "NVML_ERROR_GPU_IS_LOST"}
    assert second == {"index": 1, "error": lost}
    assert first["error"] == lost
    assert first["temperature"] is None
    assert first["uuid"] == "GPU-6f2c"
    assert found["error"] is None


def test_what_may_not_be_asked_is_left_out(ask: Ask) -> None:
    """No permission is neither "not supported" nor a fault of the GPU."""
    (gpu,) = document(ask(serial="!4"))["gpus"]
    assert "serial" not in gpu
    assert gpu["error"] is None


def test_a_library_that_crashes_is_no_crash_of_ours(ask: Ask) -> None:
    """A broken driver takes only its own process along."""
    answer = ask(temperature="crash")
    assert isinstance(answer, Missing)
    assert answer.why == "NVML: killed by signal 6"


def test_a_library_that_hangs_ends_in_time(ask: Ask) -> None:
    """A GPU that does not answer is missing evidence after its time."""
    began = time.monotonic()
    answer = ask(timeout=0.7, temperature="hang")
    assert isinstance(answer, Missing)
    assert (answer.why, answer.kind) == ("NVML: no answer in 0.7s", "timeout")
    assert time.monotonic() - began < 3


def test_a_machine_without_a_driver_says_so(tmp_path: Path) -> None:
    """No library is an answer: this machine has no NVIDIA driver."""
    if shutil.which("nvidia-smi"):
        pytest.skip("this machine has a driver")
    connectors = Connectors(Settings(nvml_library=str(tmp_path / "none")))
    found = document(connectors.send(NvmlRead(form="nvml", node=None), 10))
    assert found["error"] == {"code": 12, "name": "NVML_ERROR_LIBRARY_NOT_FOUND"}
    told = checks.check(connectors, ("nvml",))
    assert [(check.state.value, check.text) for check in told] == [("missing", "this machine has no NVIDIA driver")]


def test_the_doctor_counts_gpus(ask: Ask, library: Path) -> None:
    """With the driver's version."""
    ask()
    (found,) = checks.check(Connectors(Settings(nvml_library=str(library))), ("nvml",))
    assert found.text == "1 GPU, driver 550.144.03"


def test_another_node_is_asked_through_ssh() -> None:
    """There the answer is the text of nvidia-smi -q; a name that is none is not asked."""
    answer = nvml.ask(NvmlRead(form="nvml", node="-oProxyCommand=id"), Settings(), 5, threading.Event())
    assert isinstance(answer, Missing)
    assert answer.kind == "refused"
