"""`python -m highnoon.cli`."""

import sys

from highnoon.cli import main

if __name__ == "__main__":
    sys.exit(main())
