FROM debian
WORKDIR /app
COPY app .
RUN npm ci
RUN chown -R node:node /app
USER node
