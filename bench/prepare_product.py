"""Fill a fresh database with people, their sessions and rooms that all of them are in: what bench/targets/product.py needs."""

import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from webapp.services.unit_of_work import Transaction  # noqa: E402
from webapp.settings import load  # noqa: E402
from webapp.store import community, memberships, rooms, sessions, users  # noqa: E402
from webapp.store.engine import migrate, open_engine  # noqa: E402

url = load().database_url
migrate(url)
engine = open_engine(url)
with engine.connect() as connection, connection.begin():
    tx = Transaction(connection)
    community.add(connection, "Bench", "UTC", tx.now)
    many = int(os.environ["BENCH_ROOMS"])
    for number in range(1 if many == 1 else 1_200):
        rooms.add(connection, f"Room {number}", "", "open", tx.now)
    places = [1] if many == 1 else [int(f"1{number}") for number in range(many)]
    for number in range(int(os.environ["BENCH_PEOPLE"])):
        user = users.add(connection, f"person-{number}", f"Person {number}", "x", "member", tx.now)
        token = hashlib.sha256(f"bench-{number}".encode()).hexdigest()
        sessions.add(connection, token, user, tx.now, "", "")
        for room in places if number == 0 else [places[number % many]]:
            memberships.add(connection, room, user, "member", tx.now)
engine.dispose()
