"""``python -m freqkernels`` is the command ``freqkernels``."""

import sys

from freqkernels.cli import main

if __name__ == "__main__":
    sys.exit(main())
