"""Figures: one module for each question, each function from plain values to a matplotlib Figure.

What they share stands in `parts`.
"""
