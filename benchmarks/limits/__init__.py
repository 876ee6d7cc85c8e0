"""The barest programs that do the same durable work, so that a figure can be read as a share of what was
possible.
"""
