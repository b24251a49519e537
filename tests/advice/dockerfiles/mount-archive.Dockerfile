FROM debian
COPY vendor.tar.gz /tmp/vendor.tar.gz
RUN tar xzf /tmp/vendor.tar.gz -C /srv && rm -f /tmp/vendor.tar.gz && echo done
