"""Writes the papers of an order: an invoice when it is confirmed, a credit note for every refund, numbered
without a gap.
"""
