"""Labelled pictures in any layout, brought into the folders that training reads.

`source` says what a layout gives, `presets/` has a file for each that is known and `presets/__init__` lists them;
`mapping` reads a user's own table; `framing` cuts the faces; `importing` puts it together. Imports `recognition`.
"""
