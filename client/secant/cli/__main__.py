"""Runs the command line: `python -m secant.cli`."""

import sys

from . import main

sys.exit(main())
