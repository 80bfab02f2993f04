"""The tables of codes: typed, complete, and without a guess."""

from __future__ import annotations

import csv
import io

import pytest

from runbookctl.catalog import causes, mig, nvlink, sxid, versions, xid

# The codes that occur in the field (NVIDIA's analysis page, peers' lists, public incident notes).
FIELD = (
    8, 13, 31, 32, 38, 39, 43, 44, 45, 46, 48, 54, 56, 57, 58, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 78, 79,
    80, 81, 82, 83, 86, 92, 93, 94, 95, 109, 110, 119, 120, 121, 122, 123, 125, 126, 136, 137, 139, 140, 141, 142, 143, 144, 145,
    146, 147, 148, 149, 150, 151, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 167, 168, 171, 172, 173, 174, 175, 176,
)  # fmt: skip


def test_every_code_up_to_176_is_there() -> None:
    """The catalogue covers NVIDIA's list and the four codes that only the driver names."""
    assert sorted(xid.all_xids()) == list(range(1, 177))
    assert xid.xid(0) is None
    assert xid.xid(999) is None


@pytest.mark.parametrize("code", FIELD)
def test_a_code_of_the_field_is_explained(code: int) -> None:
    """It has plain words of its own, a mnemonic and a source."""
    entry = xid.xid(code)
    assert entry is not None
    assert len(entry.text) > 30
    assert "NVIDIA lists this code as unused" not in entry.text
    assert entry.mnemonic
    assert entry.source


def test_causes_and_buckets_exist() -> None:
    """Every cause code is in the catalogue of causes, every bucket is explained."""
    for entry in xid.all_xids().values():
        assert entry.cause is None or causes.find(entry.cause) is not None, entry.code
        for bucket in (entry.immediate, entry.investigatory):
            assert bucket is None or xid.advice(bucket), (entry.code, bucket)
    assert {row.resolution for row in nvlink.rows()} <= set(xid._table().advice)


def test_a_sample_is_read_as_its_code() -> None:
    """The line shown for a code is one that the reader reads as that code."""
    from runbookctl.forms._xid_line import xid as read

    for entry in xid.all_xids().values():
        if entry.sample:
            found = read(entry.sample)
            assert found is not None, entry.sample
            assert found.code == entry.code


def test_a_changed_meaning_is_told_by_the_driver() -> None:
    """Asked with a driver, 139 and 144 are what they are there; where it is not recorded, nothing is said."""
    on_535, on_560, between = (xid.xid(139, driver) for driver in ("535.183.01", "560.35.05", "550.54.15"))
    assert on_535 is not None and on_560 is not None and between is not None  # noqa: PT018 - all or none
    assert (on_535.mnemonic, on_560.mnemonic, between.mnemonic) == (
        "ROBUST_CHANNEL_FAST_PATH_ERROR",
        "ROBUST_CHANNEL_OFA1_ERROR",
        "",
    )
    assert (on_535.code, between.cause, between.immediate) == (139, None, None)
    rotation = xid.xid(144, "550.144.03")
    assert rotation is not None
    assert rotation.mnemonic == "ROBUST_CHANNEL_KEY_ROTATION_ERROR"
    assert rotation.cause is None


def _lines() -> list[tuple[int, str, int, str]]:
    """Return (code, message, branch, bucket) for every row of the decode table, all free bits 0 and all 1."""
    found: list[tuple[int, str, int, str]] = []
    for row in nvlink.rows():
        for unit, pattern, branch in ((row.unit_v1, row.v1, 570), (row.unit_v2, row.v2, 580)):
            for status in row.status or ("0x00000000",):
                for fill in "01":
                    word = int(pattern.replace("-", fill), 2)
                    text = f"{unit}  {row.severity.split(' ')[-1]} XC0 i0 Link 03 (0x{word:08x} 0x{int(status, 16):08x} 0x00000000)"
                    found.append((row.xid, text.replace("Non-fatal", "Nonfatal"), branch, row.resolution))
    return found


def test_every_row_of_nvidias_table_decodes() -> None:
    """All decode rows, both layouts, free bits 0 or 1, driver known or not, give NVIDIA's bucket."""
    for code, text, branch, resolution in _lines():
        seen = nvlink.report(text)
        assert seen is not None, text
        for known in (branch, None):
            decoded = nvlink.decode(code, seen, known)
            assert decoded is not None, (text, known)
            assert decoded.resolution == resolution, (text, known)


@pytest.mark.parametrize(
    ("code", "text", "resolution"),
    [
        (
            145,
            "RLW_REMAP Fatal XC0 i0 Link 08 (0x00000082 0x00000041 0x0",
            "RESET_GPU",
        ),  # bits 0 and 6: the severer counts
        (145, "RLW_REMAP Nonfatal XC0 i0 Link 08 (0x00000082 0x00000300 0x0", "IGNORE"),
        (
            145,
            "RLW_REMAP Nonfatal XC0 i0 Link 08 (0x00000082 0x00001100 0x0",
            None,
        ),  # a bit that the table does not have
        (145, "RLW_NEW Nonfatal XC0 i0 Link 08 (0x00000082 0x00000100 0x0", None),  # a unit that it does not have
        (149, "NETIR_LINK_EVT Fatal XC0 i0 Link 00 (0x016415c6)", "RESET_GPU"),  # this unit needs no status
        (149, "NETIR_LINK_EVT Fatal XC0 i0 Link 00 (0x016415", None),  # cut in a register
        (149, "NETIR_MFDE_EVENT Fatal XC0 i0 Link 00 (0x00000266 0x00000006 0x0", None),  # a number, not bits
        (149, "NETIR_LINK_EVT Fatal XC0 i0 Link 00", None),
    ],
)
def test_what_the_table_does_not_say_is_not_decoded(code: int, text: str, resolution: str | None) -> None:
    """Unknown bits, units or cut registers give nothing; several known bits give the severest."""
    seen = nvlink.report(text)
    assert seen is not None
    decoded = nvlink.decode(code, seen, 570)
    assert (decoded.resolution if decoded else None) == resolution


def test_sxid_and_mig() -> None:
    """SXids have their class, profiles their products and counts."""
    fault = sxid.sxid(20034)
    assert fault is not None
    assert (fault.name, fault.fatal) == ("LTSSM Fault Up", "fatal")
    assert sxid.sxid(99999) is None
    (h100,) = mig.of_product("NVIDIA H100 80GB HBM3")
    assert (h100.profiles["1g.10gb"], h100.profiles["3g.40gb"], h100.profiles["7g.80gb"]) == (7, 2, 1)
    assert "A100-40GB" in mig.with_profile("mig-1g.5gb")
    assert mig.of_product("") == ()
    one = mig.profile("1g.10gb.me")
    assert one is not None
    assert (one.slices, one.memory_gb, one.attribute) == (1, 10, "me")
    assert mig.profile("2 slices") is None


def test_versions_compare_number_by_number() -> None:
    """550.9 is older than 550.10; text is no version."""
    rows = csv.reader(io.StringIO("550.9,550.10,-1\n535,535.0.0,0\n610.43.02,595.84,1\n550.x,550,\n,550,\n"))
    for one, other, order in rows:
        assert versions.compare(one, other) == (int(order) if order else None)
    assert versions.branch("570.124.06") == 570
    assert versions.branch("R570") is None
