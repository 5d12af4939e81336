"""Drawings of networks: what a network runs, how it is laid out, and the formats it is written in."""
