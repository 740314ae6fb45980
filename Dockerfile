# The service of `mien serve` with its models: docs/serve.md. No compiler, no shell needed, no user's rights.
FROM python:3.13-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY models models
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir "$(echo /wheels/mien-*.whl)[cpu,serve,heif]" && \
    useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin mien
USER 10001:10001
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8421
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8421/health', timeout=4)"]
STOPSIGNAL SIGTERM
# It answers to the token in MIEN_SERVE_TOKEN alone, and does not start without one.
ENTRYPOINT ["mien", "serve", "--host", "0.0.0.0"]
