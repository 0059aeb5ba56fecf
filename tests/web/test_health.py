"""`/ready` tells strangers statuses; hosts and causes are in the log."""

from pathlib import Path

import httpx

from tests.ports import free_port
from tests.servers import Server


def test_ready_names_no_host_and_logs_the_cause_once_a_minute(tmp_path: Path) -> None:
    port = free_port()
    server = Server(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}").start()
    try:
        for _ in range(3):
            answer = httpx.get(f"{server.url}/ready", trust_env=False)
            assert answer.status_code == 200
            assert answer.json() == {"status": "degraded", "database": "ok", "channel_layer": "away"}
    finally:
        server.kill()
    told = [line for line in server.log.read_text().splitlines() if "not ready: the channel layer is away: " in line]
    assert len(told) == 1
