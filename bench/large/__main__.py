"""`python -m bench.large`."""

from bench.large.run import main

if __name__ == "__main__":
    main()
