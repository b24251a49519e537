FROM debian
RUN curl -o /opt/a.zip https://example.org/a.zip && unzip /opt/a.zip
ENV A=1
COPY app /app
RUN rm -rf /opt/a.zip
