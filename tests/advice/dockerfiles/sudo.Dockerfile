FROM debian
USER node
RUN sudo apt-get update && sudo apt-get install -y gcc make
RUN make
RUN npm ci
