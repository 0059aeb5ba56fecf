"""What a server loads: `uvicorn webapp.main:app`."""

import sys

from webapp.app import create_app
from webapp.settings import SettingsError, load

try:
    app = create_app(load())
except SettingsError as error:
    sys.exit(f"tertulia: {error}")
