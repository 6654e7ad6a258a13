"""Which labkit this is, and where it lies."""

from pathlib import Path

__version__ = "0.1.0"
HOME = Path(__file__).parents[1]
