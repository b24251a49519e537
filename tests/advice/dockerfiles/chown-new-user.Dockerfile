FROM debian
COPY app /app
RUN useradd runner
RUN chown -R runner:runner /app
