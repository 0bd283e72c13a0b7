# Two stages: the first builds the wheel and the environment from the lock, the second runs it as a plain user.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/tocsin \
 && /opt/tocsin/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/tocsin/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/tocsin --create-home tocsin
COPY --from=build /opt/tocsin /opt/tocsin
ENV PATH=/opt/tocsin/bin:$PATH TOCSIN_DATA_DIR=/var/lib/tocsin
USER tocsin
VOLUME /var/lib/tocsin
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["tocsin", "serve", "--host", "0.0.0.0"]
