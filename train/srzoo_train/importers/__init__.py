"""Turns published checkpoints into entries of the zoo.

A system costs one file with a `System` and one line in `systems.py`.
"""
