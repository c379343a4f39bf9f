# Sourced: sets $PYTHON to a Python >= 3.11, or ends with what to install. $PYTHON wins where it is set.
for candidate in "${PYTHON:-python3.11}" python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        return 0
    fi
done
echo "dbsync needs Python 3.11 or newer, and found none on PATH." >&2
echo "  next: apt-get install python3 python3-venv   (or: make setup PYTHON=/path/to/python3.11)" >&2
exit 4
