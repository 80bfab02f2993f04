"""Whatever bytes come, every reader ends, and ends quietly."""

from __future__ import annotations

import time

import pytest
from gpu_reading import FOLDER, raw, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbookctl import forms, probes

OURS = (
    "gpu.xid", "gpu.sxid", "gpu.driver_log", "gpu.memory_health", "gpu.driver_versions", "gpu.refusals",
    "node.fabric_manager", "catalog.cuda_requirement",
)  # fmt: skip
PAIRS = [(probe, form) for probe in OURS for form in getattr(probes.load(probe), "FORMS", ())]
FORMS = sorted({form for _, form in PAIRS} - {"pod_log"})
SEEDS = [path.read_bytes() for path in sorted(FOLDER.iterdir()) if not path.name.endswith((".expected.json", ".md"))]


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Draw arbitrary bytes, or a recording with a piece cut out, doubled or overwritten."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=400))
    seed = draw(st.sampled_from(SEEDS))
    start, length = draw(st.integers(0, len(seed))), draw(st.integers(0, 300))
    middle = draw(st.one_of(st.just(b""), st.binary(max_size=30), st.just(seed[start : start + length] * 2)))
    return seed[:start] + middle + seed[start + length :]


@pytest.mark.parametrize(("probe", "form"), PAIRS, ids=str)
@given(body=texts())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_a_reader(probe: str, form: str, body: bytes) -> None:
    """Empty, binary, truncated or doubled: a reader yields readings and cuts, never an error."""
    read(probe, body, form)


@pytest.mark.parametrize("form", FORMS)
@given(body=texts())
@settings(max_examples=30, deadline=None)
def test_no_bytes_break_a_form(form: str, body: bytes) -> None:
    """Recognising and naming end quietly, and a score is one."""
    module = forms.load(form)
    head = body.decode("utf-8", "replace")
    assert 0 <= module.recognise(head, "x") <= 100
    module.names(raw(body, form))
    for line in head.split("\n")[:5]:
        for question in ("starts", "belongs"):
            if hasattr(module, question):
                assert getattr(module, question)(line) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        b"NVRM: Xid (" * 100_000,
        b"NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=" + b"a, " * 300_000,
        b"NVRM: API mismatch: the client '" + b"x" * 1_000_000,
        b"NVRM: API mismatch: the client\n" * 30_000,
        b"    NVRM: Xid (PCI:0000:3b:00): 79\n" * 30_000,
        b"[" * 1_000_000,
        b" " * 1_000_000 + b"NVRM: x",
        b"<nvidia_smi_log>" * 60_000,
        b"GPU 00000000:3B:00.0\n" + b"  " * 400_000 + b"x : y",
        b"{" * 500_000,
        b'{"MESSAGE":' * 50_000,
        b"Unable to determine the device handle for GPU" * 20_000,
        b"\xff" * 1_000_000,
        b"a,b,uuid\n" * 50_000,
    ],
    ids=lambda text: text[:24].decode("latin-1"),
)
def test_hostile_text_takes_no_time(text: bytes) -> None:
    """A megabyte made to be slow is read by every reader in a few seconds at most."""
    for probe, form in PAIRS:
        began = time.process_time()
        read(probe, text, form)
        assert time.process_time() - began < 8, (probe, form)
