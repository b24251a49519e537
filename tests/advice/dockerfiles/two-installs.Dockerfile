FROM debian
# tools first
RUN apt-get update && apt-get install -y curl
RUN apt-get install -y git

RUN git clone https://x/y /srv/y
RUN npm ci
