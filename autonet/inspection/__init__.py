"""Inspection: drawings of networks."""
