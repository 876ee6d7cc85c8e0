"""Simulates days of the whole shop with faults, in milliseconds each, so that rare combinations are met in
tests.

The real services, engine, store and sandbox provider run in one thread on virtual time; every random choice
comes from the seed.

`virtual` time · `lives` which task dies with which process · `weather` which faults and how often · `disk`
what survives a crash · `network` to the provider and back · `shop` the process that crashes and starts again
· `stumbles` handlers that fail for a while · `clients` who order · `operator` the dead letters · `ledger`
what the clients were promised · `checks` whether it was kept · `trace` the events · `schedule` one day ·
`campaign` many.
"""
