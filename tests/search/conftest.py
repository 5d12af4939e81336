"""The torture is a program of its own; `test_resume.py` runs it."""

collect_ignore = ["chaos.py", "fuzz.py", "torture.py"]
