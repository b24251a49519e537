FROM debian

# the lists are for everything below
RUN apt-get update

ENV LANG=C.UTF-8 \
    # no questions
    DEBIAN_FRONTEND=noninteractive

# first the tools
RUN apt-get install -y curl \
    # then the rest
    unzip

# then git
RUN apt-get install -y git
