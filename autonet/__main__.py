"""The command line as ``python -m autonet``."""

from autonet.cli.main import main

if __name__ == "__main__":
    main()
