FROM debian AS parent
ONBUILD RUN apt-get update && apt-get install -y curl
FROM parent
COPY app /app
