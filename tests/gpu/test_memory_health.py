"""ECC and row remapping: set, absent or unset, from every source."""

from __future__ import annotations

from typing import Any

import pytest
from gpu_reading import read, readings, recording
from msgspec import UNSET

from runbookctl.forms import nvml
from runbookctl.model import Cut

Q = "nvidia_smi_q"


def health(text: str | bytes, form: str = Q) -> list[Any]:
    """Return the readings of a text."""
    return readings("gpu.memory_health", text, form)


def test_rows_that_are_remapped_are_healthy() -> None:
    """A remapped row and an old aggregate error are history; nothing waits, nothing failed, nothing is asked."""
    for gpu in health(recording("smi-q-healthy.txt")):
        assert (gpu.lost, gpu.remap_pending, gpu.remap_failed, gpu.recovery_action) == (False, False, False, 0)
        assert gpu.uncorrectable_volatile == 0
        assert gpu.schedulable is UNSET


def test_all_sources_tell_the_same() -> None:
    """Text, XML and NVML of one GPU give the same reading, as far as each tells it."""
    fields = (
        "pci",
        "uuid",
        "uncorrectable_volatile",
        "remap_pending",
        "remap_failed",
        "recovery_action",
        "remapped_uncorrectable",
    )
    text, xml, json = (
        health(recording(name), form)[0]
        for name, form in (("smi-q-sick.txt", Q), ("smi-x-sick.xml", "nvidia_smi_xml"), ("nvml-sick.json", "nvml"))
    )
    expected = ("0000:1b:00", "GPU-00000000-0000-0000-0000-000000000000", 1, True, False, 4, 1)
    for one in (text, xml, json):
        assert tuple(getattr(one, field) for field in fields) == expected
    assert health(recording("smi-remapped.csv"), "nvidia_smi_csv")[0].remap_pending is True


def test_pages_of_old_gpus_wait_like_rows() -> None:
    """Before Ampere a page retirement waits; there are no rows, no recovery action, and that is known."""
    (gpu,) = health(recording("smi-q-volta.txt"))
    assert (gpu.remap_pending, gpu.remap_failed, gpu.recovery_action) == (True, None, None)
    assert (gpu.uncorrectable_volatile, gpu.correctable_volatile, gpu.uncorrectable_aggregate) == (2, 4, 5)


def test_a_card_without_ecc_has_no_errors() -> None:
    """`N/A` is absent: no comparison with it is true."""
    (gpu,) = health(recording("smi-q-geforce.txt"))
    assert (gpu.uncorrectable_volatile, gpu.remap_pending, gpu.remap_failed) == (None, None, None)
    assert gpu.lost is False


def test_what_cannot_be_read_is_not_told() -> None:
    """`Unknown Error` leaves a field open; `GPU is lost` is told; a GPU without handle is there, with everything open."""
    first, second, third, fourth = health(recording("smi-q-unreadable.txt"))
    assert (first.uncorrectable_volatile, first.remap_pending, first.lost) == (UNSET, True, False)
    assert (second.lost, second.error) == (True, "GPU is lost")
    assert (third.pci, third.lost, third.remap_pending) == ("0000:da:00", UNSET, UNSET)
    assert (fourth.pci, fourth.lost) == ("0000:e4:00", True)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("None", 0),
        ("Reset", 1),
        ("Reboot", 2),
        ("Drain P2P", 3),
        ("Drain and Reset", 4),
        ("N/A", None),
        ("Dance", UNSET),
        ("Unknown Error", UNSET),
    ],
)
def test_recovery_actions_by_name(name: str, number: Any) -> None:
    """nvidia-smi prints names; a name that nobody knows is no number."""
    (gpu,) = health(f"GPU 00000000:3B:00.0\n    GPU Recovery Action                   : {name}\n")
    assert gpu.recovery_action is number or gpu.recovery_action == number


def test_a_part_of_the_listing_leaves_the_rest_open() -> None:
    """`nvidia-smi -q -d ECC` tells nothing about rows."""
    (gpu,) = health(
        "GPU 00000000:3B:00.0\n    ECC Errors\n        Volatile\n            DRAM Uncorrectable            : 0\n"
    )
    assert (gpu.uncorrectable_volatile, gpu.remap_pending, gpu.recovery_action, gpu.lost) == (0, UNSET, UNSET, False)


def test_one_unreadable_counter_leaves_the_sum_open_but_not_a_sum_above_zero() -> None:
    """0 and not readable is unknown; 2 and not readable is at least 2."""
    ecc = "GPU 00000000:3B:00.0\n    ECC Errors\n        Volatile\n            SRAM Uncorrectable : {}\n            DRAM Uncorrectable : Unknown Error\n"
    assert health(ecc.format(0))[0].uncorrectable_volatile is UNSET
    assert health(ecc.format(2))[0].uncorrectable_volatile == 2


def test_nvml_tells_unsupported_from_not_asked_from_failed() -> None:
    """Null is absent, a key left out is unset, and after an error null says nothing."""
    lost, reset, plain = health(recording("nvml-sick.json"), "nvml")[1:]
    assert (lost.lost, lost.remap_pending, lost.uncorrectable_volatile) == (True, UNSET, UNSET)
    assert (reset.lost, reset.reset_required, reset.recovery_action) == (False, True, 1)
    assert (plain.remap_pending, plain.recovery_action, plain.uncorrectable_volatile) == (None, None, None)
    (left_out,) = health(
        '{"driver_version":"1.2","nvml_version":"1","cuda_driver_version":"1","gpus":[{"pci":"0:1:0"}]}', "nvml"
    )
    assert (left_out.remap_pending, left_out.recovery_action, left_out.remap_failed) == (UNSET, UNSET, UNSET)


def test_the_table() -> None:
    """The plain table tells uncorrected errors, MIG hides them, and a lost GPU is lost."""
    first, second, mig, lost = health(recording("smi-table.txt"), "nvidia_smi_table")
    assert (first.uncorrectable_volatile, second.uncorrectable_volatile, mig.uncorrectable_volatile) == (0, 2, UNSET)
    assert (first.remap_pending, lost.lost) == (UNSET, True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch\n", Q),
        ("No devices were found\n", "nvidia_smi_csv"),
        ('{"error": {"code": 18, "name": "NVML_ERROR_LIB_RM_VERSION_MISMATCH"}}', "nvml"),
        ('{"error": {"co', "nvml"),
        ("<nvidia_smi_log><gpu id='00000000:3B:00.0'><uuid>GPU-1</uuid>", "nvidia_smi_xml"),
    ],
)
def test_no_answer_is_a_cut(text: str, form: str) -> None:
    """Where NVML gave nothing, or the text ends early, more was there than is told."""
    assert any(isinstance(one, Cut) for one in read("gpu.memory_health", text, form))


def test_an_entity_bomb_is_refused() -> None:
    """A document that declares entities is not read."""
    bomb = '<!DOCTYPE nvidia_smi_log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nvidia_smi_log><gpu id="&b;"/></nvidia_smi_log>'
    (cut,) = read("gpu.memory_health", bomb, "nvidia_smi_xml")
    assert isinstance(cut, Cut)


def test_the_shape_that_the_connector_writes() -> None:
    """The document decodes with its documented names."""
    document = nvml.decode(recording("nvml-sick.json"))
    assert document.driver_version == "570.124.06"
    assert document.gpus is not None
    assert [gpu.brand for gpu in document.gpus] == ["nvidia", UNSET, UNSET, "geforce"]
