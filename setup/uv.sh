# Sourced: sets $UV to a uv, fetched from PyPI into .tools/uv where PATH has none that is new enough.
. setup/python.sh
# The cache too stays inside the checkout: a home may be missing, read-only or shared.
UV_CACHE_DIR=${UV_CACHE_DIR:-$PWD/.tools/uv-cache}
UV_NO_PROGRESS=1
UV_PYTHON_DOWNLOADS=never
export UV_CACHE_DIR UV_NO_PROGRESS UV_PYTHON_DOWNLOADS
# Where the system trusts certificates of its own (a company's proxy), uv is to trust them too; its
# built-in list serves machines without any. Two names: uv renamed the setting.
if [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -d /etc/pki/tls/certs ]; then
    export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
fi
if uv venv --help 2>/dev/null | grep -q -- --clear; then
    UV=uv
else
    UV=$PWD/.tools/uv/bin/uv
    if ! "$UV" --version >/dev/null 2>&1; then
        echo "setup: fetching uv from PyPI"
        rm -rf .tools/uv
        set -- --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/uv.txt
        if "$PYTHON" -m venv .tools/uv >.tools/uv.log 2>&1; then
            .tools/uv/bin/python -m pip install "$@"
        # Debian's python3 without python3-venv may still have a pip.
        elif rm -rf .tools/uv && "$PYTHON" -m pip install --target .tools/uv "$@" 2>>.tools/uv.log; then
            :
        else
            cat .tools/uv.log >&2
            echo "Python at $PYTHON can neither make a virtual environment nor run pip." >&2
            echo "  next: apt-get install python3-venv" >&2
            rm -f .tools/uv.log
            exit 4
        fi
        rm -f .tools/uv.log
    fi
fi
