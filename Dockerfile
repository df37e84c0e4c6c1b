# syntax=docker/dockerfile:1
# Apollo as a container: docs/how-to/run-as-an-ecs-service.md

FROM python:3.13.1-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE* ./
COPY apollo ./apollo
RUN python -m venv /opt/apollo
RUN /opt/apollo/bin/pip install ".[web,otel]"
RUN /opt/apollo/bin/python -m compileall -q /opt/apollo/lib

FROM python:3.13.1-slim-bookworm
# git follows the branches; the ssh client is for repositories that are reached over ssh.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 apollo \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/apollo --shell /usr/sbin/nologin apollo \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/apollo
COPY --from=build /opt/apollo /opt/apollo
# With a read-only root file system, /var/lib/apollo (clones and the store) and /tmp have to be volumes.
ENV PATH=/opt/apollo/bin:$PATH \
    HOME=/var/lib/apollo \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    APOLLO_LISTEN=127.0.0.1:8080
WORKDIR /var/lib/apollo
VOLUME ["/var/lib/apollo", "/tmp"]
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 CMD ["apollo", "healthcheck"]
ENTRYPOINT ["apollo"]
CMD ["run", "-f", "env:APOLLO_CONFIG"]
