"""The variables of canned replies."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.rendering import render


@given(st.text())
def test_a_text_without_variables_stays(text: str) -> None:
    if "{{" not in text:
        assert render(text, {}).text == text


@given(before=st.text("a{} "), value=st.text(), after=st.text("a{} "))
def test_what_a_value_holds_is_not_looked_into(before: str, value: str, after: str) -> None:
    rendered = render(f"{before}<{{{{customer.name}}}}>{after}", {"customer.name": value})
    assert f"<{value}>" in rendered.text
    assert rendered.unknown == []


def test_each_unknown_and_empty_variable_is_named_once() -> None:
    text = "{{a.b}} {{a.b}} {{customer.name}}{{customer.first_name}}"
    rendered = render(text, {"customer.name": " "})
    assert (rendered.unknown, rendered.empty) == (["a.b"], ["customer.first_name"])
    assert rendered.text == "{{a.b}} {{a.b}}  "
