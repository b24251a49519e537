FROM debian
RUN apt-get update && apt-get install -y gcc make curl
USER node
WORKDIR /home/node/app
RUN npm ci && make
