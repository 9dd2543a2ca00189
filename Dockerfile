# The server without the embedded database: `postgate serve` and `postgate migrate`. Each step is a command or a script
# that also runs outside of a container.

FROM node:24-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.13-slim AS wheel
WORKDIR /src
COPY requirements/build.txt requirements/serve.txt requirements/
RUN python -m venv /opt/postgate \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && /opt/postgate/bin/pip install --no-cache-dir --require-hashes -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY scripts/wheel.sh scripts/say.sh scripts/
COPY channels channels
COPY migrations migrations
COPY gateway gateway
COPY --from=web /src/gateway/assets gateway/assets
RUN PYTHON=/opt/build/bin/python scripts/wheel.sh /dist \
    && /opt/postgate/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.13-slim
RUN groupadd --system --gid 10001 postgate \
    && useradd --system --uid 10001 --gid postgate --no-create-home --shell /usr/sbin/nologin postgate
COPY --from=wheel /opt/postgate /opt/postgate
ENV PATH=/opt/postgate/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    POSTGATE_HOST=0.0.0.0 \
    POSTGATE_PORT=8080
USER 10001:10001
EXPOSE 8080 2525
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['POSTGATE_PORT'] + '/healthz', timeout=3)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["postgate"]
CMD ["serve"]
