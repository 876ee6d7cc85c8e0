"""An API package that lies outside the tree: orders of an amount under integer ids, and a table that others read."""
