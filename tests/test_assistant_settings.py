"""Settings of the assistant: wrong ones are told by their variable, and no key stands in a message."""

from __future__ import annotations

import pytest

from assistant.settings import AssistantSettings
from kg_service.errors import InputError
from kg_service.settings import read_settings, strangers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL", "gpt-5"),
        ("MODEL", "openai:"),
        ("MODEL", "open ai:x"),
        ("MODEL_URL", "localhost:8080"),
        ("MODEL_URL", "http://user:pass@host/v1"),
        ("MODEL_KEY", "two words"),
        ("MODEL_SECONDS", "0"),
        ("MODEL_TOKENS", "many"),
        ("MODEL_READS", "maybe"),
        ("EMBEDDINGS", "hub"),
        ("CHROMA", "file:///tmp"),
        ("CONVERSATIONS", "yes"),
        ("ASK_WORKERS", "0"),
    ],
)
def test_wrong_setting_is_told_by_its_variable(name: str, value: str) -> None:
    """A wrong setting is refused and named as it stands in the environment."""
    with pytest.raises(InputError) as caught:
        read_settings(AssistantSettings, {f"SEXTANT_{name}": value})
    assert [problem.where for problem in caught.value.problems] == [f"SEXTANT_{name}"]


def test_key_stands_in_no_message() -> None:
    """Neither when it is wrong nor when the settings are printed."""
    with pytest.raises(InputError) as caught:
        read_settings(AssistantSettings, {"SEXTANT_MODEL_KEY": "s3cret key"})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(AssistantSettings(model_key="s3cret-key"))


def test_settings_of_both_halves_are_known() -> None:
    """A setting of the assistant is no typing error, and one that is nearly one is told."""
    assert strangers(AssistantSettings, {"SEXTANT_MODEL": "openai:x", "SEXTANT_PORT": "1"}) == ()
    (problem,) = strangers(AssistantSettings, {"SEXTANT_MODLE": "openai:x"})
    assert "SEXTANT_MODEL" in problem.nearest
