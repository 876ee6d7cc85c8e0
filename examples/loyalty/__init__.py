"""A seventh service, in one folder: points for what a customer has paid and kept. docs/guides/extend.md walks
through it.
"""
