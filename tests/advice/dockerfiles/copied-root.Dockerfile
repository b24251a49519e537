FROM debian AS build
RUN apt-get update && apt-get install -y curl
RUN npm ci
FROM scratch
COPY --from=build / /
CMD ["curl"]
