FROM debian
COPY vendor.tar.gz /tmp/
RUN tar xzf /tmp/vendor.tar.gz -C /opt
COPY app /app
