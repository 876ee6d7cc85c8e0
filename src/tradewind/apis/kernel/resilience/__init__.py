"""Keeps a caller well while what it calls is not: deadlines, retries within a budget, a breaker and a bound
on what is under way.

`guarded` puts them together, per service that is called. All of it works by callback, on a clock and a timer
that are given to it.
"""
