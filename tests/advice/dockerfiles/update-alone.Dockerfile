FROM debian
RUN apt-get update
RUN apt-get install -y gcc make curl
COPY r.txt /tmp/r.txt
RUN pip install -r /tmp/r.txt
COPY app /app
CMD ["python", "/app/main.py"]
