"""Starts the demo. The imports happen under `main` too, so that Ctrl-C ends even them in one line."""

from __future__ import annotations

import sys


def main() -> None:
    """Plays the demo; exits with 130 if it is interrupted."""
    try:
        from secant_demo.play import main as play  # noqa: PLC0415

        play()
    except KeyboardInterrupt:
        sys.stderr.write("scripts/demo: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
