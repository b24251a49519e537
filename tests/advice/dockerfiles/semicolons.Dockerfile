FROM debian
RUN set -eux; \
    apt-get update; \
    apt-get install -y \
        # for extensions
        gcc \
        libpq-dev \
    ; \
    pip install psycopg2
COPY app /app
