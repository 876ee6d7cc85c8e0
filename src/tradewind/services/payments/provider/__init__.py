"""Stands in for a payment provider, so that the whole shop runs with no account anywhere: with a ledger file
of its own, its own mind about time, and every way of failing that a real one has. The shop sees
`port.Provider` and nothing else.

`port` what any provider answers · `tokens` how the sandbox treats each test token · `sandbox` the provider ·
`charges` what a call does to the `ledger`, in shared `commits` · `rounds` when it acts by itself · `webhooks`
how it tells, with `signatures` · `faults` what goes wrong at random.
"""
