"""Secrets in texts: whole, whatever stands in them and around them, and nothing that only sounds like one."""

import base64
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from layerscope.errors import LimitExceeded
from layerscope.secrets.names import is_secret
from layerscope.secrets.text import (
    TextSecret,
    quoted,
    redacted,
    secrets_in,
    secrets_in_value,
    secrets_in_words,
)
from layerscope.secrets.values import pairs_of_setting
from tests.rules.forged import characters, hexadecimal, pem, with_checksum

TOKEN = hexadecimal(32)
BASE64 = "/" + characters(39)
BASIC = "dXNlcjpodW50ZXIyLXNlY3JldA=="


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("login --password='kW9v&mZ4p;x|y'", ["kW9v&mZ4p;x|y"], id="marks of a shell in quotes"),
        pytest.param('login --password="kW9v <m>(Z4p)"', ["kW9v <m>(Z4p)"], id="a blank in quotes"),
        pytest.param(r'login --password="kW9\"v&x"', [r"kW9\"v&x"], id="an escaped quote"),
        pytest.param("env 'DB_PASSWORD=kW9v&mZ4p;x' app", ["kW9v&mZ4p;x"], id="the whole pair in quotes"),
        pytest.param('echo "export DB_PASSWORD=kW9v&x" > e', ["kW9v&x"], id="a pair within quotes"),
        pytest.param("DB_PASSWORD=kW9'v&m'Z4 app", ["kW9'v&m'Z4"], id="quotes within a word"),
        pytest.param(r"DB_PASSWORD=kW9\&mZ4 app", [r"kW9\&mZ4"], id="an escaped mark"),
        pytest.param("DB_PASSWORD=k{W}9[v]*m^Z4 app", ["k{W}9[v]*m^Z4"], id="brackets"),
        pytest.param("DB_PASSWORD=hunter2;make", ["hunter2"], id="a bare value ends at the command"),
        pytest.param("DB_PASSWORD=hunter2&make", ["hunter2"], id="a bare value ends where it runs behind"),
        pytest.param('{"password": "kW9\\"v&x", "a": 1}', ['kW9\\"v&x'], id="JSON"),
        pytest.param('"{\\"password\\":\\"kW9v&x\\",\\"a\\":1}"', ["kW9v&x"], id="JSON in a string"),
        pytest.param("'{\\'password\\':\\'kW9v&x\\'}'", ["kW9v&x"], id="escaped single quotes"),
        pytest.param('$config["db_password"] = "kW9v&x";', ["kW9v&x"], id="a member of an array"),
        pytest.param(f'secret_key => "{TOKEN}"', [TOKEN], id="an arrow"),
        pytest.param("cat <<EOF >.env\nDB_PASSWORD=kW9v&x;y\nEOF", ["kW9v&x;y"], id="a here-document"),
        pytest.param("cat <<EOF >.env\n  export DB_PASSWORD=kW9v&x\nEOF", ["kW9v&x"], id="an export in one"),
        pytest.param("curl 'https://x/?a=1&token=0a1b2c3d4e&z=1'", ["0a1b2c3d4e"], id="query"),
        pytest.param("curl -d 'user=bob&password=a;b#c&x=1'", ["a;b#c"], id="form"),
        pytest.param("DB_PASSWORD=-Hunter2abc", ["-Hunter2abc"], id="dash"),
        pytest.param("DB_PASSWORD=,Hunter2abc", [",Hunter2abc"], id="comma"),
        pytest.param("DB_PASSWORD=.Hunter2abc", [".Hunter2abc"], id="dot"),
        pytest.param("DB_PASSWORD=/Hunter2abc", ["/Hunter2abc"], id="slash"),
        pytest.param(f"AWS_SECRET_ACCESS_KEY={BASE64} make", [BASE64], id="base64 that begins with a slash"),
        pytest.param("login --password hunter2", ["hunter2"], id="option and value"),
        pytest.param("a\nb DB_PASSWORD=hunter2;make", ["hunter2"], id="within a line"),
        pytest.param("DB_PASSWORD=hunter2;make 'a b'", ["hunter2"], id="before a string"),
        pytest.param("echo 'a b'; DB_PASSWORD=hunter2;make", ["hunter2"], id="behind a string"),
        pytest.param("login --password Hunter", ["Hunter"], id="option and value of letters"),
        pytest.param("login --password hunter%", ["hunter%"], id="option and value with a mark"),
        pytest.param("login --password 'kW9v&x' me", ["kW9v&x"], id="option and value in quotes"),
        pytest.param('CMD ["app", "--password", "kW9v&x"]', ["kW9v&x"], id="option and value in JSON"),
        pytest.param("login --password '-kW9v&x' me", ["-kW9v&x"], id="option and value that begins with a dash"),
        pytest.param('"password": "-Hunter2abc"', ["-Hunter2abc"], id="dash in JSON"),
        pytest.param('"password": "[kW9v&x"', ["[kW9v&x"], id="half a bracket"),
        pytest.param('"password": "<kW9v&x"', ["<kW9v&x"], id="half a placeholder"),
        pytest.param("env 'DB_PASSWORD=>[kW9v&x'", [">[kW9v&x"], id="no arrow"),
        pytest.param("git clone https://bob:59#?kW9v*x@host", ["59#?kW9v*x"], id="digits, but no port"),
        pytest.param("keytool -storepass Hunter2 -v", ["Hunter2"], id="long option with one dash"),
        pytest.param("keytool -keypass Hunter2 -v", ["Hunter2"], id="password of a key"),
        pytest.param("echo 'root:kW9v&mZ4p' | chpasswd", ["kW9v&mZ4p"], id="chpasswd in quotes"),
        pytest.param("echo -n root:kW9vmZ4p|sudo chpasswd", ["kW9vmZ4p"], id="chpasswd"),
        pytest.param('chpasswd <<< "root:kW9v mZ4p"', ["kW9v mZ4p"], id="chpasswd and a here-string"),
        pytest.param('echo "root:$PASSWORD" | chpasswd', [], id="chpasswd of a variable"),
        pytest.param("docker login -u me -p hunter22 host", ["hunter22"], id="docker login"),
        pytest.param("docker login -u me -p 'hunter &2' host", ["hunter &2"], id="docker login in quotes"),
        pytest.param("sshpass -phunter22 ssh host", ["hunter22"], id="sshpass"),
        pytest.param("mysqldump -uroot -phunter22 db", ["hunter22"], id="mysql"),
        pytest.param("echo 'machine h login me password h&nter22' >>.netrc", ["h&nter22"], id="netrc"),
        pytest.param("curl -u 'bob:pa:ss/1&2' https://x", ["pa:ss/1&2"], id="curl in quotes"),
        pytest.param("curl -ubob:hunter22 https://x", ["hunter22"], id="curl without a blank"),
        pytest.param("curl --proxy-user bob:hunter22 https://x", ["hunter22"], id="curl's proxy"),
        pytest.param(f"X_TOKEN=Basic {BASIC} make", [BASIC], id="scheme and blank"),
        pytest.param(f"X_TOKEN='Basic {BASIC}' make", [BASIC], id="scheme and blank in quotes"),
        pytest.param(f"-H 'Authorization: Bearer {TOKEN}'", [TOKEN], id="header"),
        pytest.param(f"-H 'Authorization: {TOKEN}'", [TOKEN], id="header without a scheme"),
        pytest.param(f"AUTHORIZATION=Bearer%20{TOKEN}", [TOKEN], id="header in a URL"),
        pytest.param("printf 'A=b\\nDB_PASSWORD=kW9v&x\\n'", ["kW9v&x"], id="behind an escaped line end"),
        pytest.param("printf 'A=b\\tDB_PASSWORD=kW9v&x\\n'", ["kW9v&x"], id="behind an escaped tab"),
        pytest.param("printf 'A=b\\rDB_PASSWORD=kW9v&x\\r'", ["kW9v&x"], id="behind an escaped return"),
        pytest.param("A=b\nDB_PASSWORD=kW9v&x\nC=d", ["kW9v&x"], id="behind a line end"),
        pytest.param("A=b\tDB_PASSWORD=hunter2\tC=d", ["hunter2"], id="behind a tab"),
        pytest.param("A=b\rDB_PASSWORD=hunter2\rC=d", ["hunter2"], id="behind a return"),
        pytest.param("ENV A=b DB_PASSWORD=kW9v & x2345 C=d", ["kW9v & x2345"], id="ENV, whose values have no quotes"),
        pytest.param("/bin/sh -c #(nop)  ENV DB_PASSWORD=kW9v & x2345", ["kW9v & x2345"], id="ENV of the old builder"),
        pytest.param("ENV DB_PASSWORD kW9v&x", ["kW9v&x"], id="ENV with a blank"),
        pytest.param('LABEL "db.password"="kW9v&x"', ["kW9v&x"], id="LABEL in quotes"),
        pytest.param("git clone https://bob:kW9v@mZ4p@host/x", ["kW9v@mZ4p"], id="URL"),
    ],
)
def test_a_secret_is_masked_whole(text: str, values: list[str]) -> None:
    found = secrets_in(text)
    assert [one.value for one in found] == values
    assert [text[one.start : one.end] for one in found] == values
    assert not any(value in redacted(text) for value in values)


@pytest.mark.parametrize(
    "text",
    [
        "read -p 'Password: ' password",
        "echo 'Password: please enter it'",
        "PASSWORD='Enter your new password'",
        "PASSWORD=changeme?",
        "PASSWORD=xxxxx",
        "API_TOKEN=<token>",
        "API_TOKEN=[your token]",
        "API_TOKEN={token}",
        "API_TOKEN=%API_TOKEN%",
        "PASSWORD=%(password)s",
        "PASSWORD=$PW",
        "PASSWORD=${PW:-}",
        "PASSWORD=$(cat /run/secrets/x1)",
        'PASSWORD="$(cat /run/secrets/x1)"',
        "PASSWORD=/run/secrets/x",
        "PASSWORD=/opt/My_App2/secret.txt",
        "PASSWORD_FILE=/etc/x",
        "PASSWORD=~/.config/App1/pw",
        "PASSWORD=C:\\secrets\\one",
        "API_TOKEN=/usr/lib/jvm/Java11/Tokens/Default",
        "PASSWORD= --verbose",
        "--password --verbose1",
        "--password $PW1",
        "--password prompt",
        "password prompt1",
        "password=getpass.getpass()",
        "sed 's/^password=.*/password=x/' f",
        "grep 'token=[^&]*' f",
        "grep -E 'password=\\S+' f",
        "mongodb://h1:27017,h2:27017?x=a@b",
        "http://h:8080?x=a@b",
        "docker login -u me -p $TOKEN1 host",
        "docker login -p /run/secrets/x",
        "docker login && ssh -p 22222 host",
        "docker login; mkdir -p hunter22",
        "mysql -p12345 db",
        "curl -u bob:$PASSWORD1 https://x",
        "curl -u 1000:100000 https://x",
        "curl -u bob:<password> https://x",
        "Authorization: required",
        "Authorization: required4",
        "Authorization: required-for-everybody",
        "Authorization: Bearer $TOKEN1",
        "Authorization: Bearer <your-token>",
        "ENV TOKEN_TTL=86400000 PATH=/bin",
        "ENV DB_PASSWORD=",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_what_only_sounds_like_a_secret_stays(text: str) -> None:
    assert secrets_in(text) == ()
    assert redacted(text) == text


@pytest.mark.parametrize("length", [499, 500, 501, 5000])
@pytest.mark.parametrize("before", ["API_TOKEN=", "API_TOKEN='", "https://bob:", "Authorization: Bearer "])
def test_of_a_long_secret_no_part_is_left(before: str, length: int) -> None:
    secret = (characters(60) * 100)[:length]
    (found,) = secrets_in(f"{before}{secret}{'@host' if ':' in before else chr(39)}")[:1]
    assert found.value.startswith(secret)


def test_of_a_private_key_nothing_is_left() -> None:
    key = pem().decode()
    text = f"echo '{key}' > a; echo '{key}' > b"
    assert redacted(text).count("--***--") == 2
    assert not any(line in redacted(text) for line in key.splitlines())


def test_a_private_key_that_is_cut_is_masked_to_the_end() -> None:
    assert redacted("A " + pem().decode().partition("-----END")[0]) == "A ***"


def test_secrets_beside_each_other_are_found_each() -> None:
    text = "a --password=hunter2 --token 'x1y2z3&4' -e DB_PASS=hunter3"
    assert [one.name for one in secrets_in(text)] == ["password", "token", "DB_PASS"]


def test_a_name_in_a_value_is_part_of_it() -> None:
    assert [one.value for one in secrets_in("DB_PASSWORD=a1token=hunter2b3")] == ["a1token=hunter2b3"]


def test_behind_a_value_that_is_none_the_search_goes_on() -> None:
    assert [one.value for one in secrets_in("PASSWORD_FILE=token=hunter2b3")] == ["hunter2b3"]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        pytest.param(["app", "--password", "kW9v & x"], [], id="plain words may be anything"),
        pytest.param(["app", "--password", "kW9v2x & y"], ["kW9v2x & y"], id="option, then value"),
        pytest.param(["app", "--password=kW9v2x & y"], ["kW9v2x & y"], id="option with value"),
        pytest.param(["env", "DB_PASSWORD=kW9v&y", "app"], ["kW9v&y"], id="variable"),
        pytest.param(["curl", "-u", "bob:kW9v&y"], ["kW9v&y"], id="curl"),
        pytest.param(["sh", "-c", "DB_PASSWORD=hunter2 make && x1y2z3"], ["hunter2"], id="script"),
        pytest.param(["sh", "-c", "DB_PASSWORD=hunter2 sleep 1"], ["hunter2"], id="short script"),
        pytest.param(["app", "--password=a1b2c3 token=x1y2z3w4 z"], ["a1b2c3 token=x1y2z3w4 z"], id="option with more"),
        pytest.param(["sh", "-c", "curl --token 'a1b2&c3d4'"], ["a1b2&c3d4"], id="quotes in a script"),
        pytest.param(["app", "--password", "--verbose1"], [], id="option, then option"),
        pytest.param(["app", "password", "hunter2"], [], id="no option"),
        pytest.param(["app", "--password=", "hunter2"], [], id="empty"),
    ],
)
def test_the_words_of_a_command_are_read_one_by_one(words: list[str], values: list[str]) -> None:
    assert [one.value for one in secrets_in_words(words)] == values


def test_a_variable_is_its_whole_value_as_grave_as_what_is_in_it() -> None:
    key = pem().decode()
    (found,) = secrets_in_value("PRIVATE_KEY", key)
    assert (found.name, found.value, found.severity) == ("PRIVATE_KEY", key.strip(), "critical")


def test_a_variable_with_a_harmless_name_is_what_is_in_it() -> None:
    (found,) = secrets_in_value("URL", "postgres://a:hunter2@db/x")
    assert (found.name, found.value) == ("URL", "hunter2")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        pytest.param("ENV A=b c D=e", [("A", "b c"), ("D", "e")], id="pairs"),
        pytest.param("ARG A", [], id="name alone"),
        pytest.param("ENV A b c", [("A", "b c")], id="blank"),
        pytest.param("RUN A=b", [], id="another instruction"),
    ],
)
def test_the_pairs_of_a_setting_keep_their_blanks(text: str, pairs: list[tuple[str, str]]) -> None:
    found = list(pairs_of_setting(text))
    assert [(name, value) for name, value, _ in found] == pairs
    assert all(text[start:].startswith(value) for _, value, start in found)


def test_a_quote_is_one_line_that_is_masked_before_it_is_cut() -> None:
    assert quoted(f"a\n\t b API_TOKEN={TOKEN}") == f"a b API_TOKEN={TOKEN[:2]}***{TOKEN[-2:]}"
    assert quoted(f"API_TOKEN={TOKEN} and more", 20) == f"API_TOKEN={TOKEN[:2]}***{TOKEN[-2:]}"[:17] + "..."
    assert quoted("a" * 20, 20) == "a" * 20


CONTEXTS = (
    "login --password='{}' x", 'login --password="{}" x', "login --password '{}' x", "ENV DB_PASSWORD={}",
    "ENV A=b DB_PASSWORD={} C=d", "env 'DB_PASSWORD={}' x", 'echo "DB_PASSWORD={}" > e', '"password": "{}", "a": 1',
    'CMD ["a", "--password", "{}"]', "cat <<EOF\nDB_PASSWORD={}\nEOF", "password: '{}'", "curl -u 'bob:{}' x",
    "docker login -p '{}' x", "printf 'a\\nDB_PASSWORD={}\\n'", "git clone 'https://bob:{}@host/x'",
)  # fmt: skip


@pytest.mark.parametrize("context", CONTEXTS)
@given(secret=st.text(alphabet=characters(62) + "&;|<>()[]{}*^#@!%+=,~-_.:?", min_size=8, max_size=40))
def test_of_no_secret_two_times_three_characters_are_left(context: str, secret: str) -> None:
    assume(is_secret("password", secret) and any(map(str.isdigit, secret)) and "//" not in secret)
    # What looks like an option, like a port and a query, or like the end of the URL's host is taken for that.
    assume(not (secret[0] == "-" and (" '{}" in context or ', "{}"' in context)))
    assume(not ("https:" in context and (secret[0].isdigit() or re.search(r"@[\w.:\-]+[?#]", secret))))
    text = redacted(context.replace("{}", secret))
    around = context.replace("{}", "")
    assert not any(secret[start : start + 6] in text.replace(around, "") for start in range(len(secret) - 5))


@pytest.mark.parametrize(
    "text", ["value 17", "org.example.label.17", "RUN make # buildkit", "https://host/x", "ENV A=b"]
)
def test_a_text_without_any_sign_of_a_secret_is_not_searched(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A hostile image has a quarter of a million labels.
    searches: list[str] = []

    def searched(text: str, **_: bool) -> tuple[TextSecret, ...]:
        searches.append(text)
        return ()

    for name in ("_all", "_tokens"):
        monkeypatch.setattr(f"layerscope.secrets.text.{name}", searched)
    assert secrets_in_value("org.example.label.17", text) == ()
    assert searches == []
    secrets_in_value("org.example.label.17", f"{text} token")
    assert searches == [f"{text} token"]


@pytest.mark.parametrize("made_up", ["example", "EXAMPLE", "your-token", "changeme", "placeholder"])
def test_the_value_of_a_near_miss_is_not_read(made_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each value would go on for hundreds of characters, as the names after it are part of it.
    monkeypatch.setattr("layerscope.secrets.text.value_at", lambda *_: pytest.fail("read"))
    assert secrets_in(f"token=token={made_up}" * 500) == ()


@pytest.mark.parametrize("value", ["x1y2z3w4<%example%>", "x1y2z3w4&example", "x1y2z3w4 example", "x1y2z3w4;your-x"])
def test_a_secret_before_what_is_made_up_is_found(value: str) -> None:
    assert [one.value for one in secrets_in(f"token={value}")] == ["x1y2z3w4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("RUN {}", "secrets, too many to mask them all", id="words of a command"),
        pytest.param("ENV {}", "secrets, too many to mask them all", id="variables"),
    ],
)
def test_so_many_secrets_that_they_take_minutes_are_refused(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = " ".join(f"PASSWORD{number}=Hunter{number}x" for number in range(100))
    assert len(secrets_in(text.replace("{}", few))) == 100
    assert len(secrets_in(text.replace("{}", "PASSWORD=Hunter2x " * 200))) == 200
    monkeypatch.setattr("layerscope.secrets.text.MOST_SECRETS", 99)
    with pytest.raises(LimitExceeded, match=message):
        secrets_in(text.replace("{}", few))
    assert len(secrets_in(text.replace("{}", "PASSWORD=Hunter2x " * 200))) == 200


def test_so_many_texts_in_base64_that_they_take_seconds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.secrets.text._MOST_ENCODED", 100)
    word = base64.b64encode(b"an ordinary text of words").decode()
    noise = base64.b64encode(bytes(range(128, 160))).decode()
    assert secrets_in(f"RUN echo {word} {noise} {noise} " + f"{word} " * 99) == ()
    with pytest.raises(LimitExceeded, match="has over 100 texts in base64$"):
        secrets_in("RUN echo " + f"{word} " * 101)


@pytest.mark.parametrize("text", ["RUN {}", "ENV {}"])
def test_so_many_names_of_secrets_that_they_take_seconds_are_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerscope.secrets.text._MOST_NAMES", 100)
    few = text.replace("{}", " ".join(f"PASSWORD{number}=none" for number in range(100)))
    assert secrets_in(few) == secrets_in(few + f" {few}".replace("PASSWORD", "PLACE") * 9) == ()
    with pytest.raises(LimitExceeded, match="names of secrets"):
        secrets_in(f"{few} PASSWORD=none")


PEM = pem(body=b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82" + bytes(range(180))).decode()


@pytest.mark.parametrize(
    ("word", "name"),
    [
        pytest.param(base64.b64encode(PEM.encode()).decode(), "private key in base64", id="PEM"),
        pytest.param(base64.encodebytes(PEM.encode()).decode().rstrip(), "private key in base64", id="PEM in lines"),
        pytest.param(
            base64.encodebytes(PEM.encode()).decode().rstrip().replace("\n", "\\n"),
            "private key in base64",
            id="PEM in lines whose ends are escaped",
        ),
        pytest.param(base64.b64encode(b"password=kW9v-mZ4p-xY7q\n").decode(), "password in base64", id="a setting"),
        pytest.param(
            base64.b64encode(f"x {with_checksum('ghp_')}".encode()).decode(), "token of GitHub in base64", id="a token"
        ),
    ],
)  # fmt: skip
def test_a_secret_in_base64_is_one(word: str, name: str) -> None:
    for text in (f"echo {word} | base64 -d > /key", f'X="{word}"', f"{{'data': '{word}'}}"):
        (found,) = secrets_in(text)
        assert (found.name, found.value, text[found.start : found.end]) == (name, word, word)
        assert word[3:-3] not in redacted(text)


def test_the_body_of_a_key_without_its_head_is_a_secret() -> None:
    body = PEM.partition("-----\n")[2].partition("\n-----")[0]
    for text in (f"echo '{body}'", "echo " + body.replace("\n", ""), "X=" + body.replace("\n", "\\n")):
        assert [one.name for one in secrets_in(text)] == ["private key in base64"], text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("echo " + base64.b64encode(b"hello, this is just a text").decode(), id="a text"),
        pytest.param("echo " + base64.b64encode(b"password=changeme and more").decode(), id="a placeholder"),
        pytest.param(f"echo {hexadecimal(64)}  /tmp/x | sha256sum -c", id="a checksum"),
        pytest.param("COPY /usr/share/application/data/files /usr/lib/application/data", id="paths"),
        pytest.param("echo " + base64.b64encode(bytes(range(256)) * 4).decode(), id="bytes"),
        pytest.param(
            "echo MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAw1zM2yQeAIx3gTmCE6J6" + characters(300), id="a public key"
        ),
        pytest.param("echo " + base64.b64encode(base64.b64encode(b"password=kW9v-mZ4p-xY7q")).decode(), id="twice"),
        pytest.param("a" * 21 + " " + "b" * 25, id="no length of base64"),
    ],
)
def test_other_base64_is_none(text: str) -> None:
    assert secrets_in(text) == ()


def test_megabytes_of_base64_take_no_longer_than_their_length() -> None:
    word = base64.b64encode(b"password=kW9v-mZ4p-xY7q\n" * 20_000).decode()
    assert len(secrets_in(f"echo {word}")) == 1
    assert secrets_in("QUFB" * 500_000) == ()
    lines = (characters(76) + "\n") * 3000
    assert secrets_in(lines * 3) == ()
