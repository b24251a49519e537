FROM debian
RUN apt-get update && apt-get install -y curl unzip && rm -rf /var/lib/apt/lists/*
RUN curl -o /tmp/data.zip https://example.org/data.zip
WORKDIR /opt
RUN unzip /tmp/data.zip
RUN rm /tmp/data.zip
