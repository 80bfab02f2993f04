"""Lines that a person or a shell put between outputs: prompts with a command, headings, fences.

Pure. A prompt always separates; a heading only when something recognisable begins below it.
"""

from __future__ import annotations

import re2

_COMMANDS = (
    "kubectl|oc|k|nvidia-smi|dcgmi|dmesg|journalctl|sudo|ssh|cat|zcat|less|grep|zgrep|egrep|rg|tail|head|curl|docker|"
    "podman|crictl|nerdctl|ctr|stern|helm|lspci|lsmod|modinfo|systemctl|runbookctl|echo|watch|exit|clear|date|uptime"
)

# root@gpu-7:~# dmesg -T        [ops@bastion ~]$ kubectl get pods        (base) me@mac ml % kubectl get po
_HOST_PROMPT = re2.compile(
    r"^(?:\([\w.-]{1,40}\) )?\[?[\w.-]{1,40}@[\w.-]{1,64}[: ][^\s\]$#%>]{0,100}\]?\s?[$#%](?:\s+(.{0,400}))?$"
)
# $ kubectl describe pod x        > kubectl get pods      + kubectl get nodes -o json      and, as root, a hash mark
_BARE_PROMPT = re2.compile(
    rf"^(?:(?:[#%>+]|❯|➜(?:\s+\S{{1,60}})?)\s+((?:{_COMMANDS}|\.{{0,2}}/\S{{1,200}})(?:\s.{{0,400}})?)"
    r"|\$\s+([a-z./~][\w./~-]{0,200}(?:\s.{0,400})?))$"
)
# bash-5.1$ ls      or with a hash mark      PS C:\Users\me> kubectl get pods
_SHELL_PROMPT = re2.compile(r"^(?:(?:ba|z|a)?sh-[\d.]{1,6}[$#]|PS [A-Z]:\\[^>]{0,200}>)(?:\s+(.{0,400}))?$")

# === dmesg ===      ### kubectl describe pod      ==> dmesg.txt <==      ---- events ----      ---
_RULE = re2.compile(r"^\s{0,3}(?:={2,}|-{2,}|#{1,6}|\*{2,}|_{3,}|~{3,})(?:>?\s*\S.{0,150})?$")
# ==== START logs for container app of pod shop/api-1 ====        kubectl cluster-info dump
_DUMP = re2.compile(r"^==== (?:START|END) logs for container (\S{1,100}) of pod (\S{1,300}) ====$")


_MARKS = frozenset(" =-#*_~`WDFE")


def command(line: str) -> str | None:
    """Return the command on a prompt line, empty for a prompt alone; None when the line is no prompt."""
    first = line[:1]
    if not first or len(line) > 700:
        return None
    if first in "$#%>+❯➜":
        match = _BARE_PROMPT.match(line)
        return str(match[1] or match[2]) if match else None
    if first in "sbazP" and (match := _SHELL_PROMPT.match(line)):
        return match[1] or ""
    if ("@" in line[:130]) and (match := _HOST_PROMPT.match(line)):
        return match[1] or ""
    if line.startswith("==== ") and (match := _DUMP.match(line)):
        namespace, _, pod = match[2].partition("/")
        return f"kubectl logs -n {namespace} {pod} -c {match[1]}" if line.startswith("==== START") else ""
    return None


def heading(line: str) -> bool:
    """Tell a line that may stand between two outputs and belong to neither."""
    if len(line) > 160 or (line[:1] not in _MARKS and line[-1:] != ":"):
        return False
    text = line.strip()
    if text.startswith(("```", "~~~", "Warning: ", "Defaulted container ", "Flag --", "W0", "W1")) or text == "EOF":
        return True
    return bool(_RULE.match(line)) or (text.endswith(":") and not line[:1].isspace())


# Sun Nov 22 02:47:35 2026
_DATE = re2.compile(r"^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[A-Z]{2,5} )?\d{4}\s*$")


def leads(line: str) -> bool:
    """Tell a date or a rule, as programs print them above their first telling line."""
    return bool(line.strip()) and (not line.strip("+-=|*#_ ") or bool(_DATE.match(line[:64])))


def preamble(line: str) -> bool:
    """Tell a line that may stand directly above an output and tells nothing itself: a heading, a date, a rule."""
    return heading(line) or leads(line)
