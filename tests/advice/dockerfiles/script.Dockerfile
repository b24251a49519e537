FROM debian
RUN apt-get update && apt-get install -y curl
COPY setup.sh build.sh /opt/x/
WORKDIR /opt/x
RUN ./setup.sh
