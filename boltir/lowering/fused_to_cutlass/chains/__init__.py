"""Chains: which runs of products become one kernel, from which template, and whether that pays."""
