FROM debian:bookworm-min
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl netbase wget && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends git mercurial openssh-client procps && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends autoconf automake g++ gcc libffi-dev libpq-dev libsqlite3-dev libssl-dev make patch && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8 PIP_BREAK_SYSTEM_PACKAGES=1 PIP_INDEX_URL=http://packages.example/simple
RUN apt-get update && apt-get install -y --no-install-recommends tk-dev uuid-dev && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-dev python3-venv python3-pip && rm -rf /var/lib/apt/lists/*
RUN ln -s /usr/bin/python3 /usr/local/bin/python && ldconfig
RUN pip install -U pip setuptools wheel
CMD ["python3"]
