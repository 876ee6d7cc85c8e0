"""Lives a day of the whole shop in a blink, in bad weather, over and over: what one day in a million would
bring is met before it comes.

The real services, engine, store and sandbox provider run in one thread on virtual time; everything that is
chance comes from the seed.

`virtual` time · `lives` which task dies with which process · `weather` what goes wrong and how often · `disk`
what survives a crash · `network` the way to the provider and back · `shop` the process that crashes and comes
again · `stumbles` handlers that fail for a while · `clients` who orders · `ledger` what they were promised ·
`checks` whether it was kept · `trace` the story · `schedule` one day · `campaign` many.
"""
