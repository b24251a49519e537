"""What is written from a syntax tree parses to the same tree, whatever its values hold."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.dockerfile.build import Build
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.syntax import Dockerfile, DockerfileInstruction, Flag, Form, Heredoc, Pair
from layerscope.errors import LayerscopeError

WORD = st.text(alphabet="abc$./:é-_", min_size=1, max_size=8).filter(lambda word: not word.startswith("-"))
ANY = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=12)
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
VALUE = st.one_of(WORD, ANY.filter(lambda text: not set(text) & set("'\\`")).map(lambda text: f"'{text}'"))
LINES = st.lists(ANY.filter(lambda text: text.lstrip("\t") != "EOF").map(lambda text: text + "\n"), max_size=3)


def instruction(keyword: str, **parts: object) -> DockerfileInstruction:
    return replace(DockerfileInstruction(keyword=keyword), **parts)


@st.composite
def commands(draw: st.DrawFn) -> DockerfileInstruction:
    keyword = draw(st.sampled_from(["RUN", "CMD", "ENTRYPOINT"]))
    if draw(st.booleans()):
        return instruction(keyword, form=Form.EXEC, arguments=tuple(draw(st.lists(ANY, max_size=3))))
    return instruction(keyword, arguments=(" ".join(draw(st.lists(WORD, min_size=1, max_size=4))),))


@st.composite
def copies(draw: st.DrawFn) -> DockerfileInstruction:
    content = "".join(draw(LINES)) if draw(st.booleans()) else None
    # Whatever the escape directive says, here-documents are looked for with a backslash: quotes would mislead it.
    values = ANY if content is None else WORD
    flags = [Flag(name="exclude", value=value) for value in draw(st.lists(values, max_size=2))]
    flags += draw(st.sampled_from([[], [Flag(name="link")], [Flag(name="from", value="a"), Flag(name="parents")]]))
    if content is not None:
        heredocs = (Heredoc(name="EOF", content=content, strip_tabs=draw(st.booleans())),)
        return instruction("COPY", flags=tuple(flags), heredocs=heredocs)
    form = draw(st.sampled_from(Form))
    words = draw(st.lists(ANY if form is Form.EXEC else WORD, min_size=2, max_size=4))
    return instruction(draw(st.sampled_from(["COPY", "VOLUME"])), form=form, arguments=tuple(words))


@st.composite
def pairs(draw: st.DrawFn) -> DockerfileInstruction:
    keyword = draw(st.sampled_from(["ENV", "LABEL", "ARG"]))
    found = [Pair(name=name, value=draw(VALUE)) for name in draw(st.lists(NAME, min_size=1, max_size=3))]
    if keyword == "ARG":
        found.append(Pair(name=draw(NAME), value=None))
    return instruction(keyword, pairs=tuple(found))


def written(node: DockerfileInstruction, escape: str) -> str:
    """The instruction as lines; flags escape each character, so that quotes and blanks survive."""
    flags = [
        f"--{flag.name}" + ("" if flag.value is None else "=" + "".join(escape + each for each in flag.value))
        for flag in node.flags
    ]
    if node.trigger is not None:
        return f"ONBUILD {written(node.trigger, escape)}"
    if node.heredocs:
        (document,) = node.heredocs
        mark = ("<<-" if document.strip_tabs else "<<") + "EOF"
        return " ".join([node.keyword, *flags, mark, "/x"]) + f"\n{document.content}EOF"
    if node.pairs:
        words = [pair.name + ("" if pair.value is None else f"={pair.value}") for pair in node.pairs]
    else:
        words = [json.dumps(node.arguments)] if node.form is Form.EXEC else list(node.arguments)
    return " ".join([node.keyword, *flags, *words])


def shape(node: DockerfileInstruction) -> DockerfileInstruction:
    """The instruction without its text and its place."""
    arguments = () if node.heredocs else node.arguments
    trigger = None if node.trigger is None else shape(node.trigger)
    heredocs = () if trigger else node.heredocs
    return replace(
        DockerfileInstruction(keyword=node.keyword),
        flags=node.flags,
        form=node.form,
        arguments=arguments,
        pairs=node.pairs,
        heredocs=heredocs,
        trigger=trigger,
    )


PLAIN = st.one_of(commands(), copies(), pairs())
INSTRUCTIONS = st.lists(st.one_of(PLAIN, PLAIN.map(lambda node: instruction("ONBUILD", trigger=node))), max_size=5)


@settings(deadline=None)
@given(INSTRUCTIONS, st.sampled_from("\\`"), st.sampled_from(["\n", "\n\n# note\n"]))
def test_written_instructions_parse_to_the_same_tree(
    nodes: list[DockerfileInstruction], escape: str, between: str
) -> None:
    content = f"# escape={escape}\nFROM a" + "".join(between + written(node, escape) for node in nodes)
    parsed = parse_dockerfile(content)
    assert [shape(node) for node in parsed.stages[0].instructions] == [shape(node) for node in nodes]


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("FROM RUN COPY <<E\n\\\"'[]${}=-#,/ab\t\r"), max_size=80))
def test_any_text_parses_or_is_refused_with_our_own_error(text: str) -> None:
    try:
        parsed: Dockerfile = parse_dockerfile("FROM a\n" + text)
        Build.of(parsed).flatten()
    except LayerscopeError as error:
        assert error.message.startswith("Dockerfile:")
