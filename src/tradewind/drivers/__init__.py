"""One package per database, broker and protocol: each implements ports of core with one client library."""
