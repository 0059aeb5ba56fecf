"""What a server loads: `uvicorn webapp.main:app`."""

import multiprocessing
import os
import signal
import sys

from webapp.app import create_app
from webapp.settings import SettingsError, load

try:
    app = create_app(load())
except SettingsError as error:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None and supervisor.pid is not None:
        os.kill(supervisor.pid, signal.SIGTERM)  # uvicorn would start us again for ever, to be refused each time
    sys.exit(f"tertulia: {error}")
