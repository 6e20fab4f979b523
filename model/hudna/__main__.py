"""`python -m hudna` is `hudna`."""

import sys

from hudna.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
