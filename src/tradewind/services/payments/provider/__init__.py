"""A sandbox payment provider, so that the whole shop runs without an account anywhere: with its own ledger
file, its own timers, and every failure of a real provider. The shop uses only `port.Provider`.

`port` the interface of any provider · `tokens` how the sandbox treats each test token · `sandbox` the
provider · `charges` the effect of a call on the `ledger`, in shared `commits` · `rounds` its timers ·
`webhooks` its notifications, with `signatures` · `faults` random failures.
"""
