# One image per service: docker build --build-arg SERVICE=orders -t hansa/orders .
# SERVICE is gateway, catalog, orders, logistics, servqual or segmentation. It names the stage
# whose code the image gets: its own, the chassis and the contracts, and nobody else's.
ARG SERVICE=gateway

FROM python:3.11-slim-bookworm AS environment
ARG SERVICE
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /hansa
COPY pyproject.toml uv.lock ./
# A service that needs nothing of its own has no extra.
RUN set -- --extra full; \
    if grep -q "^${SERVICE} = \[" pyproject.toml; then set -- "$@" --extra "${SERVICE}"; fi; \
    uv sync --frozen --no-dev --no-install-project "$@"

FROM scratch AS shared
COPY contracts /contracts
COPY chassis /chassis

FROM shared AS gateway
COPY gateway /gateway

FROM shared AS service
ARG SERVICE
COPY services/__init__.py /services/
COPY services/${SERVICE} /services/${SERVICE}

FROM service AS catalog
FROM service AS orders
FROM service AS logistics
FROM service AS servqual
FROM service AS segmentation

FROM ${SERVICE} AS code

FROM python:3.11-slim-bookworm
ARG SERVICE
LABEL org.opencontainers.image.title="hansa-${SERVICE}" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /hansa
COPY --from=environment /hansa/.venv /hansa/.venv
COPY --from=code / /hansa/
ENV PATH=/hansa/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN folder=${SERVICE} module=${SERVICE}; \
    if [ -d services ]; then folder="services/${SERVICE}" module="services.${SERVICE}"; fi; \
    printf '#!/bin/sh\nexec python -m %s "$@"\n' "$module" > /usr/local/bin/start; \
    chmod 755 /usr/local/bin/start; \
    python -m compileall -q contracts chassis "$folder"
# A number, so that Kubernetes can tell that it is not root. Nothing but /tmp is written.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["start"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
