"""`python -m dbsync_assets.cli`: what bin/dbsync runs."""

import sys

from dbsync_assets.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
