"""`python -m highnoon.webui` is `highnoon dashboard`."""

import sys

from highnoon.cli import main

if __name__ == "__main__":
    sys.exit(main(["dashboard", *sys.argv[1:]]))
