"""Protects a caller from a failing service: deadlines, retries within a budget, a breaker and a bound on
calls under way.

`guarded` joins them, per called service. All of it works by callback, on a clock and a timer that are given
to it.
"""
