"""A table on standard output: by rich where it is installed, in plain columns elsewhere."""

from __future__ import annotations

from collections.abc import Sequence


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True
) -> None:
    """Print a table.

    :param header: names of the columns.
    :param rows: cells, as many as there are columns.
    :param numbers: whether all columns but the first are aligned to the right.
    """
    try:
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table
    except ImportError:
        widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
        for row in (header, *rows):
            cells = [
                cell.rjust(width) if i and numbers else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            print("  ".join(cells).rstrip())
        return
    table = Table()
    for i, name in enumerate(header):
        table.add_column(name, justify="right" if i and numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)
