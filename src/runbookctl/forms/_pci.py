"""PCI addresses as the driver, NVML, nvidia-smi, lspci and sysfs print them, brought to one form.

Pure and total: text that is no address gives None.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def normal(address: str) -> str | None:
    """Return `0000:3b:00` for `00000000:3B:00.0`, `PCI:0000:3b:00`, `3b:00.0`, `003b:00` or `0000:3b:00`."""
    text = address.strip().removeprefix("PCI:").partition(".")[0]
    numbers = text.split(":")
    if len(numbers) == 2:
        numbers = ["0", numbers[0][-2:] if numbers[0][:-2] in ("", "00") else numbers[0], numbers[1]]
    if len(numbers) != 3 or not all(_hex(number, size) for number, size in zip(numbers, (8, 2, 2), strict=True)):
        return None
    domain, bus, device = (int(number, 16) for number in numbers)
    return f"{domain:04x}:{bus:02x}:{device:02x}"


def _hex(number: str, size: int) -> bool:
    return 0 < len(number) <= size and all(digit in "0123456789abcdefABCDEF" for digit in number)
