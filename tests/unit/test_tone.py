"""A reply in another tone says what it said: numbers, dates, names, links and denials stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.answering.tone import by_rules, checked, essential, is_english, same_facts
from support_bot.errors import Invalid, TooLong
from support_bot.services.rewriting import rewrite
from support_bot.values import Tone

REPLY = (
    "Hi Ana,\n\nThanks for your message. We cannot change the address after the parcel has left, and it's been sent on "
    "12 May. Please note that it is really a matter for DHL: ask them in order to have JD014600 redirected, at "
    "https://dhl.example.com/do-not-hesitate.\n\nPlease don't hesitate to contact us if you have any questions.\n\n"
    "Kind regards,\nBen"
)


class TestFriendlier:
    def test_contracts_and_offers_more_help_before_the_closing(self) -> None:
        found = by_rules("I am sorry. You will get $5 back.\n\nKind regards,\nBen", Tone.FRIENDLIER)
        assert found == (
            "I'm sorry. You'll get $5 back.\n\nLet us know if there is anything else!\n\nKind regards,\nBen"
        )

    @pytest.mark.parametrize(
        "text", ["That is how it is.", "Do what you have 30 days for.", "https://x.example/do not"]
    )
    def test_contracts_only_where_one_may(self, text: str) -> None:
        assert "'s." not in by_rules(text, Tone.FRIENDLIER) and "you've" not in by_rules(text, Tone.FRIENDLIER)

    def test_offers_help_once(self) -> None:
        assert by_rules("Sent. Let me know if it arrives.", Tone.FRIENDLIER) == "Sent. Let me know if it arrives."


class TestFormal:
    def test_writes_words_out(self) -> None:
        found = by_rules(
            "Hi Ana,\n\nI'm sorry for the delay, we don’t know why. It's been late. Can't you wait?", Tone.FORMAL
        )
        assert found == ("Dear Ana,\n\nWe apologise for the delay, we do not know why. It's been late. Can't you wait?")

    @pytest.mark.parametrize(
        ("said", "formal"), [("hey, it works", "Hello, it works"), ("Say hi to Ben", "Say hi to Ben")]
    )
    def test_greets_as_one_does_in_a_letter(self, said: str, formal: str) -> None:
        assert by_rules(said, Tone.FORMAL) == formal


class TestShorter:
    def test_leaves_out_what_says_nothing(self) -> None:
        found = by_rules(REPLY, Tone.SHORTER)
        assert found == (
            "Hi Ana,\n\nWe cannot change the address after the parcel has left, and it's been sent on 12 May. It is a "
            "matter for DHL: ask them to have JD014600 redirected, at https://dhl.example.com/do-not-hesitate."
            "\n\nKind regards,\nBen"
        )

    @pytest.mark.parametrize(
        "said",
        ["Thanks, your payment of 12 May has arrived.", "Thank you for your payment.", "We hope it arrives on Monday.",
         "Let us know if you got it.", "Don't hesitate: the offer ends on 3 June.", "It is not really broken."],
    )  # fmt: skip
    def test_keeps_thanks_that_tell_something(self, said: str) -> None:
        assert by_rules(said, Tone.SHORTER) == said

    def test_lines_stay_lines_and_a_capital_stays_at_the_beginning(self) -> None:
        said = "Really open the page.\nClick Save.\nThanks for writing. Wait a day. It is then done."
        found = "Open the page.\nClick Save.\nWait a day. It is then done."
        assert rewrite(said, Tone.SHORTER).text == found
        assert by_rules("actually it is simply so.", Tone.SHORTER) == "it is so."

    def test_a_reply_of_nothing_else_stays(self) -> None:
        assert rewrite("Thank you!", Tone.SHORTER).text == "Thank you!"
        assert not rewrite("Thank you!", Tone.SHORTER).changed


class TestProof:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("It takes 5 days.", "It takes 6 days."), ("It takes 5 days.", "It takes some days."),
            ("It costs $5.", "It costs 5 pounds."), ("Ask Ana at DHL.", "Ask Ana at UPS."),
            ("Write to a@x.example.", "Write to b@x.example."), ("See https://x.example/a.", "See https://x.example/b."),
            ("We can't do it.", "We can do it."), ("We can do it.", "We cannot do it."),
            ("You can return it.", "You can only return it."),
        ],
    )  # fmt: skip
    def test_finds_what_was_changed(self, before: str, after: str) -> None:
        assert not same_facts(before, after).ok
        assert checked(before, after)[0] == before

    def test_one_wrong_paragraph_stays_and_is_told(self) -> None:
        text, wrong = checked("It takes 5 days.\n\nWe do not ship.", "It takes 9 days.\n\nWe don't ship.")
        assert text == "It takes 5 days.\n\nWe don't ship." and wrong == ("another number: 5, 9",)

    @given(
        st.lists(
            st.sampled_from(
                [*REPLY.split(" "), "I am", "do not", "isn't", "sorry for", "$4.90", "12:30.", "never", "a@b.example",
                 "Ben", "\n\n", "hi", "asap", "only", "it is", "Thank you.", "can't", "’", "90%"]
            ),
            max_size=40,
        ).map(" ".join),
        st.sampled_from(Tone),
    )  # fmt: skip
    def test_rules_change_no_fact_whatever_stands_there(self, text: str, tone: Tone) -> None:
        before = essential(text) if tone is Tone.SHORTER else text
        if before.strip():
            verdict = same_facts(before, by_rules(text, tone))
            assert verdict.ok, verdict.why


class TestRewriting:
    @pytest.mark.parametrize(
        "text", ["Puede devolver la lámpara durante los primeros treinta días.", "您可以在三十天内退货。"]
    )
    def test_another_language_stays_as_it_is(self, text: str) -> None:
        found = rewrite(text, Tone.FRIENDLIER)
        assert (found.text, found.changed) == (text, False) and "English" in found.note

    def test_says_when_nothing_can_be_said_otherwise(self) -> None:
        found = rewrite("You can return the lamp within 30 days.", Tone.FORMAL)
        assert not found.changed and found.note

    def test_refuses_what_is_empty_or_huge(self) -> None:
        with pytest.raises(Invalid):
            rewrite(" \n", Tone.FORMAL)
        with pytest.raises(TooLong):
            rewrite("word " * 10_000, Tone.FORMAL)


def test_english_is_told_from_other_languages() -> None:
    assert is_english("You can return the lamp to us within thirty days.") and is_english("Refund sent.")
    assert not is_english("Sie können die Lampe innerhalb von dreißig Tagen zurückgeben.")
    assert not is_english("返品できます")
