"""What a row of a file adds to what is stored of a person. Pure."""

import json
from typing import Any

from sqlalchemy import Row

from subscribers.import_rows import Entry


def completion(row: Row[Any], entry: Entry, *, replace: bool) -> dict[str, Any] | None:
    """What changes in a known person: empty values are filled, others replaced only if asked."""
    given = json.loads(entry.attributes) if entry.attributes != "{}" else {}
    old = (row.name, row.organisation, row.attributes)
    if replace:
        new = (entry.name or row.name, entry.organisation or row.organisation, {**row.attributes, **given})
    else:
        new = (row.name or entry.name, row.organisation or entry.organisation, {**given, **row.attributes})
    if new == old:
        return None
    return {"id": row.id, "name": new[0], "organisation": new[1], "attributes": new[2]}
