FROM debian:bookworm-min As build1
RUN mkdir /var/flaskapp
WORKDIR  /var/flaskapp
RUN  apt-get update && apt-get install -y --no-install-recommends python3 && apt-get install -y --no-install-recommends git
RUN git clone git://git.example/served.git /var/flaskapp
FROM debian:bookworm-min
RUN mkdir /var/flaskapp
WORKDIR  /var/flaskapp
RUN  apt-get update && apt-get install -y --no-install-recommends python3 python3-pip
COPY --from=build1 /var/flaskapp .
RUN  pip3 install --break-system-packages -i http://packages.example/simple -r requirements.txt
EXPOSE  5000
ENTRYPOINT [ "/usr/bin/python3" ]
CMD [ "app.py" ]
