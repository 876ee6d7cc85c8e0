"""Says how fast Tradewind is on this machine, next to what it claims to beat and to what the machine could do
at best.

`python -m benchmarks` runs the short ones, `python -m benchmarks intake reads` those named; README.md lists
them.
"""
