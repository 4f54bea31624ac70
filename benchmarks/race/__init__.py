"""Races: what boltir makes of some operations, beside itself without a pass and beside torch, on one GPU."""
