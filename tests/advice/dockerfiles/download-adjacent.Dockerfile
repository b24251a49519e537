FROM debian
RUN curl -o /opt/tool.zip https://example.org/tool.zip
LABEL a=b
RUN cd /srv && unzip /opt/tool.zip
RUN rm /opt/tool.zip
