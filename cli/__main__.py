"""`python -m cli` is `kith`."""

from cli.app import main

main()
