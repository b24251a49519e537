ARG BASE=debian
FROM $BASE
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update -q && \
    apt-get install -y --no-install-recommends \
      gcc \
      make && \
    rm -rf /var/lib/apt/lists/*
ARG REVISION
RUN make
RUN npm ci
