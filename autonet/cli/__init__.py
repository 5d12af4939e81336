"""The command line ``autonet``."""
