"""What erasure leaves: marks, the runs and their receipts; and the leases of running processes."""

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table, Text, text

from subscribers.schema import Id, Keep, Moment, impersonal, metadata, own_deadline, personal

address_mark = Table(
    "address_mark",
    metadata,
    # A keyed hash of the address of somebody who was erased (subscribers/marks.py); about a person all the same (B10).
    Column("id", Id, primary_key=True, info=impersonal(Keep.OWN_DEADLINE)),
    Column(
        "mark",
        LargeBinary(32),
        nullable=False,
        unique=True,
        info=personal("keyed hash of the address", Keep.OWN_DEADLINE),
    ),
    Column("at", Moment, nullable=False, info=personal("erased on", Keep.OWN_DEADLINE)),
    Column("erase_at", Moment, nullable=False, index=True, info=impersonal(Keep.OWN_DEADLINE)),
    sqlite_autoincrement=True,
    info=own_deadline("address-marks"),
)

scrub = Table(
    "scrub",
    metadata,
    # One row per erasure run or correction; `due` stays set until no byte is left in file and log (I5): 1 after an
    # erasure, 2 after a correction (subscribers/overwriting.py).
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("started_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("counts", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # By rule: how many, and the deadline of the one who waited longest (subscribers/rule_counts.py).
    Column("rules", JSON, nullable=False, server_default=text("'{}'"), info=impersonal(Keep.FOR_EVER)),
    Column("due", Integer, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    sqlite_autoincrement=True,
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # {"subscriptions": 3, "subscribers": 2, "consents": 3, ...}: counts, never who.
    Column("counts", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("policy", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # The same by rule; null in receipts from before rules were counted.
    Column("rules", JSON(none_as_null=True), info=impersonal(Keep.FOR_EVER)),
    # Sealed over the receipt before it and this one (subscribers/sealing.py): no change or removal goes unseen.
    Column("previous_digest", Text, nullable=False, unique=True, info=impersonal(Keep.FOR_EVER)),
    Column("digest", Text, nullable=False, unique=True, info=impersonal(Keep.FOR_EVER)),
    sqlite_autoincrement=True,
)

lease = Table(
    "lease",
    metadata,
    # "scrub", "job:<id>": held by one process at a time, lost by one that died.
    Column("name", Text, primary_key=True, info=impersonal(Keep.WHILE_RUNNING)),
    Column("holder", Text, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    Column("until", Moment, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
)
