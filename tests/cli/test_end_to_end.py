"""The real program, from evidence to postmortem, in pipes and on terminals, without a cluster or a GPU."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
XID_STORM = str(EXAMPLES / "xid-storm" / "kernel.log")
OOM = str(EXAMPLES / "oom-deployment")
START = "import sys; from runbookctl.cli import main; sys.exit(main())"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_pasted_kernel_log_names_the_cause(run: Run) -> None:
    """Verdict, cause and proof in the first lines, exit 1, progress on standard error."""
    shown = run("analyze", XID_STORM)
    lines = shown.stdout.splitlines()
    assert shown.returncode == 1
    assert lines[0].startswith("CAUSE  ")
    assert "gpu_fell_off_bus" in lines[0]
    assert any(line.startswith("    e1:") and "fallen off the bus" in line for line in lines)
    assert lines[-1].startswith("Next  ")
    assert "piece" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_pipe_is_the_same_as_the_file(run: Run) -> None:
    """`dmesg | runbookctl analyze -`, or without a dash, finds what the file gives."""
    body = Path(XID_STORM).read_text(encoding="utf-8")
    first = [run("analyze", *given, stdin=body).stdout.splitlines()[0] for given in ((), ("-",))]
    assert set(first) == {run("analyze", XID_STORM).stdout.splitlines()[0]}


def test_show_prints_the_run_again(run: Run) -> None:
    """`show last` is the result as it was, with the same exit status; an id's beginning is enough."""
    told = run("analyze", XID_STORM)
    again = run("show", "last")
    assert (again.stdout, again.returncode) == (told.stdout, 1)
    run_id = json.loads(run("show", "last", "--output", "json").stdout)["run"]
    assert run("show", run_id[:5]).stdout == told.stdout


def test_the_proof_can_be_looked_up(run: Run) -> None:
    """Each `eN:LINE` of the proof is that line of the evidence."""
    told = json.loads(run("analyze", XID_STORM, "--output", "json").stdout)
    proof = told["causes"][0]["evidence"][0]
    line = proof["lines"][0]
    shown = run("show", "last", f"{proof['id']}:{line}")
    wanted = next(each for each in shown.stdout.splitlines() if each.startswith("> "))
    assert wanted.startswith(f"> {line} | ")
    given = Path(XID_STORM).read_text(encoding="utf-8").splitlines()[line - 1]
    assert wanted.endswith(given[-40:])
    whole = json.loads(run("show", "last", proof["id"], "--output", "json").stdout)
    assert whole["evidence"]["sha256"] == proof["sha256"]
    assert run("show", "last", "e99").returncode == 2


def test_a_deployment_is_judged_from_a_folder(run: Run) -> None:
    """A folder of API objects and logs gives the memory limit as the cause, from `analyze` and from `run --from`."""
    assert "container_oom_killed" in run("analyze", OOM).stdout.splitlines()[0]
    shown = run("run", "k8s/oom-crashloop", "--from", OOM)
    assert shown.returncode == 1
    assert "container_oom_killed" in shown.stdout.splitlines()[0]


def test_text_that_says_nothing_is_unknown(run: Run, tmp_path: Path) -> None:
    """A file that nobody recognises is never clear: exit 3, and it is named."""
    (tmp_path / "notes.txt").write_text("the pizza was late\n", encoding="utf-8")
    shown = run("analyze", "notes.txt")
    assert shown.returncode == 3
    assert shown.stdout.startswith("UNKNOWN  ")
    assert "notes.txt" in shown.stdout


def test_a_healthy_kernel_log_is_clear(run: Run) -> None:
    """Ordinary boot lines are CLEAR for what was given, exit 0, and there is no next command."""
    healthy = "".join(
        f"[{at:5}.000000] {text}\n"
        for at, text in enumerate(
            ["Linux version 5.15.0-105-generic (buildd@lcy02-amd64-063)", "Command line: BOOT_IMAGE=/vmlinuz",
             "nvidia: loading out-of-tree module taints kernel.", "nvidia: module verification failed: signature and/or required key missing - tainting kernel",
             "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024", "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready"]
        )
    )  # fmt: skip
    shown = run("analyze", "-", stdin=healthy)
    assert shown.stdout.startswith("CLEAR  ")
    assert shown.returncode == 0
    assert "Next" not in shown.stdout


def test_json_is_the_documented_shape(run: Run) -> None:
    """`--output json` prints schema, run, verdict, causes, findings and unknown, and nothing but JSON."""
    told = json.loads(run("analyze", XID_STORM, "--output", "json").stdout)
    assert list(told) == ["schema", "run", "verdict", "causes", "findings", "unknown"]
    assert told["schema"] == "runbookctl/diagnosis/v1"
    assert told["verdict"] == "causes"
    assert run("show", "last", "--output", "json").returncode == 1


def test_hostile_evidence_never_reaches_the_terminal(run: Run) -> None:
    """Control, bidirectional and invisible characters of a log are escaped in text, JSON and progress."""
    bad = "\x1b]52;c;aGk=\x07\x9b2J\u202e\u200b"
    body = f"[  100.000000] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, name=a{bad}, GPU has fallen off the bus.\n"
    for arguments in (
        ("analyze", "-"),
        ("analyze", "-", "--output", "json"),
        ("show", "last", "e1"),
        ("show", "last", "e1:1"),
        ("status",),
    ):
        shown = run(*arguments, stdin=body)
        for text in (shown.stdout, shown.stderr):
            assert not [char for char in text if not char.isprintable() and char != "\n"], arguments


def test_a_postmortem_is_a_file_whose_name_is_the_only_output(run: Run, tmp_path: Path) -> None:
    """`vi $(runbookctl postmortem last)` works: the name on standard output, all else on standard error."""
    run("analyze", XID_STORM)
    shown = run("postmortem", "last")
    assert shown.returncode == 0
    name = shown.stdout.removesuffix("\n")
    assert "\n" not in name
    assert "\n# " in (tmp_path / name).read_text(encoding="utf-8")
    assert "filled from the record" in shown.stderr
    assert run("postmortem", "last", "--output-file", "other.md").stdout == "other.md\n"
    chinese = run("postmortem", "last", "--lang", "zh").stdout.strip()
    assert chinese.endswith(".zh.md")


def test_a_person_s_text_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    """A postmortem that somebody has edited stays as it is."""
    run("analyze", XID_STORM)
    name = run("postmortem", "last").stdout.strip()
    mine = (tmp_path / name).read_text(encoding="utf-8") + "\nwhat I found out\n"
    (tmp_path / name).write_text(mine, encoding="utf-8")
    shown = run("postmortem", "last")
    assert shown.returncode == 2
    assert (tmp_path / name).read_text(encoding="utf-8") == mine


def test_a_bundle_is_judged_the_same_elsewhere(run: Run, tmp_path: Path) -> None:
    """Export prints the file's name; another machine analyzes or imports it and finds the same."""
    told = json.loads(run("analyze", XID_STORM, "--output", "json").stdout)
    name = run("bundle", "export", "last").stdout.strip()
    assert name == f"{told['run']}.tar.gz"
    elsewhere = {"RUNBOOKCTL_HOME": str(tmp_path / "elsewhere")}
    replayed = json.loads(run("analyze", name, "--output", "json", **elsewhere).stdout)
    assert replayed["causes"] == told["causes"]
    imported = run("bundle", "import", name, **elsewhere)
    assert imported.returncode == 0
    assert (
        json.loads(run("show", imported.stdout.strip(), "--output", "json", **elsewhere).stdout)["causes"]
        == told["causes"]
    )


def test_status_lists_runs_and_the_journal_verifies(run: Run) -> None:
    """Each run has a line with time, verdict and causes; the chains hold."""
    assert run("status").stdout == ""
    run("analyze", XID_STORM)
    line = run("status").stdout
    assert "CAUSE" in line
    assert "gpu_fell_off_bus" in line
    assert json.loads(run("status", "--output", "json").stdout)["runs"][0]["verdict"] == "causes"
    assert run("journal", "verify").returncode == 0
    assert json.loads(run("journal", "verify", "--output", "json").stdout)["ok"] is True


def test_read_prints_what_a_probe_reads(run: Run) -> None:
    """One probe on one file: readings as JSON."""
    told = json.loads(run("read", "gpu.xid", XID_STORM).stdout)
    assert told["probe"] == "gpu.xid"
    assert any(reading.get("code") == 79 for reading in told["readings"])
    assert run("read", "gpu.xdi", XID_STORM).returncode == 2


def test_shipped_runbooks_lint_and_their_tests_pass(run: Run) -> None:
    """`lint` and `test` without a name check everything that is shipped."""
    lint = run("lint")
    assert lint.returncode == 0, lint.stdout
    assert "no mistakes" in lint.stdout
    assert json.loads(run("lint", "--output", "json").stdout)["mistakes"] == []
    tests = run("test", "gpu/xid-ecc")
    assert tests.returncode == 0, tests.stdout


def test_a_bad_runbook_is_told_mistake_by_mistake(run: Run, tmp_path: Path) -> None:
    """Each mistake begins with file:line:column; the count and exit 2 follow."""
    (tmp_path / "bad.yaml").write_text("runbook: bad\nabuot: x\n", encoding="utf-8")
    shown = run("lint", "./bad.yaml")
    assert shown.returncode == 2
    assert "bad.yaml:2:1: " in shown.stdout
    assert shown.stdout.splitlines()[-1].endswith("in 1 file")


def test_a_new_runbook_lints_clean(run: Run) -> None:
    """The skeleton is a good runbook, printed by its path."""
    shown = run("new", "gpu/my-check")
    assert shown.returncode == 0
    assert run("lint", "./" + shown.stdout.strip()).returncode == 0
    assert run("new", "gpu/my-check").returncode == 2


def test_a_plan_says_what_would_be_asked(run: Run) -> None:
    """`--plan` sends nothing: steps with probes and the commands that ask the same."""
    shown = run("run", "gpu/xid-ecc", "--on", "gpu[001-512]", "--plan")
    assert shown.returncode == 0
    assert shown.stdout.startswith("PLAN  gpu/xid-ecc")
    assert "ssh gpu001" in shown.stdout
    assert "gpu[004-512]" in shown.stdout
    plan = json.loads(run("run", "gpu/xid-ecc", "--on", "gpu001", "--plan", "--output", "json").stdout)["plan"]
    assert plan["lines"]


def test_show_of_a_runbook_tells_inputs_steps_and_causes(run: Run) -> None:
    """What a runbook needs, asks and concludes can be read without opening the file."""
    shown = run("show", "gpu/xid-ecc")
    assert shown.returncode == 0
    for word in (
        "Inputs",
        "Steps",
        "Findings",
        "Causes",
        "Remediations",
        "gpu_fell_off_bus",
        "Next  runbookctl run gpu/xid-ecc",
    ):
        assert word in shown.stdout
    assert json.loads(run("show", "gpu/xid-ecc", "--output", "json").stdout)["runbook"]["id"] == "gpu/xid-ecc"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("xid", "79"), "Xid 79"),
        (("exit", "137"), "137"),
        (("cause", "container_oom_killed"), "container_oom_killed"),
        (("cuda", "12.4"), "12.4"),
        (("runbook", "gpu/xid-ecc"), "gpu/xid-ecc"),
    ],
)
def test_explain_names_the_code_and_its_source(run: Run, arguments: tuple[str, ...], word: str) -> None:
    """A code in plain words, with its source; as JSON the data too."""
    shown = run("explain", *arguments)
    assert shown.returncode == 0, shown.stderr
    assert word in shown.stdout.splitlines()[0]
    assert set(json.loads(run("explain", *arguments, "--output", "json").stdout)) == {
        "kind",
        "value",
        "title",
        "lines",
        "source",
        "data",
    }


def test_an_unknown_code_is_an_error_and_no_guess(run: Run) -> None:
    """A code that is in no table exits 2."""
    shown = run("explain", "xid", "99999")
    assert shown.returncode == 2
    assert shown.stdout == ""


def test_doctor_tells_what_works_from_here(run: Run) -> None:
    """Without a cluster the doctor still ends well, unless the cluster was asked about."""
    shown = run("doctor")
    assert shown.returncode == 0
    checks = json.loads(run("doctor", "--output", "json").stdout)["checks"]
    assert {check["state"] for check in checks} <= {"ok", "warn", "missing"}


def test_the_demo_goes_as_designed(run: Run, tmp_path: Path) -> None:
    """Two incidents end in their causes and two postmortems, exit 0."""
    shown = run("demo", "--folder", str(tmp_path / "demo"))
    assert shown.returncode == 0, shown.stderr
    verdicts = [line for line in shown.stdout.splitlines() if line.startswith("CAUSE")]
    assert len(verdicts) == 2
    assert "container_oom_killed" in verdicts[0]
    assert "gpu_fell_off_bus" in verdicts[1]
    assert len(list((tmp_path / "demo").glob("*.md"))) == 2
    told = json.loads(run("demo", "--output", "json", "--quiet").stdout)["demo"]
    assert all(each["as_designed"] for each in told)


def test_no_cluster_is_said_with_what_to_do(run: Run) -> None:
    """A run that needs a cluster where there is none says so, exit 2 or unknown, and points at the doctor."""
    shown = run("run", "k8s/oom-crashloop", "-i", "namespace=ml", "-i", "pod=trainer-0", KUBECONFIG="/nowhere")
    assert shown.returncode in {2, 3}
    assert "runbookctl doctor kubernetes" in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr


# --- on a terminal ------------------------------------------------------------------------------------------------


def _screen() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screen", HERE / "screen.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["screen"] = module
    spec.loader.exec_module(module)
    return module


screen = _screen()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_analyze_on_a_terminal(environment: dict[str, str], tmp_path: Path, width: int) -> None:
    """The piece, an empty line, the result; nothing of it wider than the screen but commands."""
    ended = screen.play(["-c", START, "analyze", XID_STORM], width=width, environment=environment, folder=tmp_path)
    assert ended.status == 1
    assert ended.lines[0].startswith("  ✓ ")
    assert any(line.startswith("CAUSE  ") for line in ended.lines)
    assert any("gpu_fell_off_bus" in line for line in ended.lines)
    assert "Traceback" not in ended.text


def test_analyze_without_anything_on_a_terminal_is_a_usage_error(environment: dict[str, str], tmp_path: Path) -> None:
    """At a keyboard `analyze` does not wait for input that nobody meant to type."""
    ended = screen.play(["-c", START, "analyze"], width=80, environment=environment, folder=tmp_path)
    assert ended.status == 2
    assert ended.lines[0] == "error: nothing was given to analyze"
