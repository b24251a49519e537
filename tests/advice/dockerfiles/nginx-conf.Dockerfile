FROM debian
RUN apt-get update && apt-get install -y nginx gcc && rm -rf /var/lib/apt/lists/*
COPY nginx.conf /etc/nginx/nginx.conf
RUN pip install uwsgi
CMD ["nginx"]
