"""Clocks, launches, statistics, limits, memory and the machine: numbers, never text."""
