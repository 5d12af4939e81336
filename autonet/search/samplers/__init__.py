"""Samplers: which configuration next, as a function of space, history and a random stream."""
