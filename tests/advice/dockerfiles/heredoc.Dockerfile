FROM debian
RUN <<EOF
set -e
apt-get update
apt-get install -y gcc make
EOF
WORKDIR /app
COPY app .
RUN make
