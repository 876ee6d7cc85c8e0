"""One file per group of commands: reading what was typed, calling what does it, saying what came of it."""
