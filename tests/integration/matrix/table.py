"""The table of cells, as it is printed and kept in docs/compatibility.md."""
from collections import defaultdict
from pathlib import Path

from matrix.plan import (CLIENTS, EMPTY, FEATURES, FORMATS, SURFACES, Cell, empty_reason,
                         is_built)

DOCUMENT = Path(__file__).parents[3] / "docs" / "compatibility.md"
BEGIN = "<!-- made by tests/integration/matrix_test.py --write-docs; not by hand -->"
END = "<!-- end of what is made -->"


def _count(cells, passed):
    done = sum(1 for cell in cells if cell.id in passed)
    return f"{done} / {len(cells)}" if cells else ""


def overview(passed):
    """Passed / run by surface and format."""
    lines = ["| surface | " + " | ".join(row[2] for row in FORMATS.values()) + " |",
             "| --- |" + " --- |" * len(FORMATS)]
    for surface, title in SURFACES.items():
        row = []
        for wire_format in FORMATS:
            if not is_built(surface, wire_format):
                row.append("not built")
                continue
            row.append(_count([
                Cell(client, wire_format, feature) for client in CLIENTS for feature in FEATURES
                if client.surface == surface
                and empty_reason(client, wire_format, feature) is None], passed))
        lines.append(f"| {title} | " + " | ".join(row) + " |")
    return lines


def details(passed):
    """Passed / run by client and feature, over all formats."""
    lines = ["| client | surface | " + " | ".join(name.replace("_", " ") for name in FEATURES)
             + " |", "| --- | --- |" + " --- |" * len(FEATURES)]
    for client in CLIENTS:
        if not any(is_built(client.surface, wire_format) for wire_format in FORMATS):
            continue
        row = [_count([Cell(client, wire_format, feature) for wire_format in FORMATS
                       if is_built(client.surface, wire_format)
                       and empty_reason(client, wire_format, feature) is None], passed)
               or "–" for feature in FEATURES]
        lines.append(f"| {client.name} | {SURFACES[client.surface]} | " + " | ".join(row) + " |")
    return lines


def reasons():
    """Why cells are empty."""
    grouped = defaultdict(list)
    for (whose, wire_format, feature), reason in EMPTY.items():
        grouped[(SURFACES.get(whose, whose),
                 FORMATS[wire_format][2] if wire_format else "every format", reason)].append(
                     feature.replace("_", " "))
    return ["| surface or client | format | features | reason |", "| --- | --- | --- | --- |",
            *(f"| {whose} | {wire_format} | {', '.join(features)} | {reason} |"
              for (whose, wire_format, reason), features in grouped.items())]


def text(passed):
    """The whole."""
    return "\n".join([*overview(passed), "", *details(passed), "",
                      "Cells that are empty, and why:", "", *reasons()])


def write_document(passed):
    """Replaces what was made in docs/compatibility.md."""
    document = DOCUMENT.read_text(encoding="utf-8")
    head, rest = document.split(BEGIN)
    tail = rest.split(END)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{text(passed)}\n\n{END}{tail}", encoding="utf-8")
