FROM debian
RUN useradd runner && apt-get update && apt-get install -y nginx
COPY --chown=runner:runner app /app
RUN chown -R runner /app/data.bin
USER runner
RUN npm ci
