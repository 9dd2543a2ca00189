# One image for all: `postgate serve` (unless told otherwise), `postgate work` and `postgate migrate`, without the
# embedded database. Each step is a command or a script that also runs outside of a container.
# Both images are those of their digests, whatever their tags come to name; docs/supply-chain.md tells how to take newer ones.

ARG NODE_IMAGE=node:24.19.0-bookworm-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df
ARG PYTHON_IMAGE=python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${NODE_IMAGE} AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS program
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY scripts/image.sh scripts/say.sh scripts/
COPY requirements/build.txt requirements/serve.txt requirements/
RUN scripts/image.sh packages /opt/postgate
COPY pyproject.toml README.md LICENSE ./
COPY scripts/wheel.sh scripts/
COPY channels channels
COPY migrations migrations
COPY gateway gateway
COPY --from=page /src/gateway/assets gateway/assets
RUN scripts/image.sh program /opt/postgate \
    && scripts/image.sh lighten /opt/postgate

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Postgate" \
      org.opencontainers.image.description="A real-time messaging webhook gateway and inbox" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=program /opt/postgate /opt/postgate
# A volume for files belongs to whom this folder belongs to. A number, so that Kubernetes can see that it is not root.
RUN install --directory --owner=10001 --group=10001 /var/lib/postgate/files
ENV PATH=/opt/postgate/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    POSTGATE_HOST=0.0.0.0 \
    POSTGATE_PORT=8080
USER 10001:10001
EXPOSE 8080 2525
# For serve, and for work with --port 8080; a job has none to ask (docker run --no-healthcheck).
HEALTHCHECK --interval=15s --timeout=4s --start-period=30s --retries=3 \
    CMD ["python", "-ISc", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['POSTGATE_PORT']), timeout=3); c.request('GET', '/healthz'); assert c.getresponse().status == 200"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["postgate"]
CMD ["serve"]
