# syntax=docker/dockerfile:1
FROM debian
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && apt-get install -y curl
RUN curl -o /tmp/x.zip https://example.org/x.zip \
 && unzip /tmp/x.zip
LABEL org.opencontainers.image.title="x"
RUN rm -f /tmp/x.zip
