"""Makes the weights of the srzoo model zoo: data, networks, training, import and export."""

__version__ = "0.1.0"
