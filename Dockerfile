# The command line in an image: mount a repository at /repo and the transcripts where you like.
#   docker run --rm -v "$PWD:/repo" -v "$HOME/.claude:/home/opensession/.claude:ro" opensession session list
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY opensession ./opensession
COPY gitstore ./gitstore
RUN python -m venv /opt/opensession && /opt/opensession/bin/pip install --no-cache-dir --no-compile .

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home opensession
COPY --from=build /opt/opensession /opt/opensession
ENV PATH="/opt/opensession/bin:$PATH"
USER opensession
WORKDIR /repo
ENTRYPOINT ["opensession"]
CMD ["--help"]
