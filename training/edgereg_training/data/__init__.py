"""The field's data sets, read in the layout in which their authors hand them out.

`dataset` is the contract, `registry` finds sets by name or by a folder's content, `cache` cuts what
a network looks at out of the pictures once, `check` says what a folder holds. Each set is a file.
"""
