"""Looks for what would fool whoever reads the figures: in the machine, and in how a variant is written."""
