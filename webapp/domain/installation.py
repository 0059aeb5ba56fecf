"""The id of this installation, which prefixes all its names in Redis. It is stored in the database, so that processes
with the same database share events and installations on the same Redis do not."""

import secrets

from webapp.domain.transaction import Transaction
from webapp.store import installation


def name(tx: Transaction) -> str:
    """16 hex digits, created with the database."""
    return installation.find(tx.connection)


def rename(tx: Transaction) -> str:
    """Give a copied database an id of its own; its processes use it from their next start."""
    fresh = secrets.token_hex(8)
    installation.change(tx.connection, fresh)
    return fresh
