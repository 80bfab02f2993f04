"""The kernel log in every form, and nothing that anybody else wrote."""

from __future__ import annotations

import datetime as dt

import pytest
from gpu_reading import AT, raw

from runbookctl.forms import kernel_log
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut

XID = "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
WALL = dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
SPLIT = dt.datetime(2026, 11, 22, 2, 47, 35, 136005, tzinfo=dt.UTC)
SINCE_BOOT = 2756.136005


def lines(text: str | bytes, anchors: tuple[bytes, ...] = (b"NVRM",)) -> list[KernelLine | Gap]:
    """Return the kernel lines of a text."""
    return list(kernel_log.kernel_lines(raw(text, "kernel_log"), anchors))


@pytest.mark.parametrize(
    ("prefix", "time", "seconds", "host"),
    [
        ("[ 2756.136005] ", None, SINCE_BOOT, None),
        ("[ 2756.136005][ T1234] ", None, SINCE_BOOT, None),
        ("[ 2756.136005][  C12] ", None, SINCE_BOOT, None),
        ("[ 2756.136005 <    0.000012>] ", None, SINCE_BOOT, None),
        ("[  +0.000012] ", None, None, None),
        ("[Sun Nov 22 02:47:35 2026] ", WALL, None, None),
        ("[日 11月 22 02:47:35 2026] ", WALL, None, None),
        ("[Nov22 02:47] ", WALL.replace(second=0), None, None),
        ("2026-11-22T02:47:35,136005+00:00 ", SPLIT, None, None),
        ("2026-11-22T10:47:35,136005+08:00 ", SPLIT, None, None),
        ("kern  :err   : [ 2756.136005] ", None, SINCE_BOOT, None),
        ("kern  :err   : [Sun Nov 22 02:47:35 2026] ", WALL, None, None),
        ("kern  :err   : 2026-11-22T02:47:35,136005+00:00 ", SPLIT, None, None),
        ("<3>[ 2756.136005] ", None, SINCE_BOOT, None),
        ("3,1234,2756136005,-;", None, SINCE_BOOT, None),
        ("3,1234,2756136005,-,caller=T12;", None, SINCE_BOOT, None),
        ("Nov 22 02:47:35 gpu007 kernel: ", WALL, None, "gpu007"),
        ("Nov 22 02:47:35.136005 gpu007 kernel: ", SPLIT, None, "gpu007"),
        ("Nov 22 02:47:35 gpu007 kernel: [ 2756.136005] ", WALL, SINCE_BOOT, "gpu007"),
        ("Nov 22 02:47:35 gpu007 kern.err kernel: ", WALL, None, "gpu007"),
        ("<3>Nov 22 02:47:35 gpu007 kernel: ", WALL, None, "gpu007"),
        ("2026-11-22T02:47:35+0000 gpu007 kernel: ", WALL, None, "gpu007"),
        ("2026-11-22T02:47:35.136005+00:00 gpu007 kernel: [ 2756.136005] ", SPLIT, SINCE_BOOT, "gpu007"),
        ("Sun 2026-11-22 02:47:35 UTC gpu007 kernel: ", WALL, None, "gpu007"),
        ("[ 2756.136005] gpu007 kernel: ", None, SINCE_BOOT, "gpu007"),
        ("1795315655.136005 gpu007 kernel: ", SPLIT, None, "gpu007"),
        ("<3>1 2026-11-22T02:47:35.136005Z gpu007 kernel - - - ", SPLIT, None, "gpu007"),
        ('2026-11-22T02:47:35.136005Z gpu007 kernel - - [meta sequenceId="7"] ', SPLIT, None, "gpu007"),
        ("2026-11-22T02:47:35.136005789Z stderr F [ 2756.136005] ", SPLIT, SINCE_BOOT, None),
        ("2026-11-22T02:47:35.136005789Z [ 2756.136005] ", SPLIT, SINCE_BOOT, None),
        ("2026-11-22T02:47:35.136005789Z ", SPLIT, None, None),
        ("gpu007: [ 2756.136005] ", None, SINCE_BOOT, "gpu007"),
        ("/var/log/kern.log.1:17:Nov 22 02:47:35 gpu007 kernel: ", WALL, None, "gpu007"),
        ("kern.log:Nov 22 02:47:35 gpu007 kernel: ", WALL, None, "gpu007"),
        ("\x1b[32m[ 2756.136005] \x1b[0m", None, SINCE_BOOT, None),
        ("", None, None, None),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_prefix_is_taken_off(
    prefix: str, time: dt.datetime | None, seconds: float | None, host: str | None, end: str
) -> None:
    """Whatever prints the log, the kernel's text is found with the time and host that the prefix tells."""
    assert lines(prefix + XID + end) == [KernelLine(1, time, seconds, host, XID)]
    assert kernel_log.recognise(prefix + XID + end, "x") >= 90


@pytest.mark.parametrize(
    "text",
    [
        f"user  :err   : [ 2756.136005] {XID}",
        f"<12>[ 2756.136005] {XID}",
        f"12,1234,2756136005,-;{XID}",
        f"Nov 22 02:47:35 gpu007 app[312]: {XID}",
        f"Nov 22 02:47:35 gpu007 {XID}",
        f"Nov 22 02:47:35 gpu007 user.err kernel: {XID}",
        f"<12>Nov 22 02:47:35 gpu007 kernel: {XID}",
        f"<11>1 2026-11-22T02:47:35Z gpu007 kernel - - - {XID}",
        f"<3>1 2026-11-22T02:47:35Z gpu007 app 12 - - {XID}",
        f"Nov 22 02:47:35 gpu007 app[312]: first\n    {XID}",
        f"Nov 22 02:47:35 gpu007 app[312]: first\n{XID}",
        f"Nov 22 02:47:35 gpu007 app[312]: one#012{XID}",
        f'{{"_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"{XID}"}}',
        f'{{"_TRANSPORT":"kernel","SYSLOG_FACILITY":"1","MESSAGE":"{XID}"}}',
        f'{{"dmesg":[{{"pri":11,"time":1.0,"msg":"{XID}"}}]}}',
        f'{{"dmesg":[{{"fac":"user","pri":"err","time":1.0,"msg":"{XID}"}}]}}',
    ],
)
def test_a_line_of_user_space_is_no_kernel_line(text: str) -> None:
    """A program that prints or logs an Xid does not make one (threat model S3)."""
    assert lines(text) == []


def test_a_message_of_several_lines_is_several_kernel_lines() -> None:
    """Continuation lines, indented or not, and escaped newlines belong to the kernel line before them."""
    text = (
        "Nov 22 02:47:35 gpu007 kernel: NVRM: one\n                    NVRM: two\nNVRM: three\n"
        "Nov 22 02:47:36 gpu007 kernel: NVRM: four#012NVRM: five#012"
    )
    found = [line for line in lines(text) if isinstance(line, KernelLine)]
    assert [(line.number, line.text[6:]) for line in found] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (4, "four"),
        (4, "five"),
    ]
    assert {line.host for line in found} == {"gpu007"}
    assert [line.time.second for line in found if line.time] == [35, 35, 35, 36, 36]


def test_json_of_the_journal_and_of_dmesg() -> None:
    """Both JSON forms are read, in one line or pretty-printed, whole or cut."""
    record = '{"__REALTIME_TIMESTAMP":"1795315655136005","_TRANSPORT":"kernel","SYSLOG_FACILITY":"0","_HOSTNAME":"gpu007","MESSAGE":"%s"}'
    assert lines(f'{{"MESSAGE":"x"}}\n{record % XID}\n') == [KernelLine(2, SPLIT, None, "gpu007", XID)]
    pretty = (record % XID).replace("{", "{\n\t").replace(',"', ',\n\t"').replace("}", "\n}")
    assert lines(pretty) == [KernelLine(6, SPLIT, None, "gpu007", XID)]
    dmesg = f'{{\n   "dmesg": [\n      {{\n         "pri": 3,\n         "time":   2756.136005,\n         "msg": "{XID}"\n      }},{{\n "pri": 6'
    assert lines(dmesg) == [KernelLine(6, None, SINCE_BOOT, None, XID)]
    assert kernel_log.recognise(dmesg, "x") >= 90


@pytest.mark.parametrize(
    ("at", "year"),
    [(AT, 2025), (dt.datetime(2026, 12, 31, 20, tzinfo=dt.UTC), 2026), (dt.datetime(2027, 1, 1, tzinfo=dt.UTC), 2026)],
)
def test_a_stamp_without_a_year_is_never_in_the_future(at: dt.datetime, year: int) -> None:
    """The year is the latest that does not put the line more than a day after the evidence."""
    evidence = raw(f"Dec 31 23:59:59 gpu007 kernel: {XID}", "kernel_log")
    (line,) = kernel_log.kernel_lines(type(evidence)(body=evidence.body, form="kernel_log", at=at), (b"NVRM",))
    assert isinstance(line, KernelLine)
    assert line.time is not None
    assert line.time.year == year


def test_numbers_are_those_of_the_text_as_it_was_given() -> None:
    """A marker of left-out lines advances the number, and says whether something may be missing."""
    text = (
        f"[    0.000000] Linux version 6.8\n[runbookctl: 97 lines (9 bytes) left out, nothing of interest in them]\n"
        f"[    1.000000] {XID}\n[runbookctl: 10 lines (9 bytes) left out]\n[    2.000000] {XID}\n"
    )
    assert [line.number for line in lines(text) if isinstance(line, KernelLine)] == [99, 110]
    cuts = [one for one in kernel_log.events(raw(text, "kernel_log"), (b"NVRM",)) if isinstance(one, Cut)]
    assert [(cut.ring, cut.before) for cut in cuts] == [(False, None)]


def test_what_a_log_covers() -> None:
    """A log that does not begin at boot says so, bounded by its first time; one that does is whole."""
    boot = "[    0.000000] Linux version 6.8\n[    1.000000] x\n"
    later = "Nov 22 02:47:35 gpu007 kernel: a\nNov 22 02:50:00 gpu007 kernel: b\n"
    assert list(kernel_log.events(raw(boot, "kernel_log"), (b"NVRM",))) == []
    (cut,) = kernel_log.events(raw(later, "kernel_log"), (b"NVRM",))
    assert isinstance(cut, Cut)
    assert (cut.ring, cut.before) == (True, WALL)
    span = kernel_log.span(raw(later, "kernel_log"))
    assert (span.first, span.last, span.host, span.lines) == (WALL, WALL.replace(minute=50, second=0), "gpu007", 2)
    assert kernel_log.span(raw(later + "Nov 22 02:51:00 gpu008 kernel: c\n", "kernel_log")).host is None


def test_a_live_log_is_whole_from_the_time_that_was_asked_for() -> None:
    """The journal was asked for a span with a margin, so nothing within `since` is unknown."""
    since = dt.timedelta(hours=2)
    request = kernel_log.request("gpu007", since)
    (cut,) = kernel_log.events(raw("Nov 22 02:47:35 gpu007 kernel: a\n", "kernel_log", request=request), (b"NVRM",))
    assert isinstance(cut, Cut)
    assert cut.ring
    assert cut.before is not None
    assert cut.before < AT - since


@pytest.mark.parametrize(
    "line",
    [
        "GET /healthz 200",
        '{"level": "info"}',
        "[1.5] step",
        "Nov 22 02:47:35 gpu007 sshd[1]: x",
        "Name: api",
        "",
        "[Sun Nov 22 02:47:35 2026] [error] x",
    ],
)
def test_other_text_is_no_kernel_log(line: str) -> None:
    """Lines of programs are not taken for the kernel's."""
    assert not kernel_log.belongs(line)
    assert kernel_log.recognise(line, "log.txt") == 0
