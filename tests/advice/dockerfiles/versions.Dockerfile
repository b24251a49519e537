FROM debian
RUN apt-get update && apt-get install -y gcc=4:12 curl=7 && rm -rf /var/lib/apt/lists/*
COPY app /app
