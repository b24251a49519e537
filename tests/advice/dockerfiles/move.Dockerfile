FROM debian
COPY app/data.bin /tmp/data.bin
RUN mkdir -p /app/models && mv /tmp/data.bin /app/models/data.bin
CMD ["python", "/app/models/data.bin"]
