"""`python -m runbookctl`, for machines where the script is not in the search path."""

from runbookctl.cli import main

if __name__ == "__main__":
    main()
