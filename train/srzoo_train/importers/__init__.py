"""Turns published checkpoints into entries of the zoo.

Each system has one file with a `System`, and one line in `systems.py`.
"""
