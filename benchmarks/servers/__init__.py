"""One anatomy for all that is measured (Tradewind, its limits, its peer), so that a benchmark treats them
alike.
"""
