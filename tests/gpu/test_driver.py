"""Driver complaints in the kernel log, driver versions, refusals and the fabric manager."""

from __future__ import annotations

from typing import Any

import pytest
from gpu_reading import read, readings, recording
from msgspec import UNSET

from runbookctl.catalog import signatures
from runbookctl.model import Cut, NodeCommand, NvmlRead, Subject
from runbookctl.probes.gpu import driver_log, driver_versions, memory_health, refusals, sxid, xid
from runbookctl.probes.node import fabric_manager

LOADED = "[   50.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.144.03  Mon Dec 30\n"


def kinds(text: str | bytes) -> list[str]:
    """Return the kinds that the driver log gives."""
    return [one.kind for one in readings("gpu.driver_log", text, "kernel_log")]


@pytest.mark.parametrize(
    ("text", "pci"),
    [
        ("NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus.", "0000:3b:00"),
        ("NVRM: GPU at 0000:3b:00.0 has fallen off the bus.", "0000:3b:00"),
        ("NVRM: GPU at PCI:0000:3b:00: GPU has fallen off the bus.", "0000:3b:00"),
        ("NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.", "0000:3b:00"),
        (
            "NVRM: The NVIDIA GPU 0000:b3:00.0\nNVRM: (PCI ID: 10de:26b5) installed in this system has\nNVRM: fallen off the bus and is not responding to commands.",
            "0000:b3:00",
        ),
        (
            "NVRM: The NVIDIA GPU 0000:05:00.0 (PCI ID: 10de:1e07) installed in this\nNVRM: system has fallen off the bus and is not responding to commands.",
            "0000:05:00",
        ),
    ],
)
def test_a_gpu_that_fell_off_the_bus(text: str, pci: str) -> None:
    """With and without an Xid, in one line or three, the GPU is named."""
    (one,) = readings("gpu.driver_log", text, "kernel_log")
    assert (one.kind, one.pci, one.means) == ("fallen_off_bus", pci, "gpu_fell_off_bus")


@pytest.mark.parametrize(
    ("text", "pci"),
    [
        (
            "NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x26:0x56:1474)\nNVRM: GPU 0000:3b:00.0: rm_init_adapter failed, device minor number 0",
            "0000:3b:00",
        ),
        ("NVRM: failed to copy vbios to system memory.\nNVRM: RmInitAdapter failed! (0x30:0xffff:660)", "unnamed"),
        ("NVRM: rm_init_adapter failed for device bearing minor number 3", "minor 3"),
        (
            "NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:\nNVRM: BAR1 is 0M @ 0x0 (PCI:0000:01:00.0)",
            "0000:01:00",
        ),
    ],
)
def test_a_gpu_that_did_not_start(text: str, pci: str) -> None:
    """One failed start is one reading, about the GPU as far as the driver names it, and about no other."""
    (one,) = readings("gpu.driver_log", text, "kernel_log")
    assert (one.kind, one.pci) == ("init_failed", pci)


def test_a_mismatch_names_both_versions() -> None:
    """Four lines, five lines, one line, re-stamped or escaped: client and module are told."""
    first, second = readings("gpu.driver_log", recording("kernel-mismatch.txt"), "kernel_log")
    assert (first.library, first.module, first.client) == ("470.129.06", "470.103.01", None)
    assert (second.library, second.module, second.client, second.pid) == ("595.84", "595.71.05", "nvidia-smi", 4121)
    (folded,) = readings("gpu.driver_log", recording("kernel-mismatch-012.txt"), "kernel_log")
    assert (folded.library, folded.module, folded.count) == ("550.54.15", "535.161.07", 2)
    old = "NVRM: API mismatch: the client has the version 295.40, but this kernel module has the version 304.43.  Please make sure"
    assert readings("gpu.driver_log", old, "kernel_log")[0].module == "304.43"


@pytest.mark.parametrize(
    "line",
    [
        "[   10.000000] Loading of unsigned module is rejected\n",
        "[   10.000000] Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7\n",
        "[   10.000000] nouveau 0000:01:00.0: NVIDIA GV100 (140000a1)\n",
        "[   10.000000] nvidia: disagrees about version of symbol module_layout\n",
    ],
)
def test_a_refusal_counts_only_where_the_driver_did_not_load_after_it(line: str) -> None:
    """The same line in the boot log of a machine whose driver runs is about something else, or over."""
    there = "[    1.000000] pci 0000:3b:00.0: [10de:2330] type 00 class 0x030200\n"
    assert len(kinds(there + line)) == 1
    assert kinds(there + line + LOADED) == []


def test_a_refused_module_on_a_machine_that_names_no_nvidia_gpu_is_another_one() -> None:
    """The kernel's refusal names no module: a machine without a trace of NVIDIA has no such trouble."""
    assert kinds("[   10.000000] Loading of unsigned module is rejected\n") == []


def test_a_mismatch_is_over_once_the_module_was_loaded_anew() -> None:
    """A start of the driver after it answers the complaint; whatever still differs is said again."""
    before = recording("kernel-mismatch.txt").decode()
    assert kinds(before) == ["api_mismatch", "api_mismatch"]
    assert kinds(before + LOADED) == []


def test_a_refusal_after_the_driver_loaded_is_about_another_module() -> None:
    """The kernel's refusal names no module."""
    assert kinds(LOADED + "[   60.000000] Loading of unsigned module is rejected\n") == []
    again = LOADED + "[    0.000000] Linux version 6.8\n[   10.000000] Loading of unsigned module is rejected\n"
    assert kinds(again) == ["module_signature_refused"]


@pytest.mark.parametrize(
    "line",
    [
        "nvidia: module verification failed: signature and/or required key missing - tainting kernel",
        "mlx5_core 0000:5e:00.0: mlx5_pcie_event:301: Detected insufficient power on the PCIe slot (27W).",
        "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.144.03",
        "nvidia-persistenced: Verbose syslog connection opened",
        "nvidia_peermem: disagrees about version of symbol ib_register_peer_memory_client",
        "NVRM: GPU 0000:3b:00.0: GPU serial number is 1650000000002.",
        "nouveau: module verification failed: signature and/or required key missing - tainting kernel",
    ],
)
def test_harmless_lines_tell_nothing(line: str) -> None:
    """They stand in the logs of healthy machines."""
    for probe in ("gpu.xid", "gpu.driver_log", "gpu.refusals"):
        assert readings(probe, f"[    1.000000] {line}\n", "kernel_log") == []


def test_versions_that_commands_print() -> None:
    """Loaded, on disk, built for, owner, users, DKMS and Secure Boot are told from one paste of all commands."""
    (one,) = readings("gpu.driver_versions", recording("driver-facts.txt"), "driver_facts", node="gpu007")
    assert (one.name, one.module, one.on_disk, one.built_for) == (
        "gpu007",
        "535.183.01",
        "535.216.01",
        "6.8.0-45-generic",
    )
    assert (one.owner, one.devices, one.users, one.dkms, one.secure_boot) == ("nvidia", 1, 62, "installed", True)
    assert (one.library, one.modeset) == (UNSET, UNSET)


def test_what_was_looked_for_and_is_not_there_is_absent() -> None:
    """An empty answer to a question says that there is none; an excerpt does not."""
    asked = driver_versions.request(driver_versions.Params(node="gpu007"))
    files, lsmod, modinfo, lspci = (one for one in asked if isinstance(one, NodeCommand))

    def of(text: str, request: NodeCommand | None) -> Any:
        found = readings("gpu.driver_versions", text, "driver_facts", request=request, node="gpu007")
        return found[0] if found else None

    assert of("", files).module is None
    assert of("", modinfo).on_disk is None
    assert of("modinfo: ERROR: Module nvidia not found.\n", None).on_disk is None
    assert of("", lspci).devices == 0
    nouveau = of("Module                  Size  Used by\nnouveau              3000000  1\n", lsmod)
    assert (nouveau.module, nouveau.owner) == (None, "nouveau")
    loaded = of("/sys/module/nvidia_modeset/version:550.90.07\n/sys/module/nvidia/version:550.54.15\n", files)
    assert (loaded.module, loaded.modeset) == ("550.54.15", "550.90.07")
    assert of("nvidia_uvm           4956160  2\n", None).module is UNSET


def test_the_owner_of_the_card() -> None:
    """The driver that lspci names has the GPU; sound functions and bridges do not count."""
    (one,) = readings("gpu.driver_versions", recording("lspci-nouveau.txt"), "driver_facts")
    assert (one.owner, one.devices) == ("nouveau", 1)


def test_nvml_proves_that_library_and_module_agree() -> None:
    """NVML starts only against a module of its version; where it does not start, its own version is told."""
    (well,) = readings("gpu.driver_versions", recording("nvml-sick.json"), "nvml")
    assert (well.module, well.library, well.cuda, well.arch, well.owner) == (
        "570.124.06",
        "570.124.06",
        "12.8",
        "8.9",
        "nvidia",
    )
    (ill,) = readings("gpu.driver_versions", recording("nvml-mismatch.json"), "nvml")
    assert (ill.library, ill.module) == ("555.42.06", UNSET)
    (text,) = readings("gpu.driver_versions", recording("smi-error-mismatch.txt"), "runtime_error")
    assert text.library == "550.163"


def test_a_log_without_a_mismatch_tells_no_versions() -> None:
    """What was loaded at boot is not what the library is; after a new start an old mismatch is over."""
    (cut,) = read("gpu.driver_versions", recording("kernel-healthy-boot.txt"), "kernel_log")
    assert isinstance(cut, Cut)
    assert cut.nothing
    later = (
        recording("kernel-mismatch.txt").decode()
        + "[2140092.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  595.84  Mon\n"
    )
    assert readings("gpu.driver_versions", later, "kernel_log") == []


@pytest.mark.parametrize("one", [*signatures.signatures("gpu")], ids=lambda one: one.id)
def test_a_refusal_is_told_by_its_sign(one: signatures.Signature) -> None:
    """The sample of a signature, pasted alone or behind a time stamp, gives its sign."""
    for text in (one.sample, f"2026-11-22T02:47:35Z {one.sample}"):
        found = readings("gpu.refusals", text, "runtime_error")
        assert [(each.sign, each.means) for each in found] == [(one.id, one.means)]


def test_nvml_codes_are_refusals() -> None:
    """18 is the mismatch; a code without a meaning here is a cut."""
    (one,) = readings("gpu.refusals", recording("nvml-mismatch.json"), "nvml")
    assert (one.sign, one.library) == ("nvml_version_mismatch", "555.42.06")
    (cut,) = read("gpu.refusals", '{"error": {"code": 999, "name": "NVML_ERROR_UNKNOWN"}}', "nvml")
    assert isinstance(cut, Cut)


def test_the_same_refusal_is_told_once() -> None:
    """A program that repeats itself is one reading with a count."""
    text = "".join(
        f"2026-11-22T02:47:{second}Z CUDA error 803: system has unsupported display driver / cuda driver combination\n"
        for second in (10, 20, 30)
    )
    (one,) = readings("gpu.refusals", text, "runtime_error")
    assert (one.sign, one.count, one.time.second, one.last.second) == ("cuda_803", 3, 10, 30)


def test_the_fabric_manager() -> None:
    """Failed for a version, ended for want of a switch, or absent: three different things."""
    (failed,) = readings("node.fabric_manager", recording("fabric-status-failed.txt"), "fabric_manager")
    assert (failed.state, failed.version, failed.driver) == ("failed", "550.127.05", "550.120")
    (unneeded,) = readings("node.fabric_manager", recording("fabric-status-not-needed.txt"), "fabric_manager")
    assert unneeded.state == "not_needed"
    status, version = fabric_manager.request(fabric_manager.Params(node="gpu007"))
    assert isinstance(status, NodeCommand)
    assert isinstance(version, NodeCommand)
    (absent,) = readings("node.fabric_manager", "", "fabric_manager", request=status)
    assert (absent.state, absent.version) == ("absent", None)
    (told,) = readings(
        "node.fabric_manager", "Fabric Manager version is : 550.127.05\n", "fabric_manager", request=version
    )
    assert (told.version, told.state) == ("550.127.05", UNSET)
    other = "● sshd.service - OpenSSH\n     Active: failed (Result: exit-code)\n"
    assert readings("node.fabric_manager", other, "fabric_manager") == []


def test_questions_are_whole_shapes_that_only_read() -> None:
    """Every command of these probes is on the list of read commands, and the kernel log is asked once for all."""
    from runbookctl.connectors.read_commands import allowed

    asked: list[Any] = []
    for module in (xid, sxid, driver_log, memory_health, driver_versions, refusals, fabric_manager):
        request = module.request(module.Params(node="gpu007"))
        asked += request if isinstance(request, tuple) else (request,)
        assert module.obtain(Subject(node="gpu007"))
        assert module.obtain(Subject())
    commands = {one for one in asked if isinstance(one, NodeCommand)}
    assert all(allowed(one.argv) is None for one in commands)
    assert sum("journalctl" in one.argv for one in commands) == 1
    assert {one for one in asked if isinstance(one, NvmlRead)} == {NvmlRead(form="nvml", node="gpu007")}


def test_signatures_keep_their_own_rules() -> None:
    """Every sample of the families gpu and driver matches its own signature first, and nothing that it must not."""
    ours = ("driver: ", "gpu: ")
    assert [one for one in signatures.mistakes() if one.startswith(ours)] == []
    assert signatures.match("GPU is fine", ("gpu", "driver")) is None
    assert signatures.signatures("nobody") == ()
    assert signatures.by_sign("cuda_804") is not None
