"""Turns published checkpoints into entries of the zoo.

A system takes one file with a `System` and one line in `systems.py`.
"""
