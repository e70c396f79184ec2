"""Exits with a message unless this Python has every package that requirements.txt pins, in that version."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


lines = Path(__file__).with_name("requirements.txt").read_text().splitlines()
pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
lacking = [f"{name} {pin}" for name, pin in pins.items() if installed(name) != pin]
if lacking:
    sys.exit(f"{sys.executable} lacks {', '.join(lacking)}.")
