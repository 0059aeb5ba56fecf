"""What a server loads: `uvicorn webapp.main:app`."""

import sys

from uvicorn.config import STARTUP_FAILURE

from webapp.app import create_app
from webapp.settings import SettingsError, load

try:
    app = create_app(load())
except SettingsError as error:
    sys.stderr.write(f"tertulia: {error}\n")
    sys.exit(STARTUP_FAILURE)  # the status that uvicorn's supervisor ends for, instead of starting this worker again
