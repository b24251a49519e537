"""The pairs: an application, the base that it was built on, and another one."""

from dataclasses import dataclass

SERVER_OF_C = """cat > main.c <<'END'
#include <stdio.h>
#include <unistd.h>
int main(void) { puts("started"); return 0; }
END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """``context`` is a script of bash that makes the build context; ``{base}`` in the Dockerfile is either base.

    ``covers`` says what the pair is about. ``serves``: the container does not end by itself. ``limit`` is set where the
    report is known not to see why the container fails: it says what is not followed.
    """

    name: str
    covers: str
    base: str
    candidate: str
    dockerfile: str
    context: str
    serves: bool = False
    limit: str = ""


_GO = """mkdir src && cat > src/main.go <<'END'
package main
import "fmt"
func main() { fmt.Println("started") }
END
cd src && go mod init example.test/app > /dev/null 2>&1 && CGO_ENABLED=0 go build -o ../app . && cd .. && rm -r src
"""
_RUST = """mkdir -p src && echo 'fn main() { println!("started {}", std::env::args().count()); }' > src/main.rs
rustc -O -o app src/main.rs && rm -r src
"""
_SQLITE = """cat > main.c <<'END'
#include <sqlite3.h>
#include <stdio.h>
int main(void) { puts(sqlite3_libversion()); return 0; }
END
gcc -o app main.c -lsqlite3 && rm main.c
"""
_PLAIN_C = SERVER_OF_C + "gcc -o app main.c && rm main.c\n"
_STATIC_C = SERVER_OF_C + "gcc -static -o app main.c && rm main.c\n"
_COPY_APP = 'FROM {base}\nCOPY app /app\nENTRYPOINT ["/app"]\n'
_WHEEL = (
    "python3.11 -m pip install -q --target site MarkupSafe Flask && find site -name __pycache__ -exec rm -rf {} +\n"
)
_FLASK = """cat > app.py <<'END'
import flask
import markupsafe._speedups
app = flask.Flask(__name__)
print("started", flask.__name__)
END
"""
_PYTHON_APP = """FROM {base}
COPY site /usr/local/lib/python3.11/site-packages
COPY app.py /srv/app.py
CMD ["python3", "/srv/app.py"]
"""
_VENV = """python3.11 -m pip install -q --target site MarkupSafe Flask
mkdir -p venv/bin venv/lib/python3.11 && mv site venv/lib/python3.11/site-packages
printf 'home = /usr/local/bin\\nversion = 3.11.7\\n' > venv/pyvenv.cfg
ln -s /usr/local/bin/python3 venv/bin/python3 && ln -s python3 venv/bin/python
printf '#!/venv/bin/python3\\nimport flask\\nprint("started")\\n' > venv/bin/serve && chmod 755 venv/bin/serve
"""
_NODE = """printf 'console.log("started", process.version)\\n' > server.js
"""
_JAVA = """mkdir -p classes && cat > Main.java <<'END'
public class Main { public static void main(String[] a) { System.out.println("started"); } }
END
javac --release 11 -d classes Main.java && jar --create --file app.jar --main-class Main -C classes .
rm -r classes Main.java
"""
_ENTRY = """printf '#!/bin/bash\\nset -e\\nexport STARTED=yes\\nexec "$@"\\n' > entry.sh && chmod 755 entry.sh
"""
_ENTRY_SH = """printf '#!/bin/sh\\nset -e\\nif [ -n "$DEBUG" ]; then bash -c env; fi\\nexec "$@"\\n' > entry.sh && chmod 755 entry.sh
"""
_NOTES = """layerscope="$PYTHON -m layerscope"; image=$IMAGES/notesapp-multistage.tar
$layerscope extract -q "$image" /pybase . && $layerscope extract -q "$image" /app/notes .
test -e pybase/bin/flask && test -d notes
"""
_NOTES_APP = """FROM {base}
ENV PATH=/pybase/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUSERBASE=/pybase
COPY pybase /pybase
COPY notes /app/notes
WORKDIR /app/notes
CMD ["flask", "--app", "notes.app", "run", "--port=8080", "--host=127.0.0.1"]
"""

PAIRS = (
    Pair(
        name="notes-slim",
        covers="the notes application onto a slim Debian with its Python",
        base="python:3",
        candidate="onto/python:bookworm",
        dockerfile=_NOTES_APP,
        context=_NOTES,
        serves=True,
    ),
    Pair(
        name="notes-other-python",
        covers="the notes application onto a Python at another place",
        base="python:3",
        candidate="python:3.11-slim",
        dockerfile=_NOTES_APP,
        context=_NOTES,
        serves=True,
    ),
    Pair(
        name="go-scratch",
        covers="a static Go program onto nothing",
        base="debian:bookworm-slim",
        candidate="scratch",
        dockerfile=_COPY_APP,
        context=_GO,
    ),
    Pair(
        name="go-distroless",
        covers="a static Go program onto a base without a shell",
        base="debian:bookworm-slim",
        candidate="distroless/cc:nonroot",
        dockerfile=_COPY_APP,
        context=_GO,
    ),
    Pair(
        name="go-shell-form",
        covers="a command in shell form onto a base without a shell",
        base="debian:bookworm-slim",
        candidate="distroless/cc:nonroot",
        dockerfile="FROM {base}\nCOPY app /app\nCMD exec /app\n",
        context=_GO,
    ),
    Pair(
        name="rust-distroless",
        covers="a Rust program onto the C library alone",
        base="debian:bookworm-slim",
        candidate="distroless/cc:nonroot",
        dockerfile=_COPY_APP,
        context=_RUST,
    ),
    Pair(
        name="rust-scratch",
        covers="the same onto nothing",
        base="debian:bookworm-slim",
        candidate="scratch",
        dockerfile=_COPY_APP,
        context=_RUST,
    ),
    Pair(
        name="sqlite-slim",
        covers="a program whose library the slim base lacks",
        base="onto/sqlite:bookworm",
        candidate="debian:bookworm-slim",
        dockerfile=_COPY_APP,
        context=_SQLITE,
    ),
    Pair(
        name="sqlite-other",
        covers="the same onto a base that has it",
        base="onto/sqlite:bookworm",
        candidate="python:3.11-slim",
        dockerfile=_COPY_APP,
        context=_SQLITE,
    ),
    Pair(
        name="sqlite-installed",
        covers="the same where a RUN installs it on either base",
        base="python:3.11-slim",
        candidate="debian:bookworm-slim",
        dockerfile="FROM {base}\nRUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-0 "
        '&& rm -rf /var/lib/apt/lists/*\nCOPY app /app\nENTRYPOINT ["/app"]\n',
        context=_SQLITE,
    ),
    Pair(
        name="apt-alpine",
        covers="a RUN that calls apt-get onto Alpine",
        base="debian:bookworm-slim",
        candidate="alpine:3.8",
        dockerfile='FROM {base}\nRUN apt-get clean\nCOPY app /app\nENTRYPOINT ["/app"]\n',
        context=_STATIC_C,
    ),
    Pair(
        name="glibc-musl",
        covers="a program for glibc onto musl",
        base="debian:bookworm-slim",
        candidate="alpine:3.8",
        dockerfile=_COPY_APP,
        context=_PLAIN_C,
    ),
    Pair(
        name="static-musl",
        covers="a static program onto musl",
        base="debian:bookworm-slim",
        candidate="alpine:3.8",
        dockerfile=_COPY_APP,
        context=_STATIC_C,
    ),
    Pair(
        name="glibc-older",
        covers="a program for glibc 2.34 onto glibc 2.31",
        base="debian:bookworm-slim",
        candidate="debian:bullseye-slim",
        dockerfile=_COPY_APP,
        context=_PLAIN_C,
    ),
    Pair(
        name="python-minor",
        covers="Python with compiled wheels onto another minor version",
        base="python:3.11-slim",
        candidate="python:3.12-slim",
        dockerfile=_PYTHON_APP,
        context=_WHEEL + _FLASK,
    ),
    Pair(
        name="python-venv",
        covers="a virtual environment onto another minor version",
        base="python:3.11-slim",
        candidate="python:3.12-slim",
        dockerfile='FROM {base}\nCOPY venv /venv\nENV PATH=/venv/bin:$PATH\nCMD ["serve"]\n',
        context=_VENV,
    ),
    Pair(
        name="python-installed",
        covers="packages that a RUN installs for either version",
        base="python:3.11-slim",
        candidate="python:3.12-slim",
        dockerfile="FROM {base}\nRUN python3 -m ensurepip && python3 -m pip install --no-cache-dir MarkupSafe\n"
        'CMD ["python3", "-c", "import markupsafe._speedups"]\n',
        context="true\n",
    ),
    Pair(
        name="node-slim",
        covers="a Node application onto a base without Node",
        base="node:20-slim",
        candidate="debian:bookworm-slim",
        dockerfile='FROM {base}\nWORKDIR /srv\nCOPY server.js ./\nCMD ["node", "server.js"]\n',
        context=_NODE,
    ),
    Pair(
        name="node-user",
        covers="a user of the old base, with the program copied along",
        base="node:20-slim",
        candidate="debian:bookworm-slim",
        dockerfile='FROM {base}\nCOPY app /app\nUSER node\nENTRYPOINT ["/app"]\n',
        context=_STATIC_C,
    ),
    Pair(
        name="java-jre",
        covers="a Java archive from a development kit onto a runtime",
        base="onto/jdk:17",
        candidate="eclipse-temurin:17-jre",
        dockerfile='FROM {base}\nCOPY app.jar /app.jar\nCMD ["java", "-jar", "/app.jar"]\n',
        context=_JAVA,
    ),
    Pair(
        name="java-slim",
        covers="the same onto a base without Java",
        base="onto/jdk:17",
        candidate="debian:bookworm-slim",
        dockerfile='FROM {base}\nCOPY app.jar /app.jar\nCMD ["java", "-jar", "/app.jar"]\n',
        context=_JAVA,
    ),
    Pair(
        name="bash-alpine",
        covers="a script for bash onto a base without it",
        base="debian:bookworm-slim",
        candidate="alpine:3.8",
        dockerfile='FROM {base}\nCOPY entry.sh app /\nENTRYPOINT ["/entry.sh"]\nCMD ["/app"]\n',
        context=_ENTRY + _STATIC_C,
    ),
    Pair(
        name="sh-alpine",
        covers="a script for sh, which calls bash under a condition",
        base="debian:bookworm-slim",
        candidate="alpine:3.8",
        dockerfile='FROM {base}\nCOPY entry.sh app /\nENTRYPOINT ["/entry.sh"]\nCMD ["/app"]\n',
        context=_ENTRY_SH + _STATIC_C,
    ),
    Pair(
        name="python-import",
        covers="a library that only a module of Python loads",
        base="onto/sqlite:bookworm",
        candidate="debian:bookworm-slim",
        dockerfile='FROM {base}\nENV LD_LIBRARY_PATH=/opt/python/lib\nCOPY python /opt/python\nCOPY app.py /app.py\nCMD ["/opt/python/bin/python3", "/app.py"]\n',
        context="""mkdir -p python/bin python/lib && from=$(python3.11 -c 'import sys; print(sys.base_prefix)')
cp "$from"/bin/python3.11 python/bin/ && ln -s python3.11 python/bin/python3
cp -P "$from"/lib/libpython3* python/lib/ 2> /dev/null || true
(cd "$from/lib" && tar --exclude=site-packages --exclude=test --exclude=__pycache__ -c python3.11) | tar -x -C python/lib
printf 'import sqlite3\\nprint("started")\\n' > app.py
""",
        limit="imports are not followed",
    ),
)
