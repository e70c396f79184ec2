"""Exits with a message unless this Python has every package that requirements.txt pins, in that version."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


lines = Path(__file__).with_name("requirements.txt").read_text().splitlines()
pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
wrong = [f"{name} is {installed(name)}, not {pin}" for name, pin in pins.items() if installed(name) != pin]
if wrong:
    sys.exit(f"{sys.executable} does not have the pinned packages: {', '.join(wrong)}.")
