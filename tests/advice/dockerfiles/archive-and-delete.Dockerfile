FROM debian
COPY vendor.tar.gz /tmp/vendor.tar.gz
RUN mkdir -p /opt/v && tar xzf /tmp/vendor.tar.gz -C /opt/v && rm /tmp/vendor.tar.gz
