FROM debian
RUN apt-get update && apt-get install -y gcc make
RUN make
RUN apt-get purge -y --auto-remove gcc make && rm -rf /var/lib/apt/lists/*
