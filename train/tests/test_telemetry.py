"""ONNX Runtime must not report its use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import time, srzoo_train, onnxruntime
onnxruntime.InferenceSession({graph!r}, providers=["CPUExecutionProvider"])
time.sleep(1)
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="(needs strace)")
def test_onnxruntime_sends_nothing_and_writes_nothing(tmp_path):
    root = Path(__file__).parents[2]
    program = PROGRAM.format(graph=str(root / "tests/fixtures/scale.onnx"))
    trace = tmp_path / "trace"
    calls = "trace=openat,connect,sendto,mkdir"
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(root / "train")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    command = ["strace", "-f", "-e", calls, "-o", trace, sys.executable, "-B", "-c", program]
    subprocess.run(command, check=True, env=environment)
    lines = trace.read_text().splitlines()
    assert any("onnxruntime" in line for line in lines)
    assert [line for line in lines if "AF_INET" in line or "sendto(" in line] == []
    assert [line for line in lines if "O_CREAT" in line or "mkdir(" in line] == []
