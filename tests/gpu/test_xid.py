"""Xid events: every form of the line, the driver's own words first, and bursts."""

from __future__ import annotations

from typing import Any

import pytest
from gpu_reading import read, readings, recording
from msgspec import UNSET

from runbookctl.model import Cut, Skipped


def xid(text: str) -> Any:
    """Return the one reading of a line."""
    (one,) = readings("gpu.xid", text, "kernel_log")
    return one


@pytest.mark.parametrize(
    ("where", "pci", "mig"),
    [
        ("PCI:0000:3b:00", "0000:3b:00", None),
        ("PCI:0000:3B:00", "0000:3b:00", None),
        ("PCI:00000000:3B:00.0", "0000:3b:00", None),
        ("0000:3b:00", "0000:3b:00", None),
        ("0001:00", "0000:01:00", None),
        ("PCI:0018:01:00", "0018:01:00", None),
        ("PCI:10000:01:00", "10000:01:00", None),
        ("PCI:0000:3b:00 GPU-I:05", "0000:3b:00", "5"),
        ("PCI:0000:3b:00 GPU-I:05 GPU-CI:00", "0000:3b:00", "5/0"),
        ("PCI:0000:3b:00 GPU-I:13 GPU-CI:01", "0000:3b:00", "13/1"),
        ("PCI:0000:3b:00 GPU-I:0d", "0000:3b:00", "13"),
    ],
)
def test_where_it_happened(where: str, pci: str, mig: str | None) -> None:
    """Address and MIG instance are brought to one form, whichever driver wrote them."""
    one = xid(f"NVRM: Xid ({where}): 31, pid=7, name=python3, Ch 00000010")
    assert (one.pci, one.mig, one.code) == (pci, mig, 31)


@pytest.mark.parametrize(
    ("rest", "pid", "process", "message"),
    [
        (", pid=7194, name=python3, Ch 00000010", 7194, "python3", "Ch 00000010"),
        (", pid='<unknown>', name=<unknown>, GPU has fallen off the bus.", None, None, "GPU has fallen off the bus."),
        (", pid=7194, Contained: SM (0x1). RST: No, D-RST: No", 7194, None, "Contained: SM (0x1). RST: No, D-RST: No"),
        (", Channel 00000001", None, None, "Channel 00000001"),
        (", pid=1, name=my prog (v2) [x], Ch 00000010", 1, "my prog (v2) [x]", "Ch 00000010"),
        (", pid=1, name=VLLM::Worker_TP0, Graphics Exception", 1, "VLLM::Worker_TP0", "Graphics Exception"),
        (", pid=1, name=a, b,c, Ch 00000010", 1, "a, b,c", "Ch 00000010"),
        (", pid=1, name=x, SAW_MVB Fatal XC0 i0 Link 03 (0x1)", 1, "x", "SAW_MVB Fatal XC0 i0 Link 03 (0x1)"),
        (", pid=1, name=python3", 1, "python3", ""),
        ("", None, None, ""),
        (" ", None, None, ""),
    ],
)
def test_who_was_at_it(rest: str, pid: int | None, process: str | None, message: str) -> None:
    """Pid and name are optional, the name may hold anything, and the message is what follows them."""
    one = xid(f"NVRM: Xid (PCI:0000:3b:00): 31{rest}")
    assert (one.pid, one.process, one.message) == (pid, process, message)


def test_the_driver_names_the_origin() -> None:
    """An Xid 45 blames the Xid that it names; alone it blames itself and means nothing."""
    named = xid("NVRM: Xid (PCI:0000:3b:00): 45, pid=1, name=x, Ch 00000010 caused by previous Xid 149")
    alone = xid("NVRM: Xid (PCI:0000:3b:00): 45, pid=1, name=x, Ch 00000010")
    assert (named.caused_by, named.blames, named.means) == (149, 149, "nvlink_fault")
    assert (alone.caused_by, alone.blames, alone.means) == (None, 45, None)


@pytest.mark.parametrize(
    ("text", "reset", "drain", "severity"),
    [
        ("94, pid=1, Contained: SM (0x1). RST: No, D-RST: No", False, False, "application"),
        ("94, pid=1, Contained: SM (0x1). RST: No, D-RST: Yes", False, True, "fatal"),
        ("95, pid=1, Uncontained: LTC TAG (0x2, 0x1). RST: Yes, D-RST: No", True, False, "fatal"),
        ("94, Contained: DRAM (0x2, 0x1). physAddr: 0x018f31d80 RST: Yes, D-RST: No", True, False, "fatal"),
        ("95, pid=1, Uncontained: LTC TAG (0x2, 0x1).", None, None, "fatal"),
    ],
)
def test_the_driver_says_whether_a_reset_is_needed(
    text: str, reset: bool | None, drain: bool | None, severity: str
) -> None:
    """RST and D-RST of the line are told; a line without them says nothing about it."""
    one = xid(f"NVRM: Xid (PCI:0000:3b:00): {text}")
    assert (one.reset_required, one.drain_required, one.severity) == (reset, drain, severity)


@pytest.mark.parametrize(
    ("to", "action"),
    [
        ("0x0 (None)", 0),
        ("0x1 (GPU Reset Required)", 1),
        ("0x1 (PF FLR)", 1),
        ("0x2 (OS Reboot)", 2),
        ("0x4 (Drain and Reset)", 4),
        ("0x7 (x)", 7),
    ],
)
def test_a_recovery_action_counts_by_its_number(to: str, action: int) -> None:
    """The names changed with driver 610, the numbers did not."""
    one = xid(f"NVRM: Xid (PCI:0000:3b:00): 154, GPU recovery action changed from 0x3 (Drain P2P) to {to}")
    assert one.recovery_action == action


def test_the_order_of_recovery_actions_is_kept() -> None:
    """An action that was taken back and asked for again is three readings, in their order."""
    step = "[  1.{}00000] NVRM: Xid (PCI:0000:3b:00): 154, GPU recovery action changed from {} to {}\n"
    up, down = ("0x0 (None)", "0x1 (PF FLR)"), ("0x1 (PF FLR)", "0x0 (None)")
    text = "".join(step.format(place, *pair) for place, pair in enumerate((up, up, down, up)))
    assert [(one.recovery_action, one.count) for one in readings("gpu.xid", text, "kernel_log")] == [
        (1, 2),
        (0, 1),
        (1, 1),
    ]


@pytest.mark.parametrize(
    ("code", "driver", "mnemonic", "blames", "means"),
    [
        (139, "535.183.01", "ROBUST_CHANNEL_FAST_PATH_ERROR", 141, None),
        (139, "560.35.05", "ROBUST_CHANNEL_OFA1_ERROR", 139, None),
        (139, "545.23.08", UNSET, UNSET, UNSET),
        (139, None, UNSET, UNSET, UNSET),
        (144, "550.144.03", "ROBUST_CHANNEL_KEY_ROTATION_ERROR", 151, None),
        (144, "570.124.06", "NVLINK_SAW_ERROR", 144, "nvlink_fault"),
        (144, None, UNSET, UNSET, UNSET),
        (79, None, "ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS", 79, "gpu_fell_off_bus"),
        (999, None, UNSET, 999, UNSET),
    ],
)
def test_a_code_means_what_it_means_on_that_driver(
    code: int, driver: str | None, mnemonic: Any, blames: Any, means: Any
) -> None:
    """Two numbers changed their meaning between branches; without the branch they mean nothing for certain."""
    boot = f"[  1.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  {driver}  Mon\n" if driver else ""
    one = xid(f"{boot}[  2.000000] NVRM: Xid (PCI:0000:3b:00): {code}, pid=1, name=x, something")
    assert (one.mnemonic, one.blames, one.means, one.driver) == (
        mnemonic,
        blames,
        means if blames is not UNSET else UNSET,
        driver or UNSET,
    )


def test_a_code_that_nvidia_calls_unused_has_no_verdict() -> None:
    """A catalogue note "Unused on A100" is no advice: 51 and 61 occur, and their bucket would condemn a board."""
    assert xid("NVRM: Xid (PCI:0000:3b:00): 51, BAD_TSG encountered on runlist: 0").resolution is UNSET


def test_a_row_that_waits_is_no_failure() -> None:
    """The driver logs an attempt at a row that waits already under the number of failures."""
    line = "NVRM: Xid (PCI:0000:3b:00): {}"
    marked = xid(line.format("63, Row Remapper: New row marked for remapping, reset gpu to activate."))
    again = xid(
        line.format(
            "64, Row Remapper: (0x0000000018f31d80) - Attempting to remap a row that is already pending remapping. Remapping will occur when the GPU is reset"
        )
    )
    full = xid(line.format("64, Row Remapper Error: (0x0000000018f31d80) - All reserved rows for bank are remapped"))
    assert (marked.remap_pending, marked.blames, marked.reset_required) == (True, 63, None)
    assert (again.remap_pending, again.blames, again.means) == (True, 63, "row_remap_pending")
    assert (full.remap_pending, full.blames, full.means) == (False, 64, "row_remap_failure")


def test_names_of_a_gpu_are_joined() -> None:
    """The driver logs UUID and serial number of a GPU before its first Xid; the reading has all of them."""
    first = next(one for one in readings("gpu.xid", recording("kernel-xid-ecc.txt"), "kernel_log"))
    assert (first.pci, first.uuid, first.serial) == (
        "0000:52:00",
        "GPU-11111111-2222-3333-4444-555555555555",
        "1650000000001",
    )


def test_a_burst_is_one_reading_and_two_bursts_are_two() -> None:
    """Lines identical but for their time fold within ten seconds; a different pid is another line."""
    line = "[{:12.6f}] NVRM: Xid (PCI:0000:3b:00): 13, pid={}, name=x, Graphics Exception\n"
    text = "".join(line.format(second, 7) for second in (1, 2, 3, 60, 61)) + line.format(62, 8)
    assert [(one.line, one.count) for one in readings("gpu.xid", text, "kernel_log")] == [(1, 3), (4, 2), (6, 1)]


def test_rsyslog_folds_too() -> None:
    """`message repeated 3 times` counts three."""
    one = xid(
        "Nov 22 02:47:35 n kernel: [ 1.000000] message repeated 3 times: [ NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=x, Ch 1]"
    )
    assert (one.code, one.count, one.pid) == (31, 3, 1)


def test_a_line_that_cannot_be_read_is_told() -> None:
    """An Xid line of a form that nobody knows is skipped aloud; a driver function with Xid in its name is nothing."""
    found = read(
        "gpu.xid", "NVRM: Xid (PCI:0000:66:00): abc\nNVRM: _kgspLogXid119: ***\nNVRM: Xid (PCI:0000:66", "kernel_log"
    )
    assert [one.line for one in found if isinstance(one, Skipped)] == [1, 3]
    assert all(isinstance(one, (Skipped, Cut)) for one in found)


def test_the_subject_of_a_live_answer_is_what_was_asked() -> None:
    """A host name in an answer never moves it to another node (threat model S10)."""
    from runbookctl.forms.kernel_log import request

    line = "Nov 22 02:47:35 evil kernel: NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus."
    (live,) = readings("gpu.xid", line, "kernel_log", request=request("gpu007", None), node="gpu007")
    (pasted,) = readings("gpu.xid", line, "kernel_log")
    assert (live.node, pasted.node) == ("gpu007", "evil")


def test_a_healthy_boot_log_tells_nothing() -> None:
    """Taint line, driver start, slot power of a network card and the persistence daemon are no events."""
    for probe in ("gpu.xid", "gpu.sxid", "gpu.driver_log", "gpu.refusals"):
        assert read(probe, recording("kernel-healthy-boot.txt"), "kernel_log") == []
