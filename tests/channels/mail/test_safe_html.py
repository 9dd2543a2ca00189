"""Nothing that acts, loads or deceives survives in the HTML of a stranger."""

import base64
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.mail.flow import ALLOWED, DROPPED, flow
from channels.mail.pictures import show_images
from channels.mail.sanitise import ATTRIBUTES, Sanitised, link_files, sanitise
from channels.mail.wordsets import words

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
GMAIL = '<blockquote class="gmail_quote">old</blockquote>'
LINK = re.compile(r"(?i)(https?://|mailto:|tel:)")
KEPT_IMAGE = re.compile(r"attachments/[^/\\]|data:image/(png|gif|jpe?g|webp);base64,")

names = st.sampled_from(
    sorted(
        ALLOWED
        | DROPPED
        | words(
            "noscript object applet foreignobject desc form input embed "
            "option meta base link source mglyph mtext annotation-xml html body head o:p"
        )
    )
)
attributes = st.sampled_from(
    [
        ' onclick="alert(1)"',
        " onerror=alert(1)",
        ' href="javascript:alert(1)"',
        ' href=" jav&#x09;ascript:alert(1)"',
        ' href="https://example.org/"',
        ' href="//evil.example"',
        ' src="https://evil.example/x.png"',
        " src=//evil.example/x",
        ' src="cid:one@x"',
        ' src="data:text/html,<script>alert(1)</script>"',
        ' src="data:image/svg+xml;base64,AAAA"',
        ' srcset="https://evil.example/x 2x"',
        ' background="https://evil.example"',
        ' style="background:url(https://evil.example);position:fixed;color:red"',
        ' style="width:expression(alert(1));margin:-99px;color:\\75rl(x)"',
        ' id="app"',
        ' class="modal"',
        ' target="_top"',
        ' title="</noscript><img src=x onerror=alert(1)>"',
        " a='b",
        ' a="',
        "/",
    ]
)
tag = st.builds(lambda name, given: f"<{name}{''.join(given)}>", names, st.lists(attributes, max_size=3))
end = st.builds(lambda name: f"</{name}>", names)
odd = st.sampled_from(
    ["<!--", "-->", "<![CDATA[", "]]>", "<!", "<?", "<", ">", "&lt;", "&#60;script&#62;", "\x00", "`"]
)
markup = st.lists(st.one_of(tag, end, odd, st.text(max_size=5)), max_size=40).map("".join)


class Inspector(HTMLParser):
    """Says of every tag and attribute what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if not self._is_kept(tag, name, value or ""):
                self.faults.append(f"<{tag} {name}={value!r}>")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"declaration {decl!r}")

    def _is_kept(self, tag: str, name: str, value: str) -> bool:
        if name == "href":
            return LINK.match(value) is not None
        if name == "data-remote":
            return tag == "img" and re.match(r"(?i)https?://", value) is not None
        if name == "data-fold":
            return value in {"quote", "signature", "rest"}
        if name == "src":
            return KEPT_IMAGE.match(value) is not None
        if name == "style":
            return not re.search(r"(?i)url|expression|position|\\|@|:\s*-", value)
        return name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | {"rel", "target"}


def clean(source: str, *files: str) -> Sanitised:
    return sanitise(flow(source).html, files)


def faults(page: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(page)
    inspector.close()
    return inspector.faults


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markup)
def test_nothing_that_acts_or_loads_survives(source: str) -> None:
    assert faults(clean(source, "one@x").html) == []


@settings(max_examples=200, deadline=None)
@given(markup)
def test_what_the_sanitiser_is_given_is_balanced(source: str) -> None:
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)", flow(source).html):
        if closing:
            assert opened.pop() == name
        elif name not in {"br", "col", "hr", "img", "wbr"}:
            opened.append(name)
    assert opened == []


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('<a href="HTTPS://example.org/?a=1&amp;b=2">x</a>', 'href="HTTPS://example.org/?a=1&amp;b=2"'),
        ('<a href="mailto:a@example.org">x</a>', 'href="mailto:a@example.org"'),
        ('<p style="color:#f00; position:fixed; margin:0 0 0 .8ex">x</p>', 'style="color:#f00;margin:0 0 0 .8ex"'),
        ('<td bgcolor="#ffffff" width="50%">x', "x"),
        ("<ul><li>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<table><tr><td>a<td>b<tr><td>c</table>d", "<tr><td>c</td></tr>"),
        ("a &lt;script&gt; b", "a &lt;script&gt; b"),
        ("1 < 2 <3", "1 &lt; 2 &lt;3"),
        ("<blink>kept</blink>", "kept"),
        ('<a href="https://x.test/\u202egpj">x</a>', 'href="https://x.test/%E2%80%AEgpj"'),
    ],
)
def test_harmless_html_is_kept(source: str, wanted: str) -> None:
    assert wanted in clean(source).html


@pytest.mark.parametrize(
    "source",
    ["<img src=https://t.example/p.gif>", "<img src='//t.example/p'>", "<img src='/p.gif'>"],
)
def test_a_remote_image_does_not_load_and_is_counted(source: str) -> None:
    result = clean(source)
    assert ("src" in result.html, result.blocked_images) == (False, 1)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ('<img alt="a>b" src="https://t.example/p?a=1&amp;b=%20&quot;" width=90>', 'https://t.example/p?a=1&b=%20"'),
        ("<img src='HTTP://t.example/ä'>", "HTTP://t.example/ä"),
        ("<img src='//t.example/p'>", "https://t.example/p"),
    ],
)
def test_a_remote_image_can_be_shown_later(source: str, address: str) -> None:
    asked: list[str] = []

    def through_proxy(remote: str) -> str:
        asked.append(remote)
        return '/proxy?a=1&b="2"'

    page = show_images(clean(source).html, through_proxy)
    assert asked == [address]
    assert ' src="/proxy?a=1&amp;b=&quot;2&quot;"' in page
    assert "data-remote" not in page


def test_a_picture_that_the_proxy_does_not_want_stays_hidden() -> None:
    page = clean('<img src="https://t.example/p">').html
    assert show_images(page, lambda _: None) == page


def test_text_that_looks_like_a_picture_stays_text() -> None:
    source = '&lt;img src="remote:x"&gt; &lt;img data-remote="https://t.example/"&gt;'
    page = clean(source).html
    assert page == show_images(page, lambda _: "/proxy")
    assert page == source


@pytest.mark.parametrize("value", ["javascript:alert(1)", "https://t.example/", '" onload="x'])
def test_a_mail_cannot_bring_marks_of_ours(value: str) -> None:
    page = clean(f"<img data-remote='{value}'><p data-fold='quote'>x</p><p data-fold='{value}'>y</p>").html
    assert page == "<img><p>x</p><p>y</p>"


@pytest.mark.parametrize(
    ("source", "trackers"),
    [
        ("<img src=https://t.example/p width=1 height=1>", 1),
        ("<img src=https://t.example/p width='0' height='1px'>", 1),
        ("<img src=https://t.example/p style='width:1px;height:1px'>", 1),
        ("<img src=https://t.example/p style='border:0; display : none'>", 1),
        ("<img src=https://t.example/p width=1 height=400>", 0),
        ("<img src=https://t.example/p width=100%>", 0),
        ("<img src=https://t.example/p style='max-width:1px;height:1px'>", 0),
        ("<img src=cid:one@x width=1 height=1>", 0),
    ],
)
def test_a_picture_that_only_counts_readers_is_gone_for_good(source: str, trackers: int) -> None:
    page = flow(source)
    assert page.trackers == trackers
    assert ("<img" in page.html) is (trackers == 0)


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        (f'new<div class="gmail_quote"><div class="gmail_attr">On x wrote:</div>{GMAIL}</div>', ["quote", "quote"]),
        ('new<div class="gmail_signature">Jane</div><blockquote type="cite">old</blockquote>', ["signature", "quote"]),
        ('new<hr tabindex="-1"><div id="divRplyFwdMsg">From: x</div>old', ["rest"]),
        ('<blockquote type="cite">a<blockquote type="cite">b</blockquote></blockquote>new', ["quote"]),
    ],
)
def test_what_can_be_folded_is_marked(source: str, marks: list[str]) -> None:
    page = flow(source)
    assert page.foldable
    assert re.findall(r'data-fold="([a-z]+)"', sanitise(page.html).html) == marks
    assert "data-fold" not in sanitise(page.html, foldable=False).html


@pytest.mark.parametrize("source", [GMAIL, f"{GMAIL}one{GMAIL}two"])
def test_a_mail_of_which_nothing_would_be_left_is_not_folded(source: str) -> None:
    assert not flow(source).foldable


def test_pictures_of_the_same_mail_are_kept_and_named_in_order() -> None:
    result = clean('<img src="cid:b%40x"><img src=CID:a@x><img src="cid:none@x"><img src="cid:b@x">', "a@x", "b@x")
    assert result.shown_files == ("b@x", "a@x")
    assert re.findall(r'src="([^"]*)"', result.html) == ["attachments/b@x", "attachments/a@x", "attachments/b@x"]


def test_a_picture_may_be_named_by_its_location() -> None:
    result = sanitise(
        flow('<img src="https://example.org/logo.png">').html, ["l@x"], {"https://example.org/logo.png": "l@x"}
    )
    assert ('src="attachments/l@x"' in result.html, result.blocked_images) == (True, 0)


def test_pictures_get_real_addresses_when_shown() -> None:
    page = clean('<img src="cid:a&amp;b@x"><img src="cid:c@x">', "a&b@x", "c@x").html
    linked = link_files(page, {"a&b@x": "/files/1?x=1&y=2"})
    assert re.findall(r'src="([^"]*)"', linked) == ["/files/1?x=1&amp;y=2", "attachments/c@x"]


def test_a_small_picture_within_its_address_is_kept_and_a_large_one_dropped() -> None:
    large = base64.b64encode(bytes(70_000)).decode()
    page = clean(f'<img src="data:image/png;base64,{PIXEL}"><img src="data:image/png;base64,{large}">').html
    assert re.findall(r'src="(.{20})', page) == ["data:image/png;base64"[:20]]


@pytest.mark.parametrize(
    ("source", "text", "reply"),
    [
        ("<p>Hello&nbsp;there,</p><p>second</p>", "Hello there,\n\nsecond", None),
        ("a<br>b<br><br>c", "a\nb\n\nc", None),
        ("<td>a</td><td>b</td>", "a b", None),
        ("<svg><p>hello</p>", "hello", None),
        ("<math><mi>x</mi></math><math><div>hello</div></math>", "hello", None),
        ("<svg><g>drawn<font color=red>hello</svg>", "hello", None),
        ("<svg><g>drawn<font>not</font></svg>hello", "hello", None),
        ("<svg><svg>drawn</p>hello</svg> you", "hello you", None),
        ("<svg><text>drawn</text></svg>hello", "hello", None),
        ("<svg>hello", "hello", None),
        ("<svg>drawn</svg><svg>hello", "hello", None),
        ("<noscript><p>hello</p>", "hello", None),
        ("<noscript><p>hidden</p></NOSCRIPT>hello", "hello", None),
        ("<select><option>hello", "hello", None),
        ("<object><applet><p>hello</p>", "hello", None),
        ("<svg><p>hello<script>x()</script><style>p{}</style></p>", "hello", None),
        ("<svg><style><p>y</style><script><p>x()", "", None),
        ("<style>p{}</style><script>x</script><title>t</title>a", "a", None),
        ('new<div class="gmail_quote"><div class="gmail_attr">On x wrote:</div>' + GMAIL + "</div>", None, "new"),
        (f'<div class="gmail_quote">{GMAIL}<div>one</div>{GMAIL}<div>two</div></div>', None, "old\none\nold\ntwo"),
        ('new<blockquote type="cite">old</blockquote>', None, "new"),
        ('new<hr tabindex="-1"><div id="divRplyFwdMsg">From: x</div>old', None, "new"),
        ('new<div id="appendonsend"></div>old', None, "new"),
        ('new<div id="AppleMailSignature">Sent from x</div><blockquote type="cite">old</blockquote>', None, "new"),
        ('<blockquote type="cite">q</blockquote>a<blockquote type="cite">q</blockquote>b', None, "q\na\nq\nb"),
    ],
)
def test_html_becomes_text(source: str, text: str | None, reply: str | None) -> None:
    page = flow(source)
    assert page.text == (text if text is not None else page.text)
    assert page.reply == (reply if reply is not None else page.text)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('<a href="https://evil.example/x">https://bank.example.org/login</a>', 1),
        ('<a href="https://evil.example/x"><b>bank</b>.example.org</a>', 1),
        ('<a href="https://bank.example.org@evil.example/">bank.example.org</a>', 1),
        ('<a href="https://www.bank.example.org/x">bank.example.org</a>', 0),
        ('<a href="https://bank.example.org/x">http://login.bank.example.org/</a>', 0),
        ('<a href="https://evil.example/">click here</a>', 0),
        ('<a href="mailto:a@evil.example">bank.example.org</a>', 0),
        ('<a href="https://[::1">bank.example.org</a>', 0),
        ('<a href="https://evil.example/">bank.example.org', 1),
        ('<a href="https://evil.example/">a</a> bank.example.org', 0),
    ],
)
def test_a_link_that_shows_another_host_is_noticed(source: str, count: int) -> None:
    assert flow(source).misleading_links == count
