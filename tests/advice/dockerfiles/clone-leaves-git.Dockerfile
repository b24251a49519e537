FROM debian
RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*
RUN git clone https://x/y /srv/y
WORKDIR /srv/y
CMD ["python", "source.c"]
