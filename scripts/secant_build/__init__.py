"""What the scripts beside this package run: compiling the programs, their IDL, the bindings and the checks.

Only the standard library is used, except that `bindings` formats its output with ruff.
"""
