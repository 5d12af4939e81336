"""Inspection: what people look at after a fit: tables, drawings of networks."""
