FROM debian
WORKDIR /srv
RUN curl -o data.zip https://example.org/data.zip
RUN unzip data.zip
RUN rm data.zip
WORKDIR /app
RUN curl -o more.zip https://example.org/more.zip && unzip more.zip
WORKDIR /
RUN rm -f /app/more.zip
