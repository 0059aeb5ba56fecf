"""Two look-alikes who sign up at the same moment, in two processes: of PostgreSQL, for SQLite has one writer."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, text

from tests.factories import House
from tests.postgres import Postgres
from webapp.domain import accounts, invitations
from webapp.domain.accounts import Newcomer
from webapp.domain.transaction import Transaction
from webapp.store.engine import open_engine

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
HANDLES = text("SELECT username, handle FROM users WHERE username <> 'ana' ORDER BY id")


def join(connection: Connection, invitation: int, username: str, name: str) -> None:
    accounts.sign_up(Transaction(connection), invitation, Newcomer(username, name, "hash"))


def test_case_57_look_alikes_who_sign_up_at_once_are_told_apart(postgres: Postgres) -> None:
    with postgres.fresh() as url:
        driver = url.replace("postgresql://", "postgresql+psycopg://")
        house = House(driver)
        one, other = (open_engine(driver) for _ in range(2))  # each has one connection, as a process has
        tickets = [house.do(invitations.make, house.admin, 1, 1) for _ in range(2)]

        def second() -> None:
            with other.connect() as connection, connection.begin():
                join(connection, tickets[1], "bea2", "\u0412ea")

        with ThreadPoolExecutor() as pool, one.connect() as connection:
            with connection.begin():
                join(connection, tickets[0], "bea", "Bea")
                joining = pool.submit(second)
                while not joining.done():
                    with house.engine.connect() as watching:
                        if watching.execute(WAITING).scalar_one():
                            break
            joining.result(10)
        with house.engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(HANDLES)] == [("bea", "bea"), ("bea2", "bea2")]
        one.dispose()
        other.dispose()
        house.close()
