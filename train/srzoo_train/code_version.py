"""The version of the code, to record with what it made."""

import subprocess
from pathlib import Path

from . import __version__


def code_version() -> str:
    """The version, with the commit in a checkout of git."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+{found.stdout.strip()}"
