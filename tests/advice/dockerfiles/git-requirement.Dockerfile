FROM debian
RUN apt-get update && apt-get install -y git gcc
RUN pip install --no-cache-dir git+https://x/y
RUN pip install flask
