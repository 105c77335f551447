"""Generates the Python bindings of a program from its IDL.

`schema` reads the IDL, `wire_types` knows how each type stands in Python and on the wire, `render_types` and
`render_instructions` write the parts of a module, `module` puts them together.
"""
