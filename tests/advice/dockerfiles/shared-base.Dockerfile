FROM debian AS base
RUN apt-get update
RUN apt-get install -y curl
FROM base AS build
RUN apt-get install -y gcc make
WORKDIR /src
RUN make
FROM base
RUN apt-get install -y unzip
COPY --from=build /src/out /usr/local/bin/out
