# The team server, and the command line with it. Build: docker build -t opensession .
#   server:        docker run -p 3000:3000 -v sessions:/data -e JWT_SECRET=... opensession
#   command line:  docker run --rm -v "$PWD:/repo" -w /repo opensession session list
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.8
# Dependencies first: they change less often than the code, and exactly as the lock file says.
COPY pyproject.toml uv.lock README.md CHANGELOG.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project --no-editable
COPY opensession ./opensession
COPY gitstore ./gitstore
COPY web ./web
RUN uv sync --locked --no-dev --no-editable \
    && python -m compileall -q .venv/lib

FROM python:3.13-slim-bookworm
# Debian's security updates are wanted, so git is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 opensession \
    && install -d -o opensession -g opensession -m 700 /data
COPY --from=build /src/.venv /src/.venv
ENV PATH="/src/.venv/bin:$PATH" \
    OPENSESSION_DATA_DIR=/data \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/opensession
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '3000')}/api/ready\", timeout=4)"]
# The server ends in order on SIGTERM: what is under way finishes.
STOPSIGNAL SIGTERM
ENTRYPOINT ["opensession"]
CMD ["serve"]
