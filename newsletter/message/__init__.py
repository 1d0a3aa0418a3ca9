"""Message bytes: headers, MIME encoding and the MessageTemplate that is filled per recipient."""
