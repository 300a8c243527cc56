"""`python -m edgereg`: the same as the command `edgereg`."""

from edgereg.cli.main import main

if __name__ == "__main__":
    main()
