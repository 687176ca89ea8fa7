"""Photographs on their way into training: packed into a store, cut into crops."""
