"""Makes the weights of the srzoo model zoo: data, networks, training, import and export."""

import os

# ONNX Runtime from 1.29 on reports its use over the network and writes an id for the machine;
# whatever imports it here imports this package first.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.2.0"
