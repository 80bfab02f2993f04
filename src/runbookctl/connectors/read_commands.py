"""Which commands only read: whole shapes of known programs, every word a literal or a typed hole (threat model S19b).

Pure: looks at an argv and answers. A word that no shape knows refuses the whole command: `nvidia-smi -f` writes a file,
`dmesg -C` clears evidence, `journalctl --vacuum-size` deletes it. One more read command is one more line of `SHAPES`.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

# Typed holes: RE2, matched against the whole word. None may begin with a dash, except as the value of an option.
HOLES = {
    "number": r"\d{1,9}",
    "words": r"[A-Za-z0-9_][A-Za-z0-9_.,:+@-]*",  # err,warn   short-iso-precise   GPU-6f2c...,00000000:3B:00.0
    "name": r"[A-Za-z0-9_][A-Za-z0-9_./:@-]*",  # a package, an image, a container id
    "unit": r"[A-Za-z0-9_][A-Za-z0-9_.@:*\\-]*",  # nvidia-fabricmanager.service
    "time": r"[@+-]?[0-9A-Za-z][0-9A-Za-z :.+-]{0,60}",  # -2h   2026-11-22 02:47:00 UTC   @1763779620
    "boot": r"-?\d{1,4}|[0-9a-f]{32}|all",
    "match": r"_?[A-Z][A-Z_]{1,40}=[A-Za-z0-9_.@:/-]{1,100}",  # _TRANSPORT=kernel
    "text": r"[^\x00\n]{1,500}",  # what to search for
    "fields": r"[A-Za-z0-9_%.][A-Za-z0-9_%.,=:]*",  # index,pci.bus_id,ecc.errors.uncorrected.volatile.total
    "sort": r"[+-]?[a-z%]{1,20}(,[+-]?[a-z%]{1,20}){0,4}",
    "query": r"[A-Za-z0-9%.$\{}:;,_|\\ -]{1,200}",
    "format": r"\+[%A-Za-z0-9:.TZ-]{1,40}",  # of `date`; without the plus it would set the clock
    "pci": r"[0-9A-Fa-f:.*]{1,16}",
    "device": r"/dev/[A-Za-z0-9][A-Za-z0-9_.-]*",
    "sysctl": r"[a-z][a-z0-9_.-]*",
    "path": "",  # a file of READABLE
    "listed": "",  # the name of one, or of /dev
}

# A line: program, literal words (VERB: each of _SYSTEMCTL), then in any order: flags; options with the hole of their
# value (`-n=number`); single letters that may stand in one word (`~nvk`: -v -nnvv); the hole of the words that remain
# (? one at most, ! exactly one, * any, + at least one). A line that begins with a space goes on with the one before.
SHAPES = r"""
dmesg -x --decode -T --ctime -k --kernel -J --json -r --raw -P --nopager -t --notime -e --reltime --color=never
  --noescape -l=words --level=words -f=words --facility=words --since=time --until=time --time-format=words
journalctl -k --dmesg -b --boot --no-pager --no-hostname --utc -q --quiet -a --all -r --reverse --no-full -x --catalog
  --list-boots --disk-usage --header -b=boot --boot=boot -u=unit --unit=unit -t=words --identifier=words -p=words
  --priority=words --facility=words -S=time --since=time -U=time --until=time -n=number --lines=number -o=words
  --output=words --output-fields=words -g=text --grep=text --case-sensitive=words match*
coredumpctl list --no-pager --no-legend -r -q name*
coredumpctl info --no-pager -q -1 name*
last -x -F -n=number words*

nvidia-smi -q -x --query --xml-format -L --list-gpus --version -u --unit -i=words --id=words -d=words --display=words
  --format=words --query-gpu=fields --query-compute-apps=fields --query-accounted-apps=fields
  --query-retired-pages=fields --query-remapped-rows=fields --query-supported-clocks=fields
nvidia-smi topo -m --matrix -mp -p2p=words -i=words
nvidia-smi nvlink -s --status -c --capabilities -e --errorcounters -p --pcibusid -R --remotelinkinfo -i=words --id=words
  -l=number --link=number
nvidia-smi mig -lgip -lgi -lcip -lci -lgipp -lcipp --list-gpu-instances --list-compute-instances
  --list-gpu-instance-profiles --list-compute-instance-profiles -i=words -gi=words
nvidia-smi pmon -c=number -s=words -i=words -o=words
nvidia-smi dmon -c=number -s=words -i=words -o=words -d=number
nvidia-ctk --version
nvidia-ctk cdi list
nvidia-ctk info
nvidia-container-cli --version -V
nvidia-container-cli info --csv
nvidia-container-cli list --libraries --binaries
nvidia-container-runtime --version
nv-fabricmanager --version -v
dcgmi --version -v
dcgmi discovery -l -c
dcgmi health -c -j -g=number
dcgmi nvlink -s -e -g=number
dcgmi topo -g=number --gpuid=number
dcgmi dmon -e=words -c=number -i=words -d=number

systemctl VERB --no-pager --full -l --all -a --failed --value --plain --no-legend -q --quiet -n=number --lines=number
  -p=words --property=words --state=words --type=words -t=words -o=words --output=words unit*
systemctl --failed --no-pager --full -l --all -a --plain --no-legend
crictl ps -a -q --all -o=words --name=words --pod=words --state=words
crictl pods -q -o=words --name=words --namespace=words --state=words
crictl inspect -o=words name+
crictl inspectp -o=words name+
crictl logs -p --timestamps -t --tail=number --since=time name!
crictl images -v -q -o=words
crictl info -q -o=words
crictl version
crictl stats -a -o=words name*
crictl imagefsinfo -o=words
docker info
docker version
docker ps -a --no-trunc
docker inspect name+
kubelet --version
containerd --version -v
runc --version -v
crun --version -v
crio --version -v

cat -- path+
head -- -n=number -c=number path+
tail -- -n=number -c=number path+
ls -- --full-time ~laAdhnLR1t listed+
stat -- -L -f -c=query listed+
readlink -- -f -e listed+
grep -- -H -h -n -i -c -w -s --color=never -e=text -F=text -E=text -m=number -A=number -B=number path+
du -- -s -h -k -b -x -d=number path+
df ~haikPTlB -t=words -x=words listed*
findmnt ~JlnbAT -t=words -o=fields listed*

uname ~asnrvmpio
uptime -p -s
hostname -f -s -I
date -u --utc -R -Iseconds format?
nproc --all
free ~bkmghwltv
lscpu -J -e -p
lsmem -J -b -a
lsmod
modinfo -F=words words+
sysctl -n -a -- sysctl*
getconf -a words?
numactl -H --hardware -s --show
numastat ~mnvcz
vmstat ~amnstdw number*
mpstat -A -P=words number*
iostat ~xcdhkmtyz number*
pidstat ~durtwlh number*
ps aux auxww -ef -e -A --no-headers -ww -o=fields -eo=fields -p=words -C=words --sort=sort
top -b -w -n=number -o=fields
pgrep ~laxf words!
dmidecode -q -t=words -s=words
sensors -j -u
ras-mc-ctl --summary --errors --error-count --status
edac-util -v -s
rpm -q -qa name*
dpkg -l name*
dpkg-query -W -l -f=query name*
timedatectl
timedatectl status
timedatectl show
chronyc -n tracking
chronyc -n sources
ipmitool sel list
ipmitool sel elist
ipmitool sel info
ipmitool sensor
ipmitool sdr
ipmitool sdr list
ipmitool sdr elist
ipmitool mc info
ipmitool chassis status
ipmitool dcmi power reading
ipmitool fru

lspci ~nvkDmtqxPb -s=pci -d=pci
lsusb -t -v
lsblk ~JbOapfmtn -o=fields device*
smartctl -a -x -H -i -A -j -l=words device!
nvme list -o=words
nvme smart-log -o=words device!
nvme error-log -o=words device!
ip addr -s -d -j -4 -6 -br -o
ip addr show -s -d -j -4 -6 -br -o words?
ip link -s -d -j -br -o
ip link show -s -d -j -br -o words?
ip route -d -j -4 -6
ip route show -d -j -4 -6
ip neigh -s -j -4 -6
ip rule show -j -4 -6
ss ~antuplsieomHr46
netstat ~antuplsie
ethtool -S -i -k -g -c -a -l -m -P -T --show-fec words!
ibstat -l -s -p words*
ibstatus name*
ibv_devices
ibv_devinfo -v -l -d=words -i=number
ibdev2netdev -v
perfquery -x -l -a -C=words -P=number number*
rdma link show -j -d
rdma dev show -j -d
rdma statistic show -j

scontrol show node -o -d name?
scontrol show job -o -d name?
scontrol show partition -o -d name?
scontrol show reservation -o -d name?
scontrol show config
sinfo ~NRlaeh -o=query -n=name -p=words
squeue ~lah -o=query -w=name -j=words -u=words
sacct -n -P -X -a -j=words -S=time -E=time -o=fields --format=fields -N=name
"""
_SYSTEMCTL = (
    "status", "show", "is-active", "is-enabled", "is-failed", "cat", "list-units", "list-unit-files", "list-timers",
)  # fmt: skip

# Files that tell the state of a machine. A folder ends with a slash and covers everything below it.
_READABLE = """
/proc/driver/nvidia/ /proc/driver/nvidia-caps/ /proc/driver/nvidia-nvswitch/ /proc/pressure/ /proc/net/ /proc/irq/
/proc/sys/ /proc/buddyinfo /proc/cmdline /proc/cpuinfo /proc/devices /proc/diskstats /proc/interrupts /proc/loadavg
/proc/mdstat /proc/meminfo /proc/modules /proc/mounts /proc/partitions /proc/self/mountinfo /proc/slabinfo
/proc/softirqs /proc/stat /proc/swaps /proc/uptime /proc/version /proc/vmstat /proc/zoneinfo
/sys/block/ /sys/bus/ /sys/class/ /sys/devices/ /sys/fs/cgroup/ /sys/fs/pstore/ /sys/kernel/iommu_groups/
/sys/kernel/mm/ /sys/module/ /var/log/ /var/crash/ /run/nvidia/ /var/run/nvidia/ /run/nvidia-fabricmanager/
/usr/lib/nvidia/ /usr/share/nvidia/ /etc/nvidia/ /etc/os-release /usr/lib/os-release /etc/lsb-release
/etc/debian_version /etc/redhat-release /etc/hostname /etc/resolv.conf /etc/fstab /etc/modprobe.d/ /etc/modules-load.d/
/etc/cdi/ /var/run/cdi/ /run/cdi/ /etc/containerd/config.toml /etc/nvidia-container-runtime/config.toml
/etc/docker/daemon.json /var/lib/kubelet/config.yaml /etc/kubernetes/kubelet/kubelet-config.json
/var/lib/kubelet/device-plugins/
"""
READABLE = tuple(_READABLE.split())
_LISTED = ("/dev/",)  # names below it may be listed, nothing is read
_NEVER = (
    "/var/log/audit/", "/var/log/auth.log", "/var/log/secure", "/var/log/btmp", "/var/log/sudo", "/var/log/journal/",
)  # fmt: skip
_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/mellanox/bin")
_MAX_WORDS = 64
_MANY = 40


class Shape(NamedTuple):
    """One program in one mode, as a line of `SHAPES` says it."""

    literal: tuple[str, ...]
    flags: frozenset[str]
    options: dict[str, str]
    letters: frozenset[str]
    rest: str = ""
    least: int = 0
    most: int = 0


def allowed(argv: Sequence[str]) -> str | None:
    """Return None if the command only reads, else why it is refused."""
    words = list(argv)
    if words[:2] == ["sudo", "-n"]:
        words = words[2:]
    if not words or len(words) > _MAX_WORDS or any("\0" in word for word in words):
        return "not a command"
    folder, _, program = words[0].rpartition("/")
    if folder and folder not in _FOLDERS:
        return f"{shlex.quote(words[0])} is not in a system folder"
    if program not in shapes():
        return f"{shlex.quote(program)} is not a program that is known to only read"
    refusals = [_refusal(program, words[1:], shape) for shape in shapes()[program]]
    return max(refusals)[1] if all(why for _, why in refusals) else None


def readable(path: str, *, listed: bool = False) -> str | None:
    """Return None if the file may be read (`listed`: its name may be listed), else why not."""
    plain = posixpath.normpath(path)
    if not path.startswith("/") or plain != (path.rstrip("/") or "/") or "\n" in path or "\0" in path:
        return f"{shlex.quote(path)} is not a plain absolute path"
    folder = plain.rstrip("/") + "/"
    if folder.startswith(_NEVER) or plain.startswith(_NEVER):
        return f"{shlex.quote(path)} is never read"
    if listed and (plain == "/" or folder.startswith(_LISTED)):
        return None
    if plain in READABLE or any(folder.startswith(known) for known in READABLE if known.endswith("/")):
        return None
    return f"{shlex.quote(path)} is not a file that is known to tell the state of a machine"


@lru_cache(maxsize=1)
def shapes() -> dict[str, tuple[Shape, ...]]:
    """Return the shapes of each program, those with more literal words first."""
    table: dict[str, list[Shape]] = {}
    for line in SHAPES.strip().replace("\n  ", " ").splitlines():
        program, *words = line.split() or [""]
        if not program:
            continue
        verbs = _SYSTEMCTL if words[:1] == ["VERB"] else ()
        lines = [[verb, *words[1:]] for verb in verbs] or [words]
        table.setdefault(program, []).extend(_shape(line) for line in lines)
    return {name: tuple(sorted(rows, key=lambda row: -len(row.literal))) for name, rows in table.items()}


def _shape(words: list[str]) -> Shape:
    literal, flags, options, letters, rest, least, most = [], set(), {}, "", "", 0, 0
    for word in words:
        name, _, hole = word.partition("=")
        if word.startswith("~"):
            letters = word[1:]
        elif word[-1] in "?!*+" and word[:-1] in HOLES:
            rest, least, most = word[:-1], int(word[-1] in "!+"), _MANY if word[-1] in "*+" else 1
        elif hole in HOLES:
            options[name] = hole
        elif word.startswith(("-", "aux")):
            flags.add(word)
        else:
            literal.append(word)
    return Shape(tuple(literal), frozenset(flags), options, frozenset(letters), rest, least, most)


def _refusal(program: str, words: list[str], shape: Shape) -> tuple[int, str]:
    """Return why `words` are not this shape ("" when they are), after how many words that known.

    An option may stand before the literal words and between the others.
    """
    literal = list(shape.literal)
    rest = at = 0
    only_rest = False
    while at < len(words):
        word = words[at]
        taken = 0 if only_rest else _option(words, at, shape)
        if taken:
            only_rest = word == "--"
        elif literal and word == literal[0]:
            literal.pop(0)
            taken = 1
        elif not literal and rest < shape.most and _fills(word, shape.rest):
            rest += 1
            taken = 1
        else:
            return at, f"{shlex.quote(word)} is not a word of a {program} command that only reads"
        at += taken
    missing = " ".join(literal) or (shape.rest if rest < shape.least else "")
    return at, f"{program} lacks {missing}" if missing else ""


def _option(words: list[str], at: int, shape: Shape) -> int:
    """Return how many words the option at `at` takes, 0 when it is none of this shape."""
    word = words[at]
    name, equals, value = word.partition("=")
    if equals and name.startswith("--") and name in shape.options:
        return int(_fills(value, shape.options[name]))
    if word in shape.options and at + 1 < len(words) and _fills(words[at + 1], shape.options[word]):
        return 2
    short, value = word[:2], word[2:]
    joined = value and short in shape.options and not word.startswith("--") and _fills(value, shape.options[short])
    clustered = len(word) > 1 and word[0] == "-" and shape.letters.issuperset(word[1:])
    return int(bool(word in shape.flags or joined or clustered))


def _fills(word: str, hole: str) -> bool:
    if hole in ("path", "listed"):
        return readable(word, listed=hole == "listed") is None
    return bool(hole) and _pattern(hole).fullmatch(word) is not None


@lru_cache(maxsize=64)
def _pattern(hole: str) -> Any:
    import re2

    return re2.compile(HOLES[hole])
