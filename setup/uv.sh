# Sourced: sets $UV to a uv, fetched from PyPI into .venv-uv where there is none on PATH.
. setup/python.sh
if command -v uv >/dev/null 2>&1; then
    UV=uv
else
    UV=.tools/uv/bin/uv
    if [ ! -x "$UV" ]; then
        echo "setup: fetching uv from PyPI"
        rm -rf .tools/uv
        "$PYTHON" -m venv .tools/uv || {
            echo "  next: apt-get install python3-venv" >&2
            exit 4
        }
        .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
    fi
fi
