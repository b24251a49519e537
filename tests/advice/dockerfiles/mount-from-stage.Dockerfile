FROM debian AS fetch
WORKDIR /data
RUN curl -o /data/big.bin https://example.org/big.bin
FROM debian
COPY --from=fetch /data /data
RUN cp /data/big.bin /srv/big && rm -rf /data
CMD ["python", "/srv/big"]
