FROM debian
RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/* /tmp/*
COPY r.txt /tmp/r.txt
RUN pip install --no-cache-dir -r /tmp/r.txt
