"""What this installation is called in a Redis that it may share with others. The database keeps it, so that all
processes on one database hear each other, and no others."""

import secrets

from webapp.domain.transaction import Transaction
from webapp.store import installation


def name(tx: Transaction) -> str:
    """16 hex digits, made when the database was."""
    return installation.find(tx.connection)


def rename(tx: Transaction) -> str:
    """A new name, for the copy of a database: from their next start on its processes hear nothing of the original."""
    fresh = secrets.token_hex(8)
    installation.change(tx.connection, fresh)
    return fresh
