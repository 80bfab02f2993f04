"""The allow-list of read commands: whole shapes, no prefixes."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.connectors.read_commands import HOLES, READABLE, allowed, readable, shapes


@pytest.mark.parametrize(
    "line",
    [
        "dmesg -x",
        "dmesg --decode --ctime -l err,warn",
        "/usr/bin/dmesg --json",
        "sudo -n dmesg -x --time-format iso",
        "journalctl -k --since '2026-11-22 02:47:00 UTC' -g oom",
        "journalctl -k -b -1 -o json --no-pager",
        "journalctl --since=-2h -u kubelet.service -n50",
        "journalctl _TRANSPORT=kernel -o short-iso-precise",
        "nvidia-smi -q",
        "nvidia-smi -q -x -i 0000:3b:00.0",
        "nvidia-smi --query-gpu=index,pci.bus_id,ecc.errors.uncorrected.volatile.total --format=csv,noheader,nounits",
        "nvidia-smi nvlink -e -i 0",
        "nvidia-smi topo -m",
        "nvidia-smi mig -lgi",
        "systemctl status kubelet --no-pager -n 50",
        "systemctl is-active nvidia-fabricmanager.service",
        "systemctl --failed --no-legend",
        "cat -- /proc/driver/nvidia/version",
        "cat /sys/class/net/eth0/statistics/rx_errors /proc/pressure/memory",
        "ls -l /dev/nvidia0",
        "grep -E 'Xid|SXid' -m 50 /var/log/syslog",
        "lspci -D -nnvv -s 3b:00.0",
        "ps -eo pid,ppid,stat,comm --sort -rss",
        "ipmitool sel elist",
        "date +%s",
    ],
)
def test_a_command_that_only_reads_is_allowed(line: str) -> None:
    """What probes ask of a node."""
    assert allowed(shlex.split(line)) is None


@pytest.mark.parametrize(
    "line",
    [
        "nvidia-smi -f /etc/x",
        "nvidia-smi -q -f /etc/x",
        "nvidia-smi --gpu-reset",
        "nvidia-smi -pm 1",
        "nvidia-smi nvlink -r",
        "dmesg -C",
        "dmesg -c",
        "dmesg -xC",
        "dmesg --clear",
        "journalctl --vacuum-size=1",
        "journalctl --rotate",
        "journalctl -k --file=/x",
        "find / -exec rm {} ;",
        "tar --to-command=x",
        "systemctl edit kubelet",
        "systemctl restart kubelet",
        "systemctl -H evil status kubelet",
        "sh -c id",
        "cat /etc/shadow",
        "cat /proc/driver/nvidia/../../../etc/shadow",
        "cat /dev/sda",
        "cat relative",
        "cat /var/log/auth.log",
        "cat",
        "grep -f /etc/shadow /var/log/syslog",
        "sysctl -w a=b",
        "sysctl a.b=1",
        "date -s 10:00",
        "date 01010000",
        "hostname evil",
        "ip link set eth0 down",
        "ipmitool sel clear",
        "ipmitool raw 0",
        "/tmp/dmesg -x",
        "./dmesg",
        "sudo dmesg",
        "sudo -n sudo -n dmesg",
        "timedatectl set-time 1",
        "ethtool -s eth0",
        "nvme format /dev/nvme0",
        "",
    ],
)
def test_a_command_that_may_change_something_is_refused(line: str) -> None:
    """S19b: whole shapes, so no option that writes slips in behind a known beginning."""
    assert allowed(shlex.split(line))


def test_a_refusal_names_the_word() -> None:
    """A person sees which word was not known."""
    why = allowed(["nvidia-smi", "nvlink", "-r"])
    assert why == "-r is not a word of a nvidia-smi command that only reads"


@given(st.text(max_size=30))
def test_no_text_is_taken_for_an_option_or_a_path_that_it_is_not(text: str) -> None:
    """S11: whatever a hole is filled with, it is one word, does not begin with a dash, and leads out of no folder."""
    if allowed(["cat", "--", text]) is None:
        assert text.startswith("/")
        assert "/../" not in text + "/"
    if allowed(["systemctl", "status", text]) is None:
        assert not text.startswith("-") or text in {"-l", "-a", "-q"}


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/1/environ", "/root/.ssh/id_ed25519", "/", "/etc", "/sys"]
)
def test_files_outside_the_list_are_not_read(path: str) -> None:
    """Only what tells the state of a machine."""
    assert readable(path)


def test_the_list_is_well_formed() -> None:
    """Every hole of a shape is defined, and every file is an absolute path."""
    for program, rows in shapes().items():
        for shape in rows:
            assert {*shape.options.values(), shape.rest} - {""} <= set(HOLES), program
            assert all(word.isidentifier() or "-" in word for word in shape.literal), program
    assert all(path.startswith("/") and ".." not in path for path in READABLE)
