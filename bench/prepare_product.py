"""Fill a fresh database with people, their sessions and rooms they are in: what bench/targets/product.py needs.

BENCH_PEOPLE is how many. With BENCH_ROOMS=1 all are in room 1; with more, person 0 is in all and each other in one.
"""

import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from webapp.domain.transaction import Transaction
from webapp.settings import load
from webapp.store import community, memberships, rooms, sessions, users
from webapp.store.engine import migrate, open_engine

FIRST_ROOMS = 1_200
"""The load client's room N is room 1N here: 10 to 1199."""


def fill(connection, people, many):
    tx = Transaction(connection)
    community.add(connection, "Bench", "UTC", tx.now)
    for number in range(1 if many == 1 else FIRST_ROOMS):
        rooms.add(connection, f"Room {number}", "", "open", tx.now)
    places = [1] if many == 1 else [int(f"1{number}") for number in range(many)]
    for number in range(people):
        user = users.add(connection, f"person-{number}", f"Person {number}", "x", "member", tx.now)
        token = hashlib.sha256(f"bench-{number}".encode()).hexdigest()
        sessions.add(connection, token, user, tx.now, "", "")
        for room in places if number == 0 else [places[number % many]]:
            memberships.add(connection, room, user, "member", tx.now)


def main():
    url = load().database_url
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        fill(connection, int(os.environ["BENCH_PEOPLE"]), int(os.environ["BENCH_ROOMS"]))
    engine.dispose()


main()
